"""Brings the search index up to date after writes: a moment after the last of them, in the background, step by step."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from graph.errors import AtlasError, HomeLocked
from web.maintenance.background_thread import start_thread

__all__ = ["IndexFollower"]

QUIET_SECONDS: Final = 1.0
"""The index is brought up to date after so long without a write …"""

MAX_DELAY_SECONDS: Final = 20.0
"""… or so long after the first write that it does not know, whatever goes on."""

RETRY_SECONDS: Final = 2.0
_MAX_RETRY_SECONDS: Final = 60.0
"""Delay until a step is tried again that another writing process held up: twice as long each time, up to this."""

log = logging.getLogger(__name__)


class IndexFollower:
    """Calls `step` in a thread of its own, never in two at once, after each `notify`. Thread-safe.

    `step` does some of the work and returns whether there was any. The times are those of the constants above.

    >>> follower = IndexFollower(lambda: False)
    >>> follower.notify()
    >>> follower.close()
    """

    def __init__(
        self,
        step: Callable[[], bool],
        *,
        quiet_seconds: float = QUIET_SECONDS,
        max_delay_seconds: float = MAX_DELAY_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._step = step
        self._quiet_seconds, self._max_delay_seconds = quiet_seconds, max_delay_seconds
        self._first_retry_seconds = self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._last_write = 0.0
        self._first_write = 0.0
        self._thread: threading.Thread | None = None
        self._closed = False

    def notify(self) -> None:
        """A write was published. Returns at once."""
        with self._changed:
            self._last_write = time.monotonic()
            self._first_write = self._first_write or self._last_write
            if self._thread is None and not self._closed:
                self._thread = start_thread(self._run, "index-follower")
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread after the step under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(30)

    def _run(self) -> None:
        while self._wait():
            try:
                while self._step() and not self._closed:
                    self._retry_seconds = self._first_retry_seconds
            except HomeLocked:
                self._retry()
            except AtlasError as error:
                # The model is missing, say: searches go on with the index as it is, the next write tries again.
                log.warning("the search index stays behind: %s", error)
            except BaseException:  # a panic over a damaged file is no Exception
                log.exception("the search index stays behind")

    def _wait(self) -> bool:
        """Until it is time for a step; False at the end."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                due = None
                if self._first_write:
                    due = min(self._last_write + self._quiet_seconds, self._first_write + self._max_delay_seconds)
                    if now >= due:
                        self._first_write = 0.0
                        return True
                self._changed.wait(None if due is None else due - now)
        return False

    def _retry(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, self._retry_seconds)
            self._retry_seconds = min(2 * self._retry_seconds, _MAX_RETRY_SECONDS)
        self.notify()
