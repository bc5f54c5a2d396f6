"""CORS: pages of other sites may read what anyone may read; nothing else is offered to them."""

from __future__ import annotations

from typing import Final

from flask import Response

__all__ = ["allow_preflight", "cors_fields", "open_to_other_origins"]

_MAX_AGE_SECONDS: Final = 86_400


def cors_fields(exposed: str) -> dict[str, str]:
    """Headers by which a page of any site may read the answer. `exposed`: names of headers that it may read too.

    >>> cors_fields("ETag")["Access-Control-Allow-Origin"]
    '*'
    """
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": exposed,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def open_to_other_origins(response: Response, exposed: str) -> Response:
    """Put `cors_fields` on an answer of Flask."""
    for name, value in cors_fields(exposed).items():
        response.headers[name] = value
    return response


def allow_preflight(response: Response, methods: str, headers: str) -> Response:
    """Answer a browser's preflight request: which methods and headers a page of another site may send."""
    response.headers["Access-Control-Allow-Methods"] = methods
    response.headers["Access-Control-Allow-Headers"] = headers
    response.headers["Access-Control-Max-Age"] = str(_MAX_AGE_SECONDS)
    return response
