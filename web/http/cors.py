"""CORS: whether pages of other sites may read what anyone may read. Nothing else is offered to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response

__all__ = ["CLOSED", "Cors"]

_MAX_AGE_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Cors:
    """Puts headers for pages of other sites on answers: none unless `is_open`."""

    is_open: bool = False

    def fields(self, exposed: str) -> dict[str, str]:
        """Headers by which a page of any site may read the answer. `exposed`: names of headers that it may read too.

        >>> Cors(is_open=True).fields("ETag")["Access-Control-Allow-Origin"], Cors().fields("ETag")
        ('*', {})
        """
        if not self.is_open:
            return {}
        return {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": exposed,
            "Cross-Origin-Resource-Policy": "cross-origin",
        }

    def mark(self, response: Response, exposed: str) -> Response:
        """Put `fields` on an answer of Flask."""
        for name, value in self.fields(exposed).items():
            response.headers[name] = value
        return response

    def allow_preflight(self, response: Response, methods: str, headers: str) -> Response:
        """Answer a browser's preflight request: which methods and headers a page of another site may send."""
        if self.is_open:
            response.headers["Access-Control-Allow-Methods"] = methods
            response.headers["Access-Control-Allow-Headers"] = headers
            response.headers["Access-Control-Max-Age"] = str(_MAX_AGE_SECONDS)
        return response


CLOSED: Final = Cors()
