"""Checks of request bodies that are text: their charset and their content coding, the same for every endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from graph.errors import QuerySyntax

__all__ = ["decode_utf8", "is_gzipped", "refuse_compressed", "require_utf8"]

_GZIP: Final = ("gzip", "x-gzip")
_MAX_SHOWN_CHARS: Final = 40


def require_utf8(parameters: Mapping[str, str], subject: str) -> None:
    """Raises 415 where the `charset` of a media type's parameters is another than UTF-8. `subject`: "query", "body" …

    >>> require_utf8({"charset": "UTF-8"}, "query")
    """
    charset = parameters.get("charset", "utf-8")
    if charset.lower().replace("-", "") != "utf8":
        raise UnsupportedMediaType(f"The {subject} is in {charset[:_MAX_SHOWN_CHARS]}; send it in UTF-8.")


def decode_utf8(data: bytes, subject: str) -> str:
    """The text of a body. Raises `QuerySyntax` (400) for what is not UTF-8.

    >>> decode_utf8(b"ASK {}", "query")
    'ASK {}'
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise QuerySyntax(f"The {subject} is not valid UTF-8 (byte {error.start}).", "Send it in UTF-8.") from None


def refuse_compressed() -> None:
    """For bodies that are a query or an update. Raises 415 where one is compressed."""
    if _coding() not in ("identity", ""):
        raise UnsupportedMediaType("Queries and updates are taken as they are: send it without Content-Encoding.")


def is_gzipped() -> bool:
    """Whether the body of the request is compressed. Raises 415 for another coding than gzip."""
    coding = _coding()
    if coding not in ("identity", "", *_GZIP):
        shown = coding[:_MAX_SHOWN_CHARS]
        raise UnsupportedMediaType(f"Content-Encoding ‘{shown}’ is not taken here; send gzip, or none.")
    return coding in _GZIP


def _coding() -> str:
    return request.headers.get("Content-Encoding", "identity").strip().lower()
