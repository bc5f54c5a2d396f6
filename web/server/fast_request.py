"""A plain query on a connection, from its head to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from graph.sparql.result import QueryResult
from web.sparql.response import OUTCOME

if TYPE_CHECKING:
    from web.server.connection import ServerProtocol

__all__ = ["Exchange"]


class _Nobody:
    """Nobody waits for more of the request."""

    def set(self) -> None:
        return


class Exchange:
    """Stands where uvicorn has a cycle, and has what its protocol reads of one. `body` is gathered as it comes."""

    __slots__ = (
        "_protocol", "body", "client", "direct", "disconnected", "headers", "keep_alive", "listed", "method",
        "more_body", "raw", "response_complete", "url",
    )  # fmt: skip

    message_event: Final = _Nobody()
    response_started: Final = False

    def __init__(
        self,
        protocol: ServerProtocol,
        headers: dict[bytes, bytes],
        raw: bytes,
        method: str,
        url: bytes,
        listed: list[tuple[bytes, bytes]],
        keep_alive: bool,
    ) -> None:
        self._protocol, self.headers, self.raw, self.method = protocol, headers, raw, method
        self.url, self.listed, self.keep_alive = url, listed, keep_alive
        self.client = protocol.client[0] if protocol.client is not None else None
        self.body = bytearray()
        self.direct = self.more_body = self.disconnected = self.response_complete = False

    def respond(self, head: bytes, body: bytes) -> None:
        self.response_complete = True
        if not self.disconnected:
            self._protocol.respond(self, head, body)

    def hand_on(self, extra: dict[str, Any]) -> None:
        self.response_complete = True
        if not self.disconnected:
            self._protocol.hand_on(self, extra)
        elif isinstance(extra.get(OUTCOME), QueryResult):
            extra[OUTCOME].close()

    def fail(self) -> None:
        """Close the connection without an answer, unless there is one: something is wrong with us."""
        if not self.response_complete:
            self.response_complete = True
            self._protocol.transport.abort()
