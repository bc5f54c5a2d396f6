"""The server put together: the stock server, the ASGI application, the query pool in the same event loop, and Flask."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import uvloop

from web.server.asgi import AsgiApplication
from web.server.descriptor_limit import RESERVED_DESCRIPTORS, connection_limit, raise_descriptor_limit
from web.server.http_server import MAX_CONNECTIONS, HttpServer
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge

if TYPE_CHECKING:
    from web.http.answered_hosts import HostPolicy
    from web.services import Services

__all__ = ["make_application", "run"]

_THREADS: Final = 40
"""Requests that Flask and the JSON search work on at once; plain queries take none of them."""

_SWITCH_SECONDS: Final = 0.0005
"""Seconds after which a busy thread gives way to the event loop."""

_GC_THRESHOLD: Final = 50_000
"""New objects after which Python looks for cycles. One search has some thousand for a moment, and by default each 700
begin another look, which never finds any there: a twentieth of a search's processor time."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def make_application(services: Services, hosts: HostPolicy | None = None) -> AsgiApplication:
    """The ASGI application over the services; its query pool has to live in the loop that serves it.

    `hosts`: those that it answers to, None: all.
    """
    from web.api.fast_search import JsonSearch
    from web.app import create_app
    from web.http.auth import ReadAccess
    from web.http.cors import Cors
    from web.http.public_address import AddressPolicy
    from web.sparql.endpoint import negotiate
    from web.sparql.fast_path import FastQueries

    settings = services.settings
    access = ReadAccess(settings.read_token, settings.token)
    threads = RequestThreads(_THREADS)
    return AsgiApplication(
        WsgiBridge(create_app(services), threads),
        threads,
        queries=FastQueries(services.pool, services.live_directory.path, negotiate, access, Cors(settings.cors)),
        search=JsonSearch(services.atlas.answer, access),
        addresses=AddressPolicy(settings.public_url, settings.trusted_proxy),
        hosts=hosts,
    )


def run(services: Services, host: str, port: int, *, hosts: HostPolicy | None = None) -> None:
    """Serve until a signal comes; the services are closed then. `hosts`: see `make_application`."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(_GC_THRESHOLD)
    descriptors = raise_descriptor_limit(MAX_CONNECTIONS + RESERVED_DESCRIPTORS)
    connections = connection_limit(MAX_CONNECTIONS, descriptors)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        services.pool.attach(loop)
        try:
            server = HttpServer(make_application(services, hosts), host, port, connections=connections)
            services.warm()
            with _stopping_on_signals(loop, server):
                await server.serve()
        finally:
            services.pool.close()  # queries under way end with an error, which is still sent
            await asyncio.to_thread(services.close)  # the other services join their threads
        await server.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@contextmanager
def _stopping_on_signals(loop: asyncio.AbstractEventLoop, server: HttpServer) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    for number in _SIGNALS:
        loop.add_signal_handler(number, server.stop)
    try:
        yield
    finally:
        for number in _SIGNALS:
            with suppress(ValueError):
                loop.remove_signal_handler(number)
