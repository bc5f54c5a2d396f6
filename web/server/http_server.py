"""granian in the event loop of this process: it owns sockets, HTTP/1.1 and their limits, and makes ASGI calls.

Limits of every connection: a head has to come within `HEAD_SECONDS`, and so has the next request on a connection that
is kept alive; the kernel ends a connection whose client takes nothing of its answer for `STUCK_SECONDS`
(TCP_USER_TIMEOUT); of `MAX_CONNECTIONS` open connections no more are accepted, further ones wait in the kernel's
backlog until another ends. There is no limit per client address: a proxy in front has to set one
(docs/how-to/serve-to-other-machines.md).

Measured with 8 clients on two cores at 1,000,000 triples: a constant answer with all our headers 23,000 to 25,000
requests a second, a cached query 20,000 to 24,000, point look-ups 7,000. Threads of granian make the calls, so each
request hands the interpreter's lock over twice; that is most of what a look-up takes.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.net import SocketHolder  # type: ignore[attr-defined]  # it is there
from granian.server.embed import Server as EmbeddedServer

__all__ = ["ENDING_SECONDS", "HEAD_SECONDS", "MAX_CONNECTIONS", "STUCK_SECONDS", "HttpServer"]

MAX_CONNECTIONS: Final = 1024
HEAD_SECONDS: Final = 10.0
STUCK_SECONDS: Final = 60.0
ENDING_SECONDS: Final = 5.0
"""Seconds that requests under way are given when the server ends."""

_CLOSING_SECONDS: Final = 1.0

_BUFFER_BYTES: Final = 128 << 10
"""Bytes of a head that the server reads: beyond that it answers 431 itself, without words."""


class HttpServer:
    """Serves an ASGI application from `serve` until `stop`. The port is bound at once; port 0 takes a free one."""

    def __init__(
        self,
        application: Any,
        host: str,
        port: int,
        *,
        connections: int = MAX_CONNECTIONS,
        head_seconds: float = HEAD_SECONDS,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        self._application, self._connections, self._head_seconds = application, connections, head_seconds
        self._socket = _listen(host, port, stuck_seconds)
        self.port = int(self._socket.getsockname()[1])
        self._stopping = asyncio.Event()
        self._serving: asyncio.Future[None] | None = None

    async def serve(self) -> None:
        """Serve until `stop` is called. Requests under way are given `ENDING_SECONDS` then."""
        server = _EmbeddedServer(
            self._socket, self._application, connections=self._connections, head_seconds=self._head_seconds
        )
        self._serving = asyncio.ensure_future(server.serve())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({self._serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({self._serving}, timeout=ENDING_SECONDS)
        if self._serving.done():
            self._serving.result()

    async def wait_closed(self) -> None:
        """Wait for the requests that `serve` did not wait for, once what they wait for has ended."""
        if self._serving is not None:
            await asyncio.wait({self._serving}, timeout=_CLOSING_SECONDS)

    def stop(self) -> None:
        """End `serve`. To be called in its event loop."""
        self._stopping.set()


class _EmbeddedServer(EmbeddedServer):
    """granian's server on a socket that is bound already.

    Overrides a private method, because the public constructor takes an address or the path of a Unix socket only: not a
    bound socket, whose port is known and taken at once, and no socket options. Without TCP_USER_TIMEOUT only a proxy
    in front could bound a client that stops reading. `tests/web/server/test_granian.py` fails if granian changes it.
    """

    def __init__(self, listener: socket.socket, application: Any, *, connections: int, head_seconds: float) -> None:
        super().__init__(
            application,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=connections,
            backpressure=connections,
            http1_settings=HTTP1Settings(header_read_timeout=int(head_seconds * 1000), max_buffer_size=_BUFFER_BYTES),
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # The holder closes the descriptor in the end.
        self._shd = SocketHolder(self._listener.detach(), False, self.backlog)  # type: ignore[call-arg, assignment]


def _listen(host: str, port: int, stuck_seconds: float) -> socket.socket:
    """A bound socket; the sockets of its connections inherit its options."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=MAX_CONNECTIONS)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stuck_seconds * 1000))
    return listener
