"""What the server calls: plain queries are answered in its event loop, everything else by the application's threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from web.bridge import Bridge, refusal
from web.sparql_fast import FastQueries

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

__all__ = ["Front"]

log = logging.getLogger(__name__)

_FAILED: Final = refusal(500, "internal", "Something went wrong", "The error was logged. Try again later.")


class Front:
    """An RSGI application. `begin` is called in the loop before the first request, `end` after the last."""

    def __init__(
        self,
        bridge: Bridge,
        fast: FastQueries | None,
        begin: Callable[[asyncio.AbstractEventLoop], None],
        end: Callable[[], None],
    ) -> None:
        self._bridge, self._fast = bridge, fast
        self._begin, self._end = begin, end

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begin(loop)

    def __rsgi_del__(self, _: asyncio.AbstractEventLoop) -> None:
        self._end()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Never raises: what fails here is answered 500 and logged, and the loop goes on."""
        try:
            extra: dict[str, Any] = {}
            body: bytes | None = None
            if self._fast is not None and scope.path == "/sparql":
                rest = await self._fast.answer(scope, protocol)
                if rest is None:
                    return
                extra, body = rest
            await self._bridge.answer(scope, protocol, extra, body)
        except Exception:
            log.exception("a request failed before it reached the application")
            protocol.response_bytes(500, *_FAILED)
