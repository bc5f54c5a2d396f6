"""A thread that reads the files of a generation through, from time to time and slowly: what all scrubbers share."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from graph.errors import AtlasError
from graph.storage.file_checksums import FileMark
from web.maintenance.background_thread import start_thread

__all__ = ["READ_BYTES_PER_SECOND", "RECHECK_SECONDS", "ScrubThread"]

READ_BYTES_PER_SECOND: Final = 32 << 20
"""Files of 2.5 GB take 80 s, at a fiftieth of a processor."""

RECHECK_SECONDS: Final = 60.0
"""After this damaged files are read again: by then they may be sound."""

_DAY_SECONDS: Final = 86_400.0
_CLOSING_SECONDS: Final = 10.0

log = logging.getLogger(__name__)


class _Closed(Exception):
    """The server ends while a file is read."""


class ScrubThread:
    """Calls `is_sound` when it is due: once a day, and after `recheck_seconds` where that says no or fails.

    `what` names the files in the log; `rate` is in bytes a second. `known` are the files that were sound within half a
    day; `is_sound` gives them, `pause` and `note_sound` to the check of its files. Thread-safe.
    """

    def __init__(self, what: str, is_sound: Callable[[], bool], *, recheck_seconds: float, rate: int) -> None:
        self._what, self._is_sound = what, is_sound
        self.recheck_seconds, self._rate = recheck_seconds, rate
        self._changed = threading.Condition()
        self._due: float | None = None
        self._asked_at_once = self._is_urgent = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self.known: dict[FileMark, float] = {}

    @property
    def has_begun(self) -> bool:
        """Whether it was ever asked to read."""
        return self._thread is not None

    def schedule(self, seconds: float) -> None:
        """Read in so many seconds, or sooner where that was asked for already. Returns at once."""
        with self._changed:
            due = time.monotonic() + seconds
            self._due = due if self._due is None else min(self._due, due)
            if self._thread is None and not self._closed.is_set():
                self._thread = start_thread(self._run, self._what.replace(" ", "-") + "-scrubber")
            self._changed.notify_all()

    def read_at_once(self, *, again: bool) -> None:
        """Read now, as fast as the disk allows; `again`: files too that are known to be sound."""
        with self._changed:
            self._asked_at_once = True
            if again:
                self.known.clear()
        self.schedule(0.0)

    def pause(self, size: int) -> None:
        """Keep to the rate after so many bytes, unless this was asked for at once. Raises at the end of the server."""
        if self._closed.wait(0.0 if self._is_urgent else size / self._rate):
            raise _Closed

    def note_sound(self, mark: FileMark) -> None:
        """A file was sound: it is not read again for half a day."""
        self.known[mark] = time.monotonic()

    def close(self) -> None:
        """End the thread; a file that is being read is left."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # after everybody else, where the system does that for threads
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while self._wait():
            seconds = self.recheck_seconds
            try:
                seconds = _DAY_SECONDS if self._is_sound() else self.recheck_seconds
            except _Closed:
                return
            except AtlasError as error:
                log.warning("%s cannot be read through: %s", self._what, error)
            except BaseException:  # a panic over a damaged file is no Exception
                log.exception("%s cannot be read through", self._what)
            self.schedule(seconds)

    def _wait(self) -> bool:
        """Until it is time to read; False at the end."""
        with self._changed:
            while not self._closed.is_set():
                now = time.monotonic()
                if self._due is not None and now >= self._due:
                    self._due = None
                    self._is_urgent, self._asked_at_once = self._asked_at_once, False
                    self.known = {mark: then for mark, then in self.known.items() if now - then < _DAY_SECONDS / 2}
                    return True
                self._changed.wait(None if self._due is None else self._due - now)
        return False
