"""The address to serve at: only loopback unless readers need a token or the atlas is public."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import replace
from pathlib import Path

from graph.errors import InputError
from web.settings import Settings

__all__ = ["check_address", "is_loopback", "serve"]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
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
            of_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
            remedy = "Choose another port with --port." if of_port else "Name an address of this machine with --host."
            raise InputError(f"Port {port} on {host} cannot be used ({error.strerror}).", remedy) from error


def serve(settings: Settings, host: str, port: int, *, home: Path) -> None:
    """Serve until interrupted. The address must have been checked."""
    from web.server.server import run
    from web.services import compose

    run(compose(replace(settings, home=home.resolve()), repairs_index=True), host, port)
