"""The parts of ASGI that this package uses (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import asyncio
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

_BRIEF_SECONDS: Final = 0.05


class SlowBody(TimeoutError):
    """The next part of a body did not come in time."""


class BrokenBody(ConnectionError):
    """A body ended before its end: the client has left, or its chunks are malformed."""


class Request:
    """One request under way: its scope, its body, and whether its client has left.

    `body_seconds`: that a client may let pass between two parts of its body. `deadline`: of the searches for it,
    cancelled when the client leaves.
    """

    def __init__(self, scope: Scope, receive: Receive, body_seconds: float) -> None:
        self.scope, self._receive, self._body_seconds = scope, receive, body_seconds
        self.has_left = False
        self.deadline = Deadline.after(MAX_SEARCH_SECONDS)

    async def read(self) -> tuple[bytes, bool]:
        """The next part of the body, and whether there are more. Raises `SlowBody` and `BrokenBody`."""
        try:
            message = await asyncio.wait_for(self._receive(), self._body_seconds)
        except TimeoutError as error:
            raise SlowBody from error
        if message["type"] != "http.request":
            self._leave()
            raise BrokenBody
        return message.get("body", b""), message.get("more_body", False)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notice it when the client leaves. To be used once the body has been read, or will not be."""
        watcher = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            watcher.cancel()

    @contextmanager
    def watched_later(self, on_leave: Callable[[], None]) -> Iterator[None]:
        """As `watched`, from `_BRIEF_SECONDS` on: most work is done by then. `on_leave` is called when it leaves."""
        watchers: list[asyncio.Future[None]] = []

        def begin() -> None:
            watchers.append(asyncio.ensure_future(self._watch(on_leave)))

        timer = asyncio.get_running_loop().call_later(_BRIEF_SECONDS, begin)
        try:
            yield
        finally:
            timer.cancel()
            for watcher in watchers:
                watcher.cancel()

    async def _watch(self, on_leave: Callable[[], None] = lambda: None) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue
        self._leave()
        on_leave()

    def _leave(self) -> None:
        self.has_left = True
        self.deadline.cancel()


async def send_answer(send: Send, answer: Answer, method: str = "GET") -> None:
    """Send an answer at once, with its length."""
    headers = answer.headers
    if method != "HEAD" and answer.status not in _NO_BODY and not any(name == b"content-length" for name, _ in headers):
        headers = (*headers, (b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
