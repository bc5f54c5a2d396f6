"""The application as the server's protocol calls it, where it does not answer a plain query itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from web.http.problems import refusal
from web.server.wsgi_bridge import Bridge, send_whole
from web.sparql.response import OUTCOME

if TYPE_CHECKING:
    from web.server.wsgi_bridge import Receive, Scope, Send

__all__ = ["Front"]

log = logging.getLogger(__name__)


class Front:
    """An ASGI application that knows HTTP only."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What fails before the application is called is answered 500 and logged. What fails while an answer is sent
        is raised: the server then closes the connection, and nobody takes half an answer for a whole one."""
        started = False

        async def sent(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            extra: dict[str, Any] = {OUTCOME: scope[OUTCOME]} if OUTCOME in scope else {}
            await self._bridge.answer(scope, receive, sent, extra)
        except Exception:
            log.exception("a request failed outside of the application")
            if started:
                raise
            failed = refusal(500, "internal", "Something went wrong", "The error was logged. Try again later.")
            await send_whole(send, scope["method"], 500, *failed)
