"""The worker processes of a pool: which are idle, when to start another, and that none is left behind."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

from graph.errors import QueryCancelled, QueryError
from graph.sparql.limits import Limits
from graph.sparql.process import WorkerProcess

__all__ = ["Crew"]


class Crew:
    """Keeps `limits.workers` idle workers and one spare, so that nobody waits for a respawn (about 0.1 s)."""

    def __init__(self, limits: Limits, spool_dir: Path | None, *, seccomp: bool) -> None:
        self._limits = limits
        self._spool_dir = spool_dir or Path(tempfile.gettempdir())
        self._seccomp = seccomp
        self._lock = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._dying: list[WorkerProcess] = []
        self._keeper: threading.Thread | None = None
        self._closed = False

    def start(self) -> None:
        """Bring up the idle workers in the background."""
        with self._lock:
            if self._keeper is None and not self._closed:
                self._keeper = threading.Thread(target=self._keep, name="sparql-keeper", daemon=True)
                self._keeper.start()
            self._lock.notify_all()

    def take(self) -> WorkerProcess:
        """An idle worker, or a new one. Raises `QueryError` where none can be started."""
        dead: list[WorkerProcess] = []
        try:
            with self._lock:
                if self._closed:
                    raise QueryCancelled("The service is closing.")
                while self._idle:
                    worker = self._idle.pop()
                    if worker.usable:
                        return worker
                    self._all.discard(worker)
                    dead.append(worker)
        finally:
            for each in dead:
                each.close()
        self.start()
        return self._spawn()

    def give_back(self, worker: WorkerProcess) -> None:
        """For the next query, if it may have one: a worker that was slowed down or has died is replaced."""
        with self._lock:
            if worker.usable and not worker.slow and not self._closed and len(self._idle) <= self._limits.workers:
                self._idle.append(worker)
                return
            self._all.discard(worker)
            worker.kill("closed")
            if not self._closed:
                self._dying.append(worker)
                self._lock.notify_all()
                return
        worker.close()

    def idle(self) -> list[int]:
        """Process ids."""
        with self._lock:
            return [each.pid for each in self._idle]

    def slowed(self) -> None:
        """A worker was given to a slow query and counts no more: start another."""
        with self._lock:
            self._lock.notify_all()

    def close(self) -> None:
        """Kill all; those that are in use are closed by their users, who find them dead."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            idle += self._dying
            self._dying = []
            for worker in self._all:
                worker.kill("closed")
            self._all.difference_update(idle)
            keeper = self._keeper
            self._lock.notify_all()
        for worker in idle:
            worker.close()
        if keeper is not None:
            keeper.join(5)

    def forget(self) -> None:
        """In a forked child: none of these processes is ours."""
        for worker in self._all:
            worker.forget()

    def _spawn(self) -> WorkerProcess:
        self._spool_dir.mkdir(parents=True, exist_ok=True)
        worker = WorkerProcess(self._limits, self._spool_dir, seccomp=self._seccomp)
        with self._lock:
            self._all.add(worker)
        try:
            worker.wait_ready()
        except QueryError:
            with self._lock:
                self._all.discard(worker)
            raise
        if self._closed:
            worker.kill("closed")
        return worker

    def _complete(self) -> bool:
        return sum(not each.slow for each in self._all) > self._limits.workers

    def _keep(self) -> None:
        """The keeper buries the dead and starts the new: one at a time, so that many deaths are no burst of starts."""
        while True:
            with self._lock:
                while self._complete() and not self._dying and not self._closed:
                    self._lock.wait()
                if self._closed:
                    return
                dying, self._dying = self._dying, []
                complete = self._complete()
            for worker in dying:
                worker.close()
            if not complete:
                self._start_one()

    def _start_one(self) -> None:
        try:
            worker = self._spawn()
        except (QueryError, OSError):
            # Whoever needs a worker starts one and sees the reason; do not spin meanwhile.
            with self._lock:
                self._lock.wait(1.0)
            return
        self.give_back(worker)
