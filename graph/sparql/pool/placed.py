"""Those who have a place and wait for a worker: who gets which, and that one is left for look-ups.

To start a worker takes a while, longer where slow queries keep the processor busy, and that is when many have to be
started: each slow query leaves one worker less for the others. So while one is on its way, the last that is idle is
kept for look-ups, which give it back at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from graph.sparql.pool.task import Task
from graph.sparql.pool.workers import WorkerPool
from graph.sparql.worker.process import WorkerProcess

__all__ = ["ReadyQueue"]


class ReadyQueue:
    """Used by the pool's loop alone."""

    def __init__(self, crew: WorkerPool) -> None:
        self._crew = crew
        self._tasks: deque[Task] = deque()

    def add(self, task: Task) -> None:
        """Look-ups come before those who may keep a worker for long."""
        if task.wanted == "look":
            self._tasks.appendleft(task)
        else:
            self._tasks.append(task)

    def discard(self, task: Task) -> None:
        if task in self._tasks:
            self._tasks.remove(task)

    def __iter__(self) -> Iterator[Task]:
        """A list of its own: they may be discarded meanwhile."""
        return iter(list(self._tasks))

    def late(self, now: float) -> list[Task]:
        """Those whose time is over."""
        return [task for task in self._tasks if now >= task.until]

    def next(self, *, busy: bool) -> tuple[Task, WorkerProcess] | None:
        """One of them and its worker, if there is one to be had; else it is seen to that there will be. `busy`: others
        run already."""
        if not self._tasks:
            return None
        crew = self._crew
        if self._tasks[0].wanted == "look" or not busy or crew.free() > 1 or not crew.starting:
            worker = crew.take(self._tasks[0].wanted)
            if worker is not None:
                return self._tasks.popleft(), worker
        crew.hurry()
        return None

    def spares(self, *, busy: bool) -> bool:
        """Whether a worker can be spared to read a long text: look-ups have as many as they have places, or need none.
        If not, it is seen to that there will be one."""
        self._crew.start()
        return self._crew.free() > len(self._tasks) and (self._crew.complete or not busy)
