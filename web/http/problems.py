"""Errors as RFC 9457 problem details (`application/problem+json`): the only place that renders them.

`STATUSES` says which HTTP status and which problem `type` each error class has. `problem_answer` renders an error of
ours and `make_problem` any other problem; `problem` and `problem_response` are the same for Flask.
"""

from __future__ import annotations

import json
import logging
import re
from functools import lru_cache
from typing import Any, Final

from flask import Response

from graph import errors
from graph.errors import AtlasError, BadData, HomeLocked, Overloaded, QuerySyntax, UnknownEntity, UnreadableFile
from web.http.rendered_answer import Answer, encode_headers, flask_response
from web.http.security_headers import DATA_HEADERS

__all__ = [
    "STATUSES", "TYPES", "make_problem", "members", "problem", "problem_answer", "problem_response", "public_text",
    "retry_seconds", "status_of",
]  # fmt: skip

TYPES: Final = "https://w3id.org/creative-atlas/problems/"

STATUSES: Final[dict[type[AtlasError], tuple[int, str]]] = {
    errors.AtlasError: (500, "error"),
    errors.HomeError: (503, "home"),
    errors.NotAnAtlas: (503, "not-an-atlas"),
    errors.NewerFormat: (503, "newer-format"),
    errors.GraphDamaged: (503, "damaged"),
    errors.StorageFull: (507, "storage-full"),
    errors.HomeLocked: (503, "locked"),
    errors.InputError: (400, "input"),
    errors.UnreadableFile: (400, "unreadable-file"),
    errors.BadData: (400, "bad-data"),
    errors.UnknownEntity: (404, "unknown-entity"),
    errors.UnknownGraph: (404, "unknown-graph"),
    errors.ClaimsHeld: (409, "claims-held"),
    errors.GraphChanged: (412, "precondition-failed"),
    errors.InputTooLarge: (413, "input-too-large"),
    errors.QueryError: (400, "query"),
    errors.QuerySyntax: (400, "query-syntax"),
    errors.QueryRefused: (400, "refused"),
    errors.QueryTooLarge: (413, "too-large"),
    errors.QueryTimeout: (503, "query-timeout"),
    errors.QueryMemory: (503, "query-memory"),
    errors.QueryCancelled: (503, "cancelled"),
    errors.QueryFailed: (503, "query-failed"),
    errors.Overloaded: (503, "overload"),
    errors.ClientOverloaded: (429, "overload"),
    errors.UnwritableTerm: (406, "unwritable-term"),
    errors.IndexUnusable: (503, "index"),
    errors.IndexMissing: (503, "index"),
    errors.EncoderUnavailable: (503, "encoder"),
}
"""HTTP status and the end of the problem's `type`, by error class; a class that is missing has those of its parent."""

_PATH: Final = re.compile(r"(?<![\w:/.<=&?%#-])/(?:[^/\n:;,'\"<>()“”‘’]+/)*[^\s/:;,'\"<>()“”‘’]+")
"""An absolute path. Spaces belong to it before its last slash; after that it ends at the first one."""

log = logging.getLogger(__name__)

_CONTENT_TYPE: Final = encode_headers(("Content-Type", "application/problem+json"))


def status_of(error: AtlasError) -> int:
    """The HTTP status of an error.

    >>> from graph.errors import QuerySyntax
    >>> status_of(QuerySyntax("A brace is missing."))
    400
    """
    return _entry(error)[0]


def retry_seconds(error: AtlasError) -> int | None:
    """Seconds for Retry-After; None where trying again is no remedy."""
    return error.retry_after if isinstance(error, (Overloaded, HomeLocked)) else None


def members(error: AtlasError, status: int | None = None) -> dict[str, Any]:
    """The members of the problem for an error of ours, with the data that it carries."""
    extra: dict[str, Any] = {}
    if isinstance(error, QuerySyntax):
        extra = {"line": error.line, "column": error.column}
    elif isinstance(error, BadData) and error.line:
        extra = {"line": error.line}
    elif isinstance(error, UnknownEntity) and error.nearest:
        extra = {"nearest": [{"iri": iri, "label": label} for iri, label in error.nearest]}
    own_status, slug = _entry(error)
    detail = f"{public_text(error, error.message)} {public_text(error, error.remedy)}".strip()
    shared = {"type": TYPES + slug, "title": error.title, "status": status or own_status, "detail": detail}
    return shared | extra


def public_text(error: AtlasError, text: str) -> str:
    """The text, a part of the error, without the paths of this machine: of each its last name stays. The log gets them.

    Texts about what a client sent are left as they are: a path there is the client's own, or of an IRI.

    >>> from graph.errors import NotAnAtlas
    >>> error = NotAnAtlas("/srv/my data/atlas/CURRENT names no generation.")
    >>> public_text(error, error.message)
    'CURRENT names no generation.'
    """
    if not text or (status_of(error) < 500 and not isinstance(error, UnreadableFile)):
        return text
    public = _PATH.sub(lambda match: match[0].rstrip("/").rpartition("/")[2], text)
    if public != text:
        _log_once(text)
    return public


@lru_cache(maxsize=64)
def _log_once(text: str) -> None:
    """Log what a client is not told; not again for each request that meets the same fault."""
    log.warning("%s", text)


def problem_answer(error: AtlasError, status: int | None = None) -> Answer:
    """The answer for an error of ours; `status` replaces the one of its class.

    >>> from graph.errors import Overloaded
    >>> problem_answer(Overloaded("All workers are busy.")).status
    503
    """
    return _rendered(members(error, status), retry_seconds(error))


def make_problem(status: int, slug: str, title: str, detail: str, **extra: Any) -> Answer:
    """The answer for a problem that is no error of ours.

    `slug` ends the problem's `type`; `extra` members stand beside the standard ones.
    """
    return _rendered({"type": TYPES + slug, "title": title, "status": status, "detail": detail} | extra, None)


def problem(error: AtlasError, status: int | None = None) -> Response:
    """`problem_answer` for Flask."""
    return flask_response(problem_answer(error, status))


def problem_response(status: int, slug: str, title: str, detail: str, **extra: Any) -> Response:
    """`make_problem` for Flask."""
    return flask_response(make_problem(status, slug, title, detail, **extra))


def _entry(error: AtlasError) -> tuple[int, str]:
    return next(STATUSES[parent] for parent in type(error).__mro__ if parent in STATUSES)


def _rendered(fields: dict[str, Any], retry_after: int | None) -> Answer:
    body = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    headers = (*_CONTENT_TYPE, *DATA_HEADERS, (b"content-length", str(len(body)).encode()))
    if retry_after is not None:
        headers = (*headers, (b"retry-after", str(retry_after).encode()))
    return Answer(fields["status"], headers, body)
