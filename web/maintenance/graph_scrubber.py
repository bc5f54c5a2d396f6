"""Reads the files of the live graph through, slowly, while it is used, for damage that opening it does not show.

It is to the graph what `web.maintenance.index_scrubber` is to the index. Nothing can repair a graph but a human, so
damage is reported: at `/readyz`, in the log, and to every request that comes upon it, with the last whole generation.
Requests that do not need the damaged part are answered.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import Any, Final

from graph.errors import AtlasError, GraphDamaged, HomeError
from graph.storage.checksums import FileMark, GraphSoundness, check_graph
from graph.storage.damage import explain_damage
from graph.storage.engine_faults import store_fault
from graph.storage.generations import Home

__all__ = ["GraphScrubber"]

READ_BYTES_PER_SECOND: Final = 32 << 20
SETTLE_SECONDS: Final = 15.0
"""From opening a graph to reading it through."""

RECHECK_SECONDS: Final = 60.0
"""After this a damaged graph is read again: somebody may have gone back to a whole generation."""

_DAY_SECONDS: Final = 86_400.0

log = logging.getLogger(__name__)


class _Closed(Exception):
    """The server ends while a file is read."""


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
        self._settle_seconds, self._recheck_seconds, self._rate = settle_seconds, recheck_seconds, rate
        self._changed = threading.Condition()
        self._due: float | None = None
        self._urgent = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._sound: dict[FileMark, float] = {}
        self._soundness: GraphSoundness | None = None
        self._suspicion: GraphDamaged | None = None
        self._problem: GraphDamaged | None = None

    def notify(self) -> None:
        """A generation was opened: read through what is new in it, in a while. Returns at once."""
        self._schedule(self._settle_seconds)

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
            self._schedule(self._recheck_seconds)
            return fault
        log.error("the graph cannot be read; its files are read through", exc_info=error)
        self._suspicion = GraphDamaged(fault.message, fault.remedy, generation=live)
        self._sound.clear()
        self._urgent = True
        self._schedule(0.0)
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
        self._urgent = True
        self._schedule(0.0)

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
                self._thread = threading.Thread(target=self._run, name="graph-scrubber", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while self._wait():
            seconds = self._recheck_seconds
            try:
                seconds = _DAY_SECONDS if self._is_sound() else self._recheck_seconds
            except _Closed:
                return
            except AtlasError as error:
                log.warning("the graph cannot be read through: %s", error)
            except Exception:
                log.exception("the graph cannot be read through")
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
        """Read the live graph through. Whether it is sound, as far as its checksums and the requests tell."""
        generation = self._home.require()
        now = time.monotonic()
        self._sound = {mark: then for mark, then in self._sound.items() if now - then < _DAY_SECONDS / 2}
        suspicion, self._suspicion = self._suspicion, None
        urgent, self._urgent = self._urgent, False
        pause = self._stop_if_closed if urgent else self._keep_to_rate
        try:
            soundness = check_graph(generation.path, pause, self._sound, self._note_sound)
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

    def _note_sound(self, mark: FileMark) -> None:
        self._sound[mark] = time.monotonic()

    def _damaged(self, error: GraphDamaged) -> None:
        explained = explain_damage(self._home, error)
        if self._problem is None or self._problem.message != explained.message:
            log.error("%s", explained)
        self._problem = explained

    def _keep_to_rate(self, size: int) -> None:
        if self._closed.wait(size / self._rate):
            raise _Closed

    def _stop_if_closed(self, size: int) -> None:
        if self._closed.is_set():
            raise _Closed
