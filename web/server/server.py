"""The server put together: uvicorn with our protocol, in front of the pool and the application."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from web.server.connection import CONNECTIONS, Clock, ServerProtocol
from web.server.front import Front
from web.server.wsgi_bridge import Bridge
from web.sparql.fast_path import FastQueries

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from web.services import Services

__all__ = ["Server", "make_server", "run"]

_THREADS: Final = 40
"""Requests that the application works on at once; plain queries take none of them."""

_TURN_SECONDS: Final = 0.0005

_CYCLES: Final = 50_000
"""Objects more than before, at which Python looks for cycles. One search holds some thousand for a moment, and by
default each 700 begin another look, which never finds any there: a twentieth of a search's processor time."""

_ENDING_SECONDS: Final = 5
"""Seconds that requests under way are given when the server ends."""


class Server(uvicorn.Server):
    """uvicorn's server, with a clock for its connections. It leaves a signal that ended it at that."""

    def __init__(
        self, front: Front, fast: FastQueries | None, host: str, port: int, connections: int = CONNECTIONS
    ) -> None:
        self.clock = Clock()
        protocol: Any = partial(ServerProtocol, self.clock, fast, connections)
        super().__init__(
            uvicorn.Config(
                front,
                host=host,
                port=port,
                http=protocol,
                ws="none",
                lifespan="off",
                loop="auto",
                backlog=CONNECTIONS,
                access_log=False,
                log_config=None,
                log_level="critical",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_ENDING_SECONDS,
            )
        )

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            self.clock.turn(self.server_state.connections)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise it again afterwards, and end the process before its services are closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def make_server(services: Services, host: str, port: int) -> Server:
    from web.api.fast_search import FastSearches
    from web.app import create_app
    from web.read_model.live_generation import Current
    from web.sparql import endpoint

    fast = None
    application: WSGIApplication = create_app(services)
    if services.settings.read_token is None:
        application = FastSearches(application, services.atlas)
        fast = FastQueries(services.pool, Current(services.home).path, endpoint.negotiate, endpoint.client_of)
    return Server(Front(Bridge(application, _THREADS)), fast, host, port)


def run(server: Server, services: Services) -> None:
    """Serve until a signal comes; the services are closed then."""
    # A busy thread of the application hands the interpreter over after so long: the loop answers others meanwhile.
    sys.setswitchinterval(_TURN_SECONDS)

    gc.set_threshold(_CYCLES)

    async def main() -> None:
        services.pool.attach(asyncio.get_running_loop())
        services.warm()
        try:
            await server.serve()
        finally:
            services.close()

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(main())
