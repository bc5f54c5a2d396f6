"""Errors as RFC 9457 problem details (`application/problem+json`)."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, jsonify

from graph.errors import AtlasError, BadData, HomeLocked, Overloaded, QuerySyntax, UnknownEntity

__all__ = ["TYPES", "members", "problem", "problem_response"]

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
