"""Parameters of the SPARQL endpoints, read in one way by the fast path and by Flask."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["client_of", "parse_seconds"]

_LOOPBACK: Final = ("127.", "::1")


def parse_seconds(raw: str | None) -> float | None:
    """The value of `timeout=`, in seconds above 0. Raises ValueError for anything else.

    >>> parse_seconds("2.5")
    2.5
    """
    if raw is None:
        return None
    seconds = float(raw)
    if not 0 < seconds < math.inf:
        raise ValueError("not a number of seconds above 0")
    return seconds


def client_of(address: str | None) -> str | None:
    """The client that limits per client count: the public address; None on loopback, where many may share a proxy.

    >>> client_of("203.0.113.7"), client_of("127.0.0.1")
    ('203.0.113.7', None)
    """
    return None if address is None or address.startswith(_LOOPBACK) else address
