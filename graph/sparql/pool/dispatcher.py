"""Queries to workers and answers back, in one event loop: no thread waits for a worker, and no lock is taken.

A task waits for a place in the lanes, for one where its searches are made first if it has any (`searching`), is given
to an idle worker, and ends with an answer or an error: the worker's own, or that of its death, its deadline, its
cancellation. All methods are called in the loop.

To wake a process for each query costs more than a look-up. So a busy worker is told of the next queries ahead of
time; they stay in the queue meanwhile. When the one before them turns out to be slow, or the worker dies, they are
given to others, and what the worker still says of them is not listened to.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from pathlib import Path
from typing import IO, Final

from graph.errors import AtlasError, QueryCancelled
from graph.sparql.limits import Limits
from graph.sparql.pool.placed import ReadyQueue
from graph.sparql.pool.post import Outbox
from graph.sparql.pool.queues import QueryQueues
from graph.sparql.pool.search_stage import Searching
from graph.sparql.pool.task import Task
from graph.sparql.pool.workers import WorkerPool
from graph.sparql.worker.process import WorkerDied, WorkerProcess, interpret_death
from graph.sparql.worker.protocol import Answer, pack_question

__all__ = ["Dispatcher"]

_GRACE: Final = 0.1
"""Seconds that the worker's own alarm is given before it is killed from here, and answered for without waiting for its
end: a process of some gigabytes takes a while to go."""

_OPENING: Final = 5.0
"""Seconds more for a worker that has to open a generation first; its alarm is set after that."""

_TICK: Final = 0.02
"""Seconds between two looks at the clock while anything runs or waits: one timer for all, not one for each query."""

_LONG: Final = 0.05
"""Seconds after which a query beside brief ones lets them go first on the processor, long before it is slow."""

_BRIEF: Final = 0.005
"""Seconds that queries may take of late, for a worker to be told of the next ones ahead."""

_AHEAD: Final = 4
"""Queries at most that a worker has been told of, the one that it runs included."""

_LOOK_UPS: Final = 8
"""That, where all are look-ups."""

_MOMENT: Final = 0.002
"""Seconds since a worker's last answer, for another look-up to wait for it while others are idle."""


