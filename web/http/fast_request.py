"""The parts of an HTTP request that the fast routes read, before and without Flask."""

from __future__ import annotations

from typing import NamedTuple

from web.http.public_address import RequestAddress

__all__ = ["PlainRequest"]


class PlainRequest(NamedTuple):
    """A request with its whole body. `headers`: by names in lower case, none of which came twice."""

    method: str
    query_string: bytes
    headers: dict[bytes, bytes]
    body: bytes
    address: RequestAddress
