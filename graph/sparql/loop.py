"""An event loop in a thread, for a pool that no server lends its own."""

from __future__ import annotations

import asyncio
import threading
from typing import Final

__all__ = ["OwnLoop"]

_left: Final[list[asyncio.AbstractEventLoop]] = []
"""Loops of the process that this one was forked from: not to be closed here, so not to be collected either."""


class OwnLoop:
    """Runs from the start. Its thread ends with the process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="sparql-loop", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """From any other thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self.loop.close()

    def forget(self) -> None:
        """In a forked child, where nothing runs it."""
        _left.append(self.loop)
