"""Errors as RFC 9457 problem details (`application/problem+json`).

Problems (RFC 9457) for requests that do not reach the application.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from flask import Response, jsonify

from graph.errors import AtlasError, BadData, HomeLocked, Overloaded, QuerySyntax, UnknownEntity

__all__ = ["TYPES", "members", "problem", "problem_response", "refusal", "rendered"]

TYPES: Final = "https://w3id.org/creative-atlas/problems/"


def members(error: AtlasError, status: int | None = None) -> dict[str, Any]:
    """The problem's members for one of our own errors, with what it carries."""
    extra: dict[str, Any] = {}
    if isinstance(error, QuerySyntax):
        extra = {"line": error.line, "column": error.column}
    elif isinstance(error, BadData) and error.line:
        extra = {"line": error.line}
    elif isinstance(error, UnknownEntity) and error.nearest:
        extra = {"nearest": [{"iri": iri, "label": label} for iri, label in error.nearest]}
    shared = {"type": TYPES + error.slug, "title": error.title, "status": status or error.status, "detail": str(error)}
    return shared | extra


def problem(error: AtlasError, status: int | None = None) -> Response:
    """The answer for one of our own errors."""
    response = _response(members(error, status))
    if isinstance(error, (Overloaded, HomeLocked)):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def problem_response(status: int, slug: str, title: str, detail: str, **extra: Any) -> Response:
    """`slug` ends the problem's `type`; `extra` members stand beside the standard ones."""
    return _response({"type": TYPES + slug, "title": title, "status": status, "detail": detail} | extra)


def _response(fields: dict[str, Any]) -> Response:
    response = jsonify(fields)
    response.status_code = fields["status"]
    response.mimetype = "application/problem+json"
    return response


Headers = list[tuple[str, str]]


def refusal(status: int, slug: str, title: str, detail: str, retry_after: int | None = None) -> tuple[Headers, bytes]:
    """The headers and the body."""
    body = json.dumps({"type": TYPES + slug, "title": title, "status": status, "detail": detail}).encode()
    headers = [
        ("content-type", "application/problem+json"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ]
    if retry_after is not None:
        headers.append(("retry-after", str(retry_after)))
    return headers, body


def rendered(status: int, slug: str, title: str, detail: str, retry_after: int | None, date: bytes) -> bytes:
    """All of it as it is sent, on a connection that is closed then. `date` is a header line with its end."""
    headers, body = refusal(status, slug, title, detail, retry_after)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
    return f"{head}{lines}".encode() + date + b"\r\n" + body
