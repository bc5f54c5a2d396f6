"""Life of a pool: an event loop in a thread for a pool without a server, and its end with the process."""

from __future__ import annotations

import asyncio
import atexit
import threading
import weakref
from functools import lru_cache
from typing import Final, Protocol

__all__ = ["Closable", "OwnLoop", "close_at_exit"]


class OwnLoop:
    """An event loop that runs in a thread of its own. The thread ends with the process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="sparql-loop", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the loop and wait for its thread. Call it from any other thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self.loop.close()


class Closable(Protocol):
    def close(self) -> None: ...


_open: Final[weakref.WeakSet[Closable]] = weakref.WeakSet()


def close_at_exit(resource: Closable) -> None:
    """Call `resource.close()` when this process ends, so that no worker outlives it. Holds no reference to it."""
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
