"""Reads the files of the live graph through, slowly, while it is used, for damage that opening it does not show.

It is to the graph what `web.maintenance.index_scrubber` is to the index. Nothing can repair a graph but a human, so
damage is reported: at `/readyz`, in the log, and to every request that comes upon it, with the last whole generation.
Requests that do not need the damaged part are answered.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, Final

from graph.errors import GraphDamaged, HomeError
from graph.storage.checksums import GraphSoundness, check_graph
from graph.storage.damage import explain_damage
from graph.storage.engine_faults import store_fault
from graph.storage.generations import Home
from web.maintenance.scrub_thread import READ_BYTES_PER_SECOND, RECHECK_SECONDS, ScrubThread

__all__ = ["GraphScrubber"]

SETTLE_SECONDS: Final = 15.0
"""From opening a graph to reading it through."""

log = logging.getLogger(__name__)


class GraphScrubber:
    """Verifier of a server's graph. Thread-safe; it reads in its own thread, from the first `notify` or fault on.

    Times are in seconds, `rate` in bytes a second.
    """

    def __init__(
        self,
        home: Home,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        recheck_seconds: float = RECHECK_SECONDS,
        rate: int = READ_BYTES_PER_SECOND,
    ) -> None:
        self._home = home
        self._settle_seconds, self._recheck_seconds = settle_seconds, recheck_seconds
        self._thread = ScrubThread("the graph", self._is_sound, recheck_seconds=recheck_seconds, rate=rate)
        self._soundness: GraphSoundness | None = None
        self._suspicion: GraphDamaged | None = None
        self._problem: GraphDamaged | None = None

    def notify(self) -> None:
        """A generation was opened: read through what is new in it, in a while. Returns at once."""
        self._thread.schedule(self._settle_seconds)

    def diagnose(self, error: BaseException) -> HomeError | None:
        """The error for the client where the graph, or the disk, is the cause of an unexpected one; else None.

        A fault that is not known yet has the files read through at once.
        """
        fault = error if isinstance(error, GraphDamaged) else store_fault(error)
        if not isinstance(fault, GraphDamaged) and not (fault is None and isinstance(error, FileNotFoundError)):
            return fault
        try:
            live = self._home.require().name
        except HomeError as gone:
            return gone  # the files are not damaged: they are not there
        if not isinstance(fault, GraphDamaged):
            return None
        if fault.generation not in ("", live):
            return HomeError("The atlas was written to while this was read.", "Send the request again.")
        problem = self._problem
        if problem is not None and problem.generation == live:
            return problem
        if fault.explained:
            self._thread.schedule(self._recheck_seconds)
            return fault
        log.error("the graph cannot be read; its files are read through", exc_info=error)
        self._suspicion = GraphDamaged(fault.message, fault.remedy, generation=live)
        self._thread.read_at_once(again=True)
        return GraphDamaged(fault.message, "Its files are being read through; try again in a minute.", generation=live)

    def require_sound(self) -> None:
        """Raise GraphDamaged where the live generation is known to be damaged.

        A generation that came after a damaged one is read through at once: it may share the damaged file.
        """
        problem = self._problem
        if problem is None:
            return
        if problem.generation == self._home.require().name:
            raise problem
        self._thread.read_at_once(again=False)

    def state(self) -> dict[str, Any]:
        """For operators. `state`: unread (as yet), sound, unchecked (an earlier version wrote a part) or damaged."""
        if self._problem is not None:
            return {"state": "damaged", "problem": self._problem.message, "remedy": self._problem.remedy}
        if self._soundness is None:
            return {"state": "unread"}
        unchecked = self._soundness.unchecked
        state = "unchecked" if unchecked else "sound"
        return {"state": state, "files": self._soundness.files, "unchecked": unchecked}

    def close(self) -> None:
        """End the thread; a file that is being read is left."""
        self._thread.close()

    def _is_sound(self) -> bool:
        """Read the live graph through. Whether it is sound, as far as its checksums and the requests tell."""
        generation = self._home.require()
        suspicion, self._suspicion = self._suspicion, None
        thread = self._thread
        try:
            soundness = check_graph(generation.path, thread.pause, thread.known, thread.note_sound)
        except GraphDamaged as error:
            with suppress(HomeError):
                if self._home.require() == generation:  # else it was pruned while it was read
                    self._damaged(error)
            return False
        if suspicion is not None and soundness.unchecked and suspicion.generation == generation.name:
            self._damaged(suspicion)  # no checksum tells otherwise
            return False
        known = self._problem
        if known is not None and soundness.unchecked and known.generation == generation.name:
            return False
        if known is not None:
            log.warning("the graph is sound again")
        self._soundness, self._problem = soundness, None
        return True

    def _damaged(self, error: GraphDamaged) -> None:
        explained = explain_damage(self._home, error)
        if self._problem is None or self._problem.message != explained.message:
            log.error("%s", explained)
        self._problem = explained
