"""Notices clients that leave while their requests are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from web.server.asgi_types import Request

__all__ = ["DepartureWatch"]

BRIEF_SECONDS: Final = 0.05
"""Most work is done by then, and nobody need be watched."""


class DepartureWatch:
    """Watches the clients of requests that take longer than `BRIEF_SECONDS`, and at most twice that before it begins.

    One timer serves all requests: one for each costs as much as half a look-up. For one event loop.
    """

    def __init__(self, brief_seconds: float = BRIEF_SECONDS) -> None:
        self._brief_seconds = brief_seconds
        self._new: dict[Request, Callable[[], None]] = {}
        self._older: dict[Request, Callable[[], None]] = {}
        self._watchers: dict[Request, asyncio.Future[None]] = {}
        self._ticking = False

    def begin(self, request: Request, on_leave: Callable[[], None]) -> None:
        """Watch a request whose body has been read, until `end`. `on_leave` is called when its client leaves."""
        self._new[request] = on_leave
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_later(self._brief_seconds, self._tick)

    def end(self, request: Request) -> None:
        """The request is answered."""
        if self._new.pop(request, None) is None and self._older.pop(request, None) is None:
            watcher = self._watchers.pop(request, None)
            if watcher is not None:
                watcher.cancel()

    def _tick(self) -> None:
        for request, on_leave in self._older.items():
            self._watchers[request] = asyncio.ensure_future(request.watch(on_leave))
        self._older, self._new = self._new, {}
        self._ticking = bool(self._older)
        if self._ticking:
            asyncio.get_running_loop().call_later(self._brief_seconds, self._tick)
