"""Closes pools that are still open when the process ends, so that no worker process outlives it."""

from __future__ import annotations

import atexit
import threading
import weakref
from functools import lru_cache
from typing import Final, Protocol

__all__ = ["Closable", "close_at_exit"]


class Closable(Protocol):
    def close(self) -> None: ...


_open: Final[weakref.WeakSet[Closable]] = weakref.WeakSet()


def close_at_exit(resource: Closable) -> None:
    """Call `resource.close()` when this process ends, unless the resource was collected before."""
    _register_hook()
    _open.add(resource)


@lru_cache(maxsize=1)
def _register_hook() -> None:
    lock = threading.Lock()

    def close_all() -> None:
        with lock:
            for resource in list(_open):
                resource.close()

    atexit.register(close_all)
