"""One HTTP answer as data, for the fast routes and for Flask alike."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response

__all__ = ["Answer", "Headers", "encode_headers", "flask_response"]

Headers = tuple[tuple[bytes, bytes], ...]
"""Names in lower case and values, both in Latin-1, as ASGI wants them."""


class Answer(NamedTuple):
    """A status, the header fields and the whole body."""

    status: int
    headers: Headers
    body: bytes


def encode_headers(*fields: tuple[str, str]) -> Headers:
    """Header fields in the form of `Answer`.

    >>> encode_headers(("Retry-After", "1"))
    ((b'retry-after', b'1'),)
    """
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields)


def flask_response(answer: Answer) -> Response:
    """The answer as Flask sends it.

    >>> flask_response(Answer(204, encode_headers(("Allow", "GET")), b"")).status_code
    204
    """
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers]
    return Response(answer.body, answer.status, fields)
