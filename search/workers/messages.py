"""Messages between the pool of search workers and a worker, in the frames of `graph.sandbox.message_frames`."""

from __future__ import annotations

from typing import Final

import msgspec

from graph.sandbox.remote_error import RemoteError
from search.types import Query, Results

__all__ = [
    "MAX_MESSAGE_BYTES", "Body", "Cancel", "Crash", "Found", "Message", "Ready", "Reply", "SearchRequest", "Unopened",
]  # fmt: skip

MAX_MESSAGE_BYTES: Final = 64 << 20
"""Far more than a page of 100 results takes."""


class SearchRequest(msgspec.Struct, tag="search", frozen=True):
    """A search of the generation in this folder, within `seconds`.

    `number`: its own among the searches of the worker. `as_body`: send the body of the API's response, not the results.
    """

    number: int
    generation: str
    query: Query
    seconds: float
    as_body: bool


class Cancel(msgspec.Struct, tag="cancel", frozen=True):
    """Nobody waits any more for the search that was sent last, the one of this number: it ends at its next step."""

    number: int


Message = SearchRequest | Cancel
"""What a worker is sent."""


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The worker has loaded its models."""


class Found(msgspec.Struct, tag="found", frozen=True):
    """The results of a search."""

    results: Results


class Body(msgspec.Struct, tag="body", frozen=True):
    """The results of a search as `search.results.serialise.answer` writes them."""

    body: bytes


class Unopened(msgspec.Struct, tag="unopened", frozen=True):
    """The worker could not open the generation, which may be gone: nothing was searched."""

    detail: str


class Crash(msgspec.Struct, tag="crash", frozen=True):
    """The search failed with an error that is none of ours. `is_panic`: a library written in Rust gave up."""

    detail: str
    is_panic: bool


Reply = Ready | Found | Body | Unopened | Crash | RemoteError
