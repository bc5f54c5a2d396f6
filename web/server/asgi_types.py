"""The parts of ASGI that this package uses (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from graph.deadline import Deadline
from search.searcher import MAX_SEARCH_SECONDS
from web.http.rendered_answer import Answer

__all__ = ["BrokenBody", "Receive", "Request", "Scope", "Send", "SlowBody", "send_answer"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_NO_BODY: Final = (204, 304)


MIN_BODY_RATE_BYTES: Final = 16 << 10
"""Bytes of a body that have to come each second. A client may fall behind by the seconds that `Request` is given."""


class SlowBody(TimeoutError):
    """A body did not come in time."""


class BrokenBody(ConnectionError):
    """A body ended before its end: the client has left, or its chunks are malformed."""


class Request:
    """One request under way: its scope, its body, and whether its client has left.

    `body_seconds`: that the body may take, and more at `MIN_BODY_RATE_BYTES`. `deadline`: of the searches for it,
    cancelled when the client leaves. `is_begun`: a part of the answer has been sent by `send`. `body_failure`: the
    class of the error with which reading the body ended; whoever reads it in a thread may take that for something
    else. Not the error itself, which would keep the connection open by a cycle of references.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, body_seconds: float) -> None:
        self.scope, self._receive, self._send, self._body_seconds = scope, receive, send, body_seconds
        self.has_left = False
        self.is_begun = False
        self.body_failure: type[SlowBody | BrokenBody] | None = None
        self._body_end: float | None = None
        self.deadline = Deadline.after(MAX_SEARCH_SECONDS)

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        self.is_begun = True
        await self._send(message)

    async def read(self) -> tuple[bytes, bool]:
        """The next part of the body, and whether there are more. Raises `SlowBody` and `BrokenBody`."""
        if self._body_end is None:
            self._body_end = time.monotonic() + self._body_seconds
        try:
            message = await asyncio.wait_for(self._receive(), max(self._body_end - time.monotonic(), 0.0))
        except TimeoutError as error:
            self.body_failure = SlowBody
            raise SlowBody from error
        if message["type"] != "http.request":
            self._leave()
            self.body_failure = BrokenBody
            raise BrokenBody
        part: bytes = message.get("body", b"")
        self._body_end += len(part) / MIN_BODY_RATE_BYTES
        return part, message.get("more_body", False)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notice it when the client leaves. To be used once the body has been read, or will not be."""
        watcher = asyncio.ensure_future(self.watch())
        try:
            yield
        finally:
            watcher.cancel()

    async def watch(self, on_leave: Callable[[], None] = lambda: None) -> None:
        """Wait until the client leaves, and call `on_leave` then."""
        while (await self._receive())["type"] != "http.disconnect":
            continue
        self._leave()
        on_leave()

    def _leave(self) -> None:
        self.has_left = True
        self.deadline.cancel()


async def send_answer(send: Send, answer: Answer, method: str = "GET") -> None:
    """Send an answer at once, with its length."""
    status, headers, body = answer
    if method != "HEAD" and status not in _NO_BODY and all(name != b"content-length" for name, _ in headers):
        headers = (*headers, (b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
