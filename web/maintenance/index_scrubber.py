"""Reads the files of the live index through, slowly, while it is used, for damage that opening it does not show.

Opening compares sizes: bytes that changed within a large file would go unnoticed until a search reads them, or for
ever. So a while after an index was opened, and once a day, its files are read through beside the requests, at a rate
that leaves the disk to the searches, and compared with the checksums that were noted when they were written. Files that
were sound are not read again that day, so an update costs the reading of the files that it made. Damage is repaired as
if it had been noticed at opening; searches that it does not affect are answered meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from graph.errors import IndexMissing, IndexUnusable
from graph.storage.generations import Generation, Home
from search.index.checksums import Soundness, check, is_panic
from search.index.manifest import read_record
from web.maintenance.scrub_thread import READ_BYTES_PER_SECOND, RECHECK_SECONDS, ScrubThread

__all__ = ["IndexScrubber"]

SETTLE_SECONDS: Final = 10.0
"""From opening an index to reading it through: the first searches have the disk for themselves."""

log = logging.getLogger(__name__)


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
        self.settle_seconds = settle_seconds
        self._thread = ScrubThread("the search index", self._is_sound, recheck_seconds=recheck_seconds, rate=rate)
        self._soundness: Soundness | None = None
        self._problem: IndexUnusable | None = None

    @property
    def recheck_seconds(self) -> float:
        """After this a damaged index is read again, or its repair asked for again: another process may have written."""
        return self._thread.recheck_seconds

    @recheck_seconds.setter
    def recheck_seconds(self, seconds: float) -> None:
        self._thread.recheck_seconds = seconds

    def notify(self) -> None:
        """An index was opened: read through what is new in it, in a while. Returns at once."""
        self._thread.schedule(self.settle_seconds)

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
        self._thread.read_at_once(again=True)
        return IndexUnusable("The search index could not be read.", "It is being looked at; try again in a minute.")

    def repair(self, error: IndexUnusable) -> IndexUnusable:
        """An index could not be opened: have it repaired, and read it again in a while. Returns the error for the
        client."""
        shown = self._damaged(error)
        self._thread.schedule(self.recheck_seconds)
        return shown

    def state(self) -> dict[str, Any]:
        """For operators. `state`: unopened, missing, unread (as yet), sound, unchecked or damaged."""
        if isinstance(self._problem, IndexMissing):
            return {"state": "missing", "remedy": "It is being built from the graph."}
        if self._problem is not None:
            problem = self._problem.message
            return {"state": "damaged", "problem": problem, "remedy": "It is being rebuilt from the graph."}
        if self._soundness is None:
            return {"state": "unread" if self._thread.has_begun else "unopened"}
        state = "unchecked" if self._soundness.unchecked else "sound"
        return {"state": state, "files": self._soundness.files, "unchecked": len(self._soundness.unchecked)}

    def close(self) -> None:
        """End the thread; a file that is being read is left."""
        self._thread.close()

    def _is_sound(self) -> bool:
        """Read the live index through. Whether it is sound, as far as its checksums tell."""
        generation = self._home.require()
        thread = self._thread
        try:
            record = read_record(generation.path)
            soundness = check(generation.path, record, thread.pause, thread.known, thread.note_sound)
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
