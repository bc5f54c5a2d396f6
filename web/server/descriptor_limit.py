"""Descriptors of the server process: enough for its connections and for its files."""

from __future__ import annotations

import resource
from typing import Final

__all__ = ["RESERVED_DESCRIPTORS", "connection_limit", "raise_descriptor_limit"]

RESERVED_DESCRIPTORS: Final = 1024
"""Descriptors that connections may not take: stores and indexes, workers, spool files."""


def raise_descriptor_limit(wanted: int) -> int:
    """Raise this process's soft limit of open files towards `wanted`, as far as the hard one allows; the limit then.

    >>> raise_descriptor_limit(64) >= 64
    True
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft >= wanted:
        return soft
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
    except (OSError, ValueError):  # macOS has a lower limit of its own
        return soft
    return target


def connection_limit(wanted: int, descriptors: int) -> int:
    """How many of the `wanted` connections may be open where a process may have so many descriptors.

    >>> connection_limit(1024, 4096), connection_limit(1024, 1024)
    (1024, 512)
    """
    return min(wanted, max(descriptors - RESERVED_DESCRIPTORS, descriptors // 2))
