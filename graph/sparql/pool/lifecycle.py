"""An event loop in a thread of its own, for a pool that no server attached to its loop."""

from __future__ import annotations

import asyncio
import threading

__all__ = ["OwnLoop"]


class OwnLoop:
    """Runs from the start. Its thread ends with the process."""

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