class Dispatcher:
    """The loop's side of the pool."""

    def __init__(
        self,
        limits: Limits,
        spool_dir: Path | None,
        loop: asyncio.AbstractEventLoop,
        *,
        seccomp: bool,
        crew: type[WorkerPool] = WorkerPool,
    ) -> None:
        self._limits, self.loop = limits, loop
        self._lanes = QueryQueues(limits)
        self._searching = Searching(loop, self._lanes, self._searched)
        self._post = Outbox(loop, self._lost)
        self.crew = crew(limits, spool_dir, loop, self._arrived, self._readable, seccomp=seccomp)
        self._placed = ReadyQueue(self.crew)
        self._lines: dict[WorkerProcess, deque[Task | None]] = {}
        self._since: dict[WorkerProcess, float] = {}
        self._usual = 0.0
        self._ticking = False
        self._closed = False

    def submit(self, task: Task) -> None:
        """Raises `Overloaded` and the other reasons for which a query is not even queued."""
        if self._closed:
            raise QueryCancelled("The service is closing.")
        task.spared = self._limits.workers + 1
        now = self.loop.time()
        task.until = now + task.seconds
        self._lanes.enter(task, now)
        if task.op == "look":
            self._join()
        self._pump()
        self._tell_ahead()
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(_TICK, self._tick)

    def cancel(self, query_id: str, client: str | None = None) -> bool:
        """End the query to which that client gave that id; False where there is none."""
        task = self._lanes.named(query_id, client)
        if not isinstance(task, Task):
            return False
        self._end(task, QueryCancelled("The query was cancelled."))
        return True

    def load(self) -> tuple[int, int]:
        """How many queries run and how many wait."""
        return self._lanes.load()

    def busy(self) -> list[int]:
        """Process ids of the workers that run a query."""
        return [each.pid for each in self._lines]

    def close(self) -> None:
        """End everything; nobody gets in any more."""
        self._closed = True
        running = [line[0] for line in self._lines.values()]
        for task in (*running, *self._placed, *self._searching.under_way(), *self._lanes.waiting()):
            if isinstance(task, Task) and not task.over:
                self._end(task, QueryCancelled("The service is closing."))
        self.crew.close()

    def _pump(self, *, all_of_them: bool = False) -> None:
        """Places to those who wait, workers to those who have a place: `all_of_them`, or but for one (`placed`)."""
        while not self._closed and (task := self._lanes.next(self._spares)) is not None:
            assert isinstance(task, Task)  # noqa: S101  only tasks enter here
            if task.search is not None:
                self._searching.begin(task, task.search)
            else:
                self._placed.add(task)
        while (found := self._placed.next(busy=bool(self._lines) and not all_of_them)) is not None:
            task, worker = found
            self._lines[worker] = deque([task])
            self._begin(task, worker)
            self._ask(task, worker)

    def _spares(self) -> bool:
        return self._placed.spares(busy=bool(self._lines))

    def _searched(self, task: Task, failed: AtlasError | None) -> None:
        if failed is not None and not task.over:
            self._end(task, failed)
        else:
            self._pump()

    def _begin(self, task: Task, worker: WorkerProcess) -> None:
        """The worker comes to this query now."""
        self._since[worker] = self.loop.time()
        task.worker = worker
        if task.op != "check":
            self.crew.opens = task.settings
        if task.lane == "slow" or task.lane == "reading":
            self._aside(task, worker)
        task.deadline = task.until + _GRACE + (0.0 if worker.knows(task.settings) else _OPENING)

    def _aside(self, task: Task, worker: WorkerProcess) -> None:
        """Behind the others on the processor from the beginning."""
        if task.lane == "slow":  # it began again, and takes its time: there is to be another worker in this one's stead
            worker.step_back(far=self._usual <= _BRIEF)
            self.crew.start()
        elif worker.can_recover:
            worker.step_back(slow=False)

    def _ask(self, task: Task, worker: WorkerProcess) -> None:
        left = max(task.until - self.loop.time(), _TICK)
        self._post.send(worker, pack_question(task.op, left, task.settings, task.text))

    def _tell_ahead(self) -> None:
        """Those who wait, to busy workers that answered lately, the shortest line first; none that is at something
        nobody waits for, which has no place to pass on. Not while queries take their time: who was told of a query runs
        it even when it was given to another meanwhile."""
        if self._usual > _BRIEF:
            return
        now = self.loop.time()
        while True:
            task = self._lanes.following()
            if not isinstance(task, Task):
                return
            open_lines = [
                (len(line), number, worker)
                for number, (worker, line) in enumerate(self._lines.items())
                if line[0] is not None
                and line[0].lane == "quick"
                and len(line) < _AHEAD
                and worker.sent
                and not worker.slow
                and now - self._since[worker] < _TICK
            ]
            if not open_lines:
                return
            self._tell(task, min(open_lines)[2])

    def _join(self) -> None:
        """A look-up to a worker that is at look-ups, whose answers come together: to wake two costs more than these."""
        task = self._lanes.following()
        if not isinstance(task, Task) or task.op != "look":
            return
        latest = self.loop.time() - _MOMENT
        for worker, line in self._lines.items():
            if (
                len(line) < _LOOK_UPS
                and self._since[worker] > latest
                and worker.sent
                and all(each is not None and each.op == "look" for each in line)
            ):
                self._tell(task, worker)
                return

    def _tell(self, task: Task, worker: WorkerProcess) -> None:
        task.ahead, task.worker = True, worker
        self._lines[worker].append(task)
        self._ask(task, worker)

    def _readable(self, worker: WorkerProcess) -> None:
        try:
            answers = worker.read()
        except WorkerDied:
            self._lost(worker)
            return
        came = [self._answered(worker, answer) for answer in answers]
        self._pump()
        self._tell_ahead()
        for answer, (task, spool) in zip(answers, came, strict=True):
            if task is not None:
                task.deliver((answer, spool))
            elif spool is not None:
                spool.close()

    def _answered(self, worker: WorkerProcess, answer: Answer) -> tuple[Task | None, IO[bytes] | None]:
        """Whom to deliver it to, if anybody waits for it, and its spool file."""
        line = self._lines.get(worker)
        if not line:  # it was not asked
            self._drop(worker)
            return None, None
        task = line.popleft()
        spool = worker.take_spool() if answer.outcome == "spooled" else None
        self._usual += (answer.ms / 1000 - self._usual) / 16
        again = answer.outcome == "again" and task is not None
        if task is not None:
            task.worker = None
            if again:
                self._again(task)
            else:
                task.over = True
                self._lanes.leave(task)
        if not worker.recover() or (answer.outcome == "failed" and b'"error": "memory"' in answer.body[:40]):
            self._drop(worker)  # nobody else is to be given it
        else:
            self._next_in_line(worker, line)
        return None if again else task, spool

    def _again(self, task: Task) -> None:
        """The worker has nothing to say of it: with another, or the same."""
        keeps = True
        if task.op == "look":  # more than it looked like
            task.op, task.text = "query", task.instead
            keeps = self._lanes.no_look_up(task)
        if keeps:
            self._placed.add(task)

    def _next_in_line(self, worker: WorkerProcess, line: deque[Task | None]) -> None:
        """What the worker is at now."""
        if not line:
            del self._lines[worker]
            self.crew.give_back(worker)
            return
        task = line[0]
        if task is not None and self._lanes.seize(task):
            self._begin(task, worker)
            return
        self._since[worker] = self.loop.time()
        self._recall(worker)
        line[0] = None

    def _recall(self, worker: WorkerProcess) -> None:
        """What the worker was told of ahead waits for another."""
        line = self._lines[worker]
        for place, task in enumerate(line):
            if task is not None and task.ahead:
                task.ahead, task.worker, line[place] = False, None, None

    def _drop(self, worker: WorkerProcess) -> None:
        """Kill it, or let it be dead; what it was told of ahead waits for another."""
        if worker in self._lines:
            self._recall(worker)
            del self._lines[worker]
        self._post.forget(worker)
        self.crew.bury(worker)

    def _lost(self, worker: WorkerProcess) -> None:
        """The stream of a worker ended. Why is known when the process has ended too, which may take a moment."""
        task = self._lines[worker][0] if worker in self._lines else None
        if task is None:
            self._drop(worker)
            self._pump()
            return
        self.loop.remove_reader(worker.fileno())
        self._post.forget(worker)
        self._recall(worker)
        took = self.loop.time() - self._since[worker]

        def ask() -> None:
            error = worker.death(task.seconds)
            self.loop.call_soon_threadsafe(self._dead, worker, task, took, error)

        threading.Thread(target=ask, name="sparql-death", daemon=True).start()
        self._pump()

    def _dead(self, worker: WorkerProcess, task: Task, took: float, error: AtlasError) -> None:
        if worker not in self._lines:
            return  # ended from here meanwhile
        self._drop(worker)
        task.worker = None
        if worker.killed_from_outside and took < self._limits.quantum and task.spared and not self._closed:
            # Killed while it was idle, or at once: this query was not the cause. Again, with another.
            task.spared -= 1
            self._placed.add(task)
            self._pump()
        else:
            self._end(task, error)

    def _end(self, task: Task, error: AtlasError) -> None:
        """Whatever state it is in, the task is over."""
        task.over = True
        self._dismiss(task)
        self._placed.discard(task)
        self._lanes.leave(task)
        self._pump()
        task.deliver(error)

    def _dismiss(self, task: Task) -> None:
        """Kill the worker that runs it, if one does."""
        worker, task.worker = task.worker, None
        if worker is None:
            return
        if task.ahead:
            line = self._lines[worker]
            line[line.index(task)] = None
            task.ahead = False
        else:
            self._drop(worker)

    def _arrived(self, came: WorkerProcess | AtlasError) -> None:
        if isinstance(came, AtlasError):
            self._pump(all_of_them=True)
            for task in self._placed:
                self._end(task, came)
        else:
            self._pump()

    def _tick(self) -> None:
        """What outlives its quantum goes to the slow lane, or gives way if that is full; what is past its time ends."""
        now = self.loop.time()
        for worker, line in list(self._lines.items()):
            took, task = now - self._since[worker], line[0]
            if took >= _TICK and len(line) > 1:
                self._recall(worker)
            if task is None:
                if took >= self._limits.quantum:  # slow, and nobody waits for it
                    self._drop(worker)
            elif now >= task.deadline:
                self._end(task, interpret_death(0, "deadline", "", task.seconds))
            elif task.lane in ("look", "quick") and took >= self._limits.quantum:
                self._outlived(task, now, self._since[worker])
            elif took >= _LONG and self._usual <= _BRIEF and not worker.behind and worker.can_recover:
                worker.step_back(slow=False, far=True)
        self._pump()
        self._expire(now)
        self._ticking = bool(self._lines or any(self._lanes.load()))
        if self._ticking:
            self.loop.call_later(_TICK, self._tick)

    def _expire(self, now: float) -> None:
        """What has no worker yet, and has waited or searched too long, ends; later where the pool only begins."""
        for task in self._searching.late(now):
            self._end(task, interpret_death(0, "deadline", "", task.seconds))
        now -= 0 if self.crew.begun else self._limits.wait
        for waiting in (*self._placed.late(now), *self._lanes.expired(now)):
            assert isinstance(waiting, Task)  # noqa: S101  only tasks enter here
            self._end(waiting, self._lanes.overloaded())

    def _outlived(self, task: Task, now: float, since: float) -> None:
        if self._lanes.promote(task):
            if task.worker is not None:
                task.worker.step_back(far=self._usual <= _BRIEF)
            self.crew.start()
            self._pump()
        elif self._lanes.contended() and now - since >= self._patience(task):
            self._dismiss(task)
            if self._lanes.wait_for_slow(task):
                self._pump()
            else:
                self._end(task, self._lanes.overloaded())

    def _patience(self, task: Task) -> float:
        """Seconds after which a slow query gives way to those who wait. Where most take their time, to begin so many
        of them again would cost more than it gives."""
        usual = task.wanted != "look" and self._usual >= self._limits.quantum / 5
        return self._limits.quantum * (4 if usual else 1)
