"""The search index follows the writes: a moment after the last of them, in the background, a step at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from graph.errors import AtlasError, HomeLocked

__all__ = ["IndexFollower"]

_QUIET: Final = 1.0
"""Seconds without a write after which the index is brought up to date …"""

_LONGEST: Final = 20.0
"""… or this many after the first write that it does not know, whatever goes on."""

_RETRY: Final = 2.0
_LONGEST_RETRY: Final = 60.0
"""Seconds after which a step that another process held up is tried again: twice as many each time."""

log = logging.getLogger(__name__)


class IndexFollower:
    """`step` does some of the work and says whether there was any; it runs in a thread of its own, never in two."""

    def __init__(self, step: Callable[[], bool]) -> None:
        self._step = step
        self._changed = threading.Condition()
        self._asked = 0.0
        self._since = 0.0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._retry = _RETRY

    def poke(self) -> None:
        """There is something to catch up with. Returns at once."""
        with self._changed:
            self._asked = time.monotonic()
            self._since = self._since or self._asked
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="index-follower", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Ends after the step under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(30)

    def _run(self) -> None:
        while self._wait():
            try:
                while self._step() and not self._closed:
                    self._retry = _RETRY
            except HomeLocked:
                self._again()
            except AtlasError as error:
                # The model is missing, say: searches go on with the index as it is, the next write tries again.
                log.warning("the search index stays behind: %s", error)
            except Exception:
                log.exception("the search index stays behind")

    def _wait(self) -> bool:
        """Until it is time for a step; False at the end."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                due = min(self._asked + _QUIET, self._since + _LONGEST) if self._since else None
                if due is not None and now >= due:
                    self._since = 0.0
                    return True
                self._changed.wait(None if due is None else due - now)
        return False

    def _again(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, self._retry)
            self._retry = min(2 * self._retry, _LONGEST_RETRY)
        self.poke()
