"""The worker processes of a pool: which are idle, when to start another, and that none is left behind.

Used by the pool's loop alone. What waits, the start of a process and the burial of one, has a thread of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from graph.errors import AtlasError, QueryFailed
from graph.sparql.limits import Limits
from graph.sparql.pool.queues import Lane
from graph.sparql.worker.process import WorkerProcess

__all__ = ["WorkerPool"]

_PAUSE: Final = 1.0
"""Seconds before another try where a worker could not be started."""

_AT_ONCE: Final = 2
"""Workers that are started at the same time."""


class WorkerPool:
    """Keeps `limits.workers` idle workers and one spare, so that nobody waits for a respawn (about 0.1 s). The spare
    is started behind the others on the processor: queries that end their workers would else take most of it.

    `opens` are settings of late, by which a new worker opens its generation before anybody is given it. `begun`: there
    has been one.

    In the loop, `arrived` is called with each worker that is ready, or with the error of one that did not start, and
    `readable` with a worker that has something to say, until it is buried.
    """

    def __init__(
        self,
        limits: Limits,
        spool_dir: Path | None,
        loop: asyncio.AbstractEventLoop,
        arrived: Callable[[WorkerProcess | AtlasError], None],
        readable: Callable[[WorkerProcess], None],
        *,
        seccomp: bool,
    ) -> None:
        self._limits = limits
        self._spool_dir = spool_dir or Path(tempfile.gettempdir())
        self._loop, self._seccomp = loop, seccomp
        self._arrived, self._readable = arrived, readable
        self.opens = b""
        self.begun = False
        self._idle: list[WorkerProcess] = []
        self._wanted: WeakKeyDictionary[WorkerProcess, Lane] = WeakKeyDictionary()
        self._all: set[WorkerProcess] = set()
        self._starting = 0
        self._closed = False
        self._threads: set[threading.Thread] = set()
        self._born: set[WorkerProcess] = set()
        self._behind: set[WorkerProcess] = set()

    def start(self) -> None:
        """See that there are enough. Few are started at a time, so that many deaths are no burst of starts."""
        there = sum(not each.slow for each in self._all)
        while not self._closed and self._starting < _AT_ONCE and there + self._starting <= self._limits.workers:
            behind = there + self._starting >= self._limits.workers
            self._starting += 1
            self._in_thread(partial(self._spawn, behind, self.opens), "sparql-start")

    def hurry(self) -> None:
        """Somebody waits for a worker: those that are being started come behind nobody."""
        self.start()
        for worker in list(self._behind):
            worker.recover()

    @property
    def starting(self) -> int:
        """How many are on their way."""
        return self._starting

    @property
    def complete(self) -> bool:
        """Whether the spare is there, beside as many workers as there are places for quick queries."""
        return sum(not each.slow for each in self._all) > self._limits.workers

    def free(self) -> int:
        """How many workers are idle."""
        return len(self._idle)

    def take(self, wanted: Lane) -> WorkerProcess | None:
        """An idle worker. Look-ups go to the one that answered a look-up last, other queries to the one that did not:
        what each needs is at hand there, and what ends a worker, or keeps it for long, is hardly ever a look-up. The
        last query of a worker (a text that is read, a slow query that begins again) goes to one that neither misses.
        """
        if not self._idle:
            return None
        place = {"look": -1, "quick": 0}.get(wanted, len(self._idle) // 2)
        worker = self._idle.pop(place)
        self._wanted[worker] = wanted
        return worker

    def give_back(self, worker: WorkerProcess) -> None:
        """For the next query, if it may have one: a worker that was slowed down or has died is replaced.

        Those that were started beside slow queries stay as well: where slow queries come one after the other, to start
        a process and to open the store for each of them took most of the processor.
        """
        if worker.usable and not worker.slow and not self._closed:
            self._rest(worker)
        else:
            self.bury(worker)

    def _rest(self, worker: WorkerProcess) -> None:
        """To where `take` looks for it."""
        number = len(self._idle)
        self._idle.insert({"look": number, "quick": 0}.get(self._wanted.get(worker, ""), (number + 1) // 2), worker)

    def bury(self, worker: WorkerProcess) -> None:
        """End it, if it has not ended, and see that another takes its place. May be repeated."""
        if worker not in self._all:
            return
        self._all.discard(worker)
        if worker.fileno() >= 0:  # it may have been found dead, and closed
            self._loop.remove_reader(worker.fileno())
        if worker in self._idle:
            self._idle.remove(worker)
        worker.kill("closed")
        self._in_thread(worker.close, "sparql-end")
        self.start()

    def idle(self) -> list[int]:
        """Process ids."""
        return [each.pid for each in self._idle]

    def close(self) -> None:
        """Kill all."""
        self._closed = True
        for worker in (*self._all,):
            worker.kill("closed")
        for worker in (*self._all,):
            self.bury(worker)

    def wait_closed(self, seconds: float) -> None:
        """Until the processes have ended. From any thread but the loop's."""
        for thread in list(self._threads):
            thread.join(seconds)
        for worker in list(self._born):  # those that the loop did not come to
            worker.kill("closed")
            worker.close()

    def _spawn(self, behind: bool, opens: bytes) -> None:
        try:
            self._spool_dir.mkdir(parents=True, exist_ok=True)
            worker = WorkerProcess(self._limits, self._spool_dir, seccomp=self._seccomp)
            if behind and worker.can_recover:
                worker.step_back(slow=False)
                self._behind.add(worker)
            try:
                worker.wait_ready(opens)
            finally:
                self._behind.discard(worker)
            worker.recover()
            came: WorkerProcess | AtlasError = worker
        except AtlasError as error:
            came = error
        except OSError as error:
            came = QueryFailed(f"No query worker could be started: {error.strerror}.", "Check memory and disk space.")
        if isinstance(came, WorkerProcess):
            self._born.add(came)
        with suppress(RuntimeError):  # the loop may have been closed meanwhile
            self._loop.call_soon_threadsafe(self._ready, came)

    def _ready(self, came: WorkerProcess | AtlasError) -> None:
        self._starting -= 1
        if isinstance(came, WorkerProcess):
            self._born.discard(came)
            if self._closed:  # and whoever closed may have ended this worker already
                came.kill("closed")
                self._in_thread(came.close, "sparql-end")
                return
            self._all.add(came)
            self.begun = True
            self._loop.add_reader(came.fileno(), self._readable, came)
            self._rest(came)
            self.start()
        elif not self._closed:
            # Whoever needs a worker hears of it; do not spin meanwhile.
            self._loop.call_later(_PAUSE, self.start)
        self._arrived(came)

    def _in_thread(self, work: Callable[[], object], name: str) -> None:
        def run() -> None:
            try:
                work()
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.add(thread)
        thread.start()
