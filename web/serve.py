"""Serving: granian in front of the application, loopback only unless told otherwise."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

from graph.errors import InputError
from web.settings import Settings

__all__ = ["application", "check_address", "is_loopback", "serve"]

_THREADS = 40
"""Requests that the application works on at once; plain queries take none of them."""

_REQUESTS = 1024
"""Requests under way at most, those included whose bodies are still coming; more wait to be accepted."""


def application() -> Any:
    """What a server process calls; its settings come from the environment that `serve` prepared."""
    from web import sparql
    from web.app import create_app
    from web.bridge import Bridge
    from web.compose import compose
    from web.current import Current
    from web.front import Front
    from web.sparql_fast import FastQueries

    services = compose(Settings.read(), mending=True)
    fast = None
    if services.settings.read_token is None:
        fast = FastQueries(services.pool, Current(services.home).path, sparql.negotiate, sparql.client_of)

    def begin(loop: asyncio.AbstractEventLoop) -> None:
        services.pool.attach(loop)
        services.warm()

    return Front(Bridge(create_app(services), _THREADS), fast, begin, services.close)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(host: str, port: int, *, public: bool, settings: Settings, fenced: bool) -> None:
    """Raises InputError for an address that is taken, or that would open the atlas without protection."""
    if not is_loopback(host) and not public and not settings.read_token:
        raise InputError(
            f"{host} can be reached from other machines.",
            "Set CREATIVE_ATLAS_READ_TOKEN so that readers need it, or say --public to open the atlas to all.",
        )
    if not is_loopback(host) and not fenced:
        raise InputError(
            "This system has no seccomp, which keeps queries off the network.",
            "Serve on 127.0.0.1 behind a proxy, or set CREATIVE_ATLAS_UNFENCED=1 if you accept the risk.",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(
                f"Port {port} on {host} cannot be used ({error.strerror}).", "Choose another one with --port."
            ) from error


def serve(settings: Settings, host: str, port: int, *, home: Path) -> None:
    """Serve until interrupted. The address must have been checked."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    # Worker processes are started afresh: what they need to know travels in the environment.
    os.environ["CREATIVE_ATLAS_HOME"] = str(home.resolve())
    Granian(
        "web.serve:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        backlog=_REQUESTS,
        backpressure=_REQUESTS,
        log_level=LogLevels.error,
    ).serve()
