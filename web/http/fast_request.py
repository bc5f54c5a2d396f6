"""The parts of an HTTP request that the fast routes read, before and without Flask."""

from __future__ import annotations

from typing import NamedTuple

from web.http.public_address import RequestAddress

__all__ = ["PlainRequest", "RequestHead"]


class RequestHead:
    """The header fields of a request, by names in lower case, none of which came twice.

    Requests with the same fields may share one object. It is compared by identity, so that it can be a key.
    """

    __slots__ = ("fields",)

    def __init__(self, fields: dict[bytes, bytes]) -> None:
        self.fields = fields


class PlainRequest(NamedTuple):
    """A request with its whole body."""

    method: str
    query_string: bytes
    head: RequestHead
    body: bytes
    address: RequestAddress

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The fields of the head."""
        return self.head.fields
