"""Reads the files of the live index through, slowly, while it is used, for damage that opening it does not show.

Opening compares sizes: bytes that changed within a large file would go unnoticed until a search reads them, or for
ever. So a while after an index was opened, and once a day, its files are read through beside the requests, at a rate
that leaves the disk to the searches, and compared with the checksums that were noted when they were written. Files that
were sound are not read again that day, so an update costs the reading of the files that it made. Damage is repaired as
if it had been noticed at opening; searches that it does not affect are answered meanwhile.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from graph.errors import AtlasError, IndexMissing, IndexUnusable
from graph.storage.generations import Generation, Home
from search.index.checksums import FileMark, Soundness, check, is_panic
from search.index.manifest import read_record
from web.maintenance.background_thread import start_thread

__all__ = ["IndexScrubber"]

READ_BYTES_PER_SECOND: Final = 32 << 20
"""A million items (2.5 GB) take 80 s, at a fiftieth of a processor."""

SETTLE_SECONDS: Final = 10.0
"""From opening an index to reading it through: the first searches have the disk for themselves."""

RECHECK_SECONDS: Final = 60.0
"""After this a damaged index is read again: by then it may be sound, or the repair has to be asked for again because
another process was writing."""

_DAY_SECONDS: Final = 86_400.0

log = logging.getLogger(__name__)


class _Closed(Exception):
    """The server ends while a file is read."""


class IndexScrubber:
    """Verifier of a server's index. Thread-safe; it reads in its own thread, from the first `notify` on.

    `repair` is called with damage, and returns the error that clients get until the repair ends. Times are in
    seconds, `rate` in bytes a second.
    """

    def __init__(
        self,
        home: Home,
        repair: Callable[[IndexUnusable], IndexUnusable],
        *,
        settle_seconds: float = SETTLE_SECONDS,
        recheck_seconds: float = RECHECK_SECONDS,
        rate: int = READ_BYTES_PER_SECOND,
    ) -> None:
        self._home, self._repair = home, repair
        self.settle_seconds, self.recheck_seconds, self._rate = settle_seconds, recheck_seconds, rate
        self._changed = threading.Condition()
        self._due: float | None = None
        self._urgent = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._sound: dict[FileMark, float] = {}
        self._soundness: Soundness | None = None
        self._problem: IndexUnusable | None = None

    def notify(self) -> None:
        """An index was opened: read through what is new in it, in a while. Returns at once."""
        self._schedule(self.settle_seconds)

    def diagnose(self, error: BaseException) -> IndexUnusable:
        """A search failed with an unexpected error: read the files at once. Returns the error for the client.

        Where damage is known already, the damage is the cause. The index is repaired only where it is damaged, or where
        its files have no checksums and a library gave up over them: else one odd query could have a large index made
        anew.
        """
        if self._problem is not None:
            return self._repair(self._problem)
        log.error("a search failed unexpectedly; the files of its index are read through", exc_info=error)
        if is_panic(error) and self._soundness is not None and self._soundness.unchecked:
            return self._damaged(IndexUnusable("The search index cannot be read."))
        with self._changed:
            self._urgent = True
            self._sound.clear()
        self._schedule(0.0)
        return IndexUnusable("The search index could not be read.", "It is being looked at; try again in a minute.")

    def repair(self, error: IndexUnusable) -> IndexUnusable:
        """An index could not be opened: have it repaired, and read it again in a while. Returns the error for the
        client."""
        shown = self._damaged(error)
        self._schedule(self.recheck_seconds)
        return shown

    def state(self) -> dict[str, Any]:
        """For operators. `state`: unopened, missing, unread (as yet), sound, unchecked or damaged."""
        if isinstance(self._problem, IndexMissing):
            return {"state": "missing", "remedy": "It is being built from the graph."}
        if self._problem is not None:
            problem = self._problem.message
            return {"state": "damaged", "problem": problem, "remedy": "It is being rebuilt from the graph."}
        if self._soundness is None:
            return {"state": "unopened" if self._thread is None else "unread"}
        state = "unchecked" if self._soundness.unchecked else "sound"
        return {"state": state, "files": self._soundness.files, "unchecked": len(self._soundness.unchecked)}

    def close(self) -> None:
        """End the thread; a file that is being read is left."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(10)

    def _schedule(self, seconds: float) -> None:
        with self._changed:
            due = time.monotonic() + seconds
            self._due = due if self._due is None else min(self._due, due)
            if self._thread is None and not self._closed.is_set():
                self._thread = start_thread(self._run, "index-scrubber")
            self._changed.notify_all()

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
                log.warning("the search index cannot be read through: %s", error)
            except BaseException:  # a panic over a damaged file is no Exception
                log.exception("the search index cannot be read through")
            self._schedule(seconds)

    def _wait(self) -> bool:
        """Until it is time to read; False at the end."""
        with self._changed:
            while not self._closed.is_set():
                now = time.monotonic()
                if self._due is not None and now >= self._due:
                    self._due = None
                    return True
                self._changed.wait(None if self._due is None else self._due - now)
        return False

    def _is_sound(self) -> bool:
        """Read the live index through. Whether it is sound, as far as its checksums tell."""
        generation = self._home.require()
        now = time.monotonic()
        self._sound = {mark: then for mark, then in self._sound.items() if now - then < _DAY_SECONDS / 2}
        urgent, self._urgent = self._urgent, False
        pause = self._stop_if_closed if urgent else self._keep_to_rate
        try:
            record = read_record(generation.path)
            soundness = check(generation.path, record, pause, self._sound, self._note_sound)
        except IndexUnusable as error:
            if not self._is_replaced(generation):
                self._damaged(error)
            return False
        if soundness.unchecked and soundness != self._soundness:
            log.info("%d files of the search index are of an earlier version: unchecked", len(soundness.unchecked))
        if self._problem is not None and not isinstance(self._problem, IndexMissing):
            log.warning("the search index is sound again")
        self._soundness, self._problem = soundness, None
        return True

    def _note_sound(self, mark: FileMark) -> None:
        self._sound[mark] = time.monotonic()

    def _damaged(self, error: IndexUnusable) -> IndexUnusable:
        if self._problem is None or self._problem.message != error.message:
            level = logging.INFO if isinstance(error, IndexMissing) else logging.WARNING
            log.log(level, "%s It is rebuilt from the graph.", error.message)
        self._problem = error
        return self._repair(error)

    def _is_replaced(self, generation: Generation) -> bool:
        """Whether the index went because a later one came."""
        live = self._home.live()
        return live is None or live.name != generation.name

    def _keep_to_rate(self, size: int) -> None:
        if self._closed.wait(size / self._rate):
            raise _Closed

    def _stop_if_closed(self, size: int) -> None:
        if self._closed.is_set():
            raise _Closed
