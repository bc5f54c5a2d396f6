"""The parts of ASGI that this package uses (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
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


MAX_DROPPED_BYTES: Final = 64 << 20
"""Bytes of a body that are read and dropped before an answer that has no need of it."""

_DROPPING_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 5.0
"""Seconds that such a body may take in all, and between two parts."""


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
        self._is_body_begun = self._is_body_over = False
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
            message = await asyncio.wait_for(self._next(), max(self._body_end - time.monotonic(), 0.0))
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
        while (await self._next())["type"] != "http.disconnect":
            continue
        self._leave()
        on_leave()

    async def drop_body(self) -> None:
        """Read and drop what is left of the body, within bounds. To be done before an answer is sent.

        A connection that is closed with bytes unread is reset, and a client that still sends then loses the answer
        (RFC 9112 §9.6).
        """
        if not self._has_unread_body():
            return
        dropped = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_DROPPING_SECONDS):
                while dropped < MAX_DROPPED_BYTES and self._has_unread_body():
                    message = await asyncio.wait_for(self._next(), _PAUSE_SECONDS)
                    dropped += len(message.get("body", b""))

    def _has_unread_body(self) -> bool:
        if self._is_body_over or self.body_failure is not None or self.has_left:
            return False
        if self._is_body_begun:
            return True
        names = {name for name, _ in self.scope["headers"]}
        # A client that waits for leave to send its body has its answer instead.
        return (b"content-length" in names or b"transfer-encoding" in names) and b"expect" not in names

    async def _next(self) -> Any:
        message = await self._receive()
        self._is_body_begun = True
        self._is_body_over = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def _leave(self) -> None:
        self.has_left = True
        self.deadline.cancel()


async def send_answer(request: Request, answer: Answer) -> None:
    """Send an answer at once, with its length."""
    status, headers, body = answer
    has_length = any(name == b"content-length" for name, _ in headers)
    if request.scope["method"] != "HEAD" and status not in _NO_BODY and not has_length:
        headers = (*headers, (b"content-length", str(len(body)).encode()))
    await request.drop_body()
    await request.send({"type": "http.response.start", "status": status, "headers": headers})
    await request.send({"type": "http.response.body", "body": body})
