"""Reading the files of the live index through while it is used, slowly, for damage that opening it does not show.

Opening compares sizes: bytes that changed within a large file would go unnoticed until a search meets them, or for
ever. So a while after an index was opened, and once a day, its files are read through beside the requests, at a rate
that leaves the disk to the searches, and compared with the checksums noted when they were written. Files that were
sound are not read again that day, so an update costs the files that it made. Damage is mended as if it had been found
at opening; what is not touched by it is answered meanwhile.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from graph.errors import AtlasError, IndexUnusable
from graph.storage.generations import Generation, Home
from search.index.checksums import FileMark, Soundness, check, is_panic
from search.index.manifest import read_record

__all__ = ["IndexScrubber"]

_RATE: Final = 32 << 20
"""Bytes read in a second: a million units (2.5 GB) take 80 s, at a fiftieth of a processor."""

_SETTLED: Final = 10.0
"""Seconds from opening an index to reading it through: the first searches have the disk for themselves."""

_DAY: Final = 86_400.0
_AGAIN: Final = 60.0
"""Seconds after which a damaged index is looked at again: by then it may be whole, or mending has to be asked for anew
because somebody else was writing."""

log = logging.getLogger(__name__)


class _Closed(Exception):
    """The server ends while a file is read."""


class IndexScrubber:
    """`mend` is told of damage. Any thread may ask; the reading is done in one of its own, from the first `poke` on."""

    def __init__(
        self,
        home: Home,
        mend: Callable[[IndexUnusable], IndexUnusable],
        *,
        settled: float = _SETTLED,
        again: float = _AGAIN,
        rate: int = _RATE,
    ) -> None:
        self._home, self._mend = home, mend
        self.settled, self.again, self._rate = settled, again, rate
        self._changed = threading.Condition()
        self._due: float | None = None
        self._hurry = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._sound: dict[FileMark, float] = {}
        self._found: Soundness | None = None
        self._problem: str | None = None

    def poke(self) -> None:
        """An index was opened: read through what is new in it, in a while. Returns at once."""
        self._ask(self.settled)

    def suspect(self, error: BaseException) -> IndexUnusable:
        """A search failed with an unexpected error: read the files at once. Returns what the asker should be told.

        Where damage is known already, that is what it was. The index is mended only where it is damaged, or where
        nothing tells and a library gave up over it: else one odd query could have a large index made anew.
        """
        if self._problem is not None:
            return self._mend(IndexUnusable(self._problem))
        log.error("a search failed unexpectedly; the files of its index are looked at", exc_info=error)
        if is_panic(error) and self._found is not None and self._found.unchecked:
            return self._damaged(IndexUnusable("The search index cannot be read."))
        with self._changed:
            self._hurry = True
            self._sound.clear()
        self._ask(0.0)
        return IndexUnusable("The search index could not be read.", "It is being looked at; try again in a minute.")

    def mend(self, error: IndexUnusable) -> IndexUnusable:
        """As the function given: for an index that could not be opened. It is looked at again in a while."""
        told = self._damaged(error)
        self._ask(self.again)
        return told

    def state(self) -> dict[str, Any]:
        """For those who look after the server. `state`: unopened, unread (as yet), sound, unchecked or damaged."""
        if self._problem is not None:
            return {"state": "damaged", "problem": self._problem, "remedy": "It is being made anew from the graph."}
        if self._found is None:
            return {"state": "unopened" if self._thread is None else "unread"}
        state = "unchecked" if self._found.unchecked else "sound"
        return {"state": state, "files": self._found.files, "unchecked": len(self._found.unchecked)}

    def close(self) -> None:
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(10)

    def _ask(self, seconds: float) -> None:
        with self._changed:
            due = time.monotonic() + seconds
            self._due = due if self._due is None else min(self._due, due)
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, name="index-watch", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # after everybody else, where the system does that for threads
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while self._wait():
            seconds = self.again
            try:
                seconds = _DAY if self._look() else self.again
            except _Closed:
                return
            except AtlasError as error:
                log.warning("the search index cannot be looked at: %s", error)
            except Exception:
                log.exception("the search index cannot be looked at")
            self._ask(seconds)

    def _wait(self) -> bool:
        """Until it is time to look; False at the end."""
        with self._changed:
            while not self._closed.is_set():
                now = time.monotonic()
                if self._due is not None and now >= self._due:
                    self._due = None
                    return True
                self._changed.wait(None if self._due is None else self._due - now)
        return False

    def _look(self) -> bool:
        """Whether the live index is sound, as far as can be told."""
        generation = self._home.require()
        now = time.monotonic()
        self._sound = {mark: then for mark, then in self._sound.items() if now - then < _DAY / 2}
        hurry, self._hurry = self._hurry, False
        pause = self._breathe if hurry else self._pace
        try:
            record = read_record(generation.path)
            found = check(generation.path, record, pause, self._sound, self._keep)
        except IndexUnusable as error:
            if self._replaced(generation):
                return False
            self._damaged(error)
            return False
        if found.unchecked and found != self._found:
            log.info("%d files of the search index are of an earlier version: unchecked", len(found.unchecked))
        if self._problem is not None:
            log.warning("the search index is sound again")
        self._found, self._problem = found, None
        return True

    def _keep(self, mark: FileMark) -> None:
        self._sound[mark] = time.monotonic()

    def _damaged(self, error: IndexUnusable) -> IndexUnusable:
        if self._problem != error.message:
            log.warning("%s It is made anew from the graph.", error.message)
        self._problem = error.message
        return self._mend(error)

    def _replaced(self, generation: Generation) -> bool:
        """Whether the index went because a later one came."""
        live = self._home.live()
        return live is None or live.name != generation.name

    def _pace(self, size: int) -> None:
        if self._closed.wait(size / self._rate):
            raise _Closed

    def _breathe(self, size: int) -> None:
        if self._closed.is_set():
            raise _Closed
