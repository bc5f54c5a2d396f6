"""The address to serve at, and who is answered there: only loopback unless readers need a token or all may read."""

from __future__ import annotations

import errno
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from graph.errors import InputError
from web.http.answered_hosts import HostPolicy, is_loopback
from web.server.process_limits import explained_thread_limit
from web.settings import Settings

__all__ = ["check_address", "host_policy", "serve"]


def check_address(host: str, port: int, *, public: bool, settings: Settings, fenced: bool) -> None:
    """Raises InputError for an address that is taken, or that would open the atlas without protection.

    Also for a name in the settings that is no host.
    """
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
    host_policy(host, public=public, settings=settings)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            of_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
            remedy = "Choose another port with --port." if of_port else "Name an address of this machine with --host."
            raise InputError(f"Port {port} on {host} cannot be used ({error.strerror}).", remedy) from error


def host_policy(host: str, *, public: bool, settings: Settings) -> HostPolicy | None:
    """The hosts that a server at `host` answers to; None for every host.

    Where readers need a token, or anyone may read, a page of another site gains nothing by another name.
    """
    if not is_loopback(host) or public or settings.read_token:
        return None
    public_host = [] if settings.public_url is None else [urlsplit(settings.public_url).netloc]
    return HostPolicy([*settings.hosts, *public_host], checks_origin=not settings.cors)


def serve(settings: Settings, host: str, port: int, *, home: Path, public: bool) -> None:
    """Serve until interrupted. The address must have been checked."""
    from web.server.server import run
    from web.services import compose

    settings = replace(settings, home=home.resolve(), cors=settings.cors or public)
    hosts = host_policy(host, public=public, settings=settings)
    with explained_thread_limit():
        run(compose(settings, repairs_index=True), host, port, hosts=hosts)
