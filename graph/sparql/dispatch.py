"""Queries to workers and answers back, in one event loop: no thread waits for a worker, and no lock is taken.

A task waits for a place in the lanes, is prepared if it has to be (in a thread), is given to an idle worker, and ends
with an answer or an error: the worker's own, or that of its death, its deadline, its cancellation. All methods are
called in the loop.

To wake a process for each query costs more than a look-up. So a busy worker is told of the next queries ahead of
time; they stay in the queue meanwhile. When the one before them turns out to be slow, or the worker dies, they are
given to others, and what the worker still says of them is not listened to.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from graph.errors import AtlasError, QueryCancelled
from graph.sparql.crew import Crew
from graph.sparql.lanes import Lanes
from graph.sparql.limits import Limits
from graph.sparql.process import WorkerDied, WorkerProcess, interpret_death
from graph.sparql.task import Task, prepared
from graph.sparql.wire import Answer, pack_question

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
        self, limits: Limits, spool_dir: Path | None, loop: asyncio.AbstractEventLoop, *, seccomp: bool
    ) -> None:
        self._limits, self.loop = limits, loop
        self._lanes = Lanes(limits)
        self.crew = Crew(limits, spool_dir, loop, self._arrived, self._readable, seccomp=seccomp)
        self._placed: deque[Task] = deque()
        self._lines: dict[WorkerProcess, deque[Task | None]] = {}
        self._since: dict[WorkerProcess, float] = {}
        self._letters: dict[WorkerProcess, list[bytes]] = {}
        self._usual = 0.0
        self._ticking = False
        self._closed = False

    def submit(self, task: Task) -> None:
        """Raises `Overloaded` and the other reasons for which a query is not even queued."""
        if self._closed:
            raise QueryCancelled("The service is closing.")
        task.spared = self._limits.workers + 1
        self._lanes.enter(task, self.loop.time())
        if task.op == "look":
            self._join()
        self._pump()
        self._tell_ahead()
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(_TICK, self._tick)

    def cancel(self, query_id: str) -> bool:
        """End the query of that id; False where there is none."""
        task = self._lanes.named(query_id)
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
        for task in (*running, *self._placed, *self._lanes.waiting()):
            if isinstance(task, Task) and not task.over:
                self._end(task, QueryCancelled("The service is closing."))
        self.crew.close()

    def _pump(self) -> None:
        """Places to those who wait, workers to those who have a place."""
        while not self._closed and (task := self._lanes.next(self._spares)) is not None:
            assert isinstance(task, Task)  # noqa: S101  only tasks enter here
            if task.prepare is None:
                self._placed.append(task)
            else:
                threading.Thread(target=self._prepare, args=(task, task.prepare), daemon=True).start()
        while self._placed and (worker := self.crew.take()) is not None:
            task = self._placed.popleft()
            self._lines[worker] = deque([task])
            self._begin(task, worker)
            self._ask(task, worker)
        if self._placed:
            self.crew.hurry()

    def _spares(self) -> bool:
        """Whether a worker can be spared to read a long text: look-ups have as many as they have places, or need none.
        If not, it is seen to that there will be one."""
        self.crew.start()
        return self.crew.free() > len(self._placed) and (self.crew.complete or not self._lines)

    def _prepare(self, task: Task, prepare: Callable[[], bytes]) -> None:
        """In a thread of its own."""
        self.loop.call_soon_threadsafe(self._prepared, task, prepared(prepare))

    def _prepared(self, task: Task, made: bytes | AtlasError) -> None:
        if task.over:
            return
        if isinstance(made, AtlasError):
            self._end(task, made)
            return
        task.text, task.prepare = made, None
        self._placed.append(task)
        self._pump()

    def _begin(self, task: Task, worker: WorkerProcess) -> None:
        """The worker comes to this query now."""
        self._since[worker] = now = self.loop.time()
        task.worker = worker
        if task.op != "check":
            self.crew.opens = task.settings
        if task.lane == "reading" and worker.can_recover:
            worker.step_back(slow=False)
        task.deadline = now + task.seconds + _GRACE + (0.0 if worker.knows(task.settings) else _OPENING)

    def _ask(self, task: Task, worker: WorkerProcess) -> None:
        """At the end of this turn of the loop: what a worker is asked in one turn costs one call and one waking."""
        if not self._letters:
            self.loop.call_soon(self._post)
        question = pack_question(task.op, task.seconds, task.settings, task.text)
        self._letters.setdefault(worker, []).append(question)

    def _post(self) -> None:
        letters, self._letters = self._letters, {}
        for worker, questions in letters.items():
            try:
                if worker in self._lines and not worker.ask(b"".join(questions)):
                    self.loop.add_writer(worker.fileno(), self._writable, worker)
            except WorkerDied:
                self._lost(worker)

    def _tell_ahead(self) -> None:
        """Those who wait, to busy workers that answered lately, the shortest line first; none that is at something
        nobody waits for, which has no place to pass on. Not while queries take their time: who was told of a query runs
        it even when it was given to another meanwhile."""
        if self._usual > _BRIEF:
            return
        now = self.loop.time()
        while True:
            task = self._lanes.following()
            if not isinstance(task, Task) or task.prepare is not None:
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

    def _writable(self, worker: WorkerProcess) -> None:
        try:
            if worker.go_on():
                self.loop.remove_writer(worker.fileno())
        except WorkerDied:
            self._lost(worker)

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
                if task.op == "look":  # more than it looked like
                    task.op, task.text = "query", task.instead
                self._placed.appendleft(task)
            else:
                task.over = True
                self._lanes.leave(task)
        if not worker.recover() or (answer.outcome == "failed" and b'"error": "memory"' in answer.body[:40]):
            self._drop(worker)  # nobody else is to be given it
        else:
            self._next_in_line(worker, line)
        return None if again else task, spool

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
        self._letters.pop(worker, None)
        if worker.fileno() >= 0:
            self.loop.remove_writer(worker.fileno())
        self.crew.bury(worker)

    def _lost(self, worker: WorkerProcess) -> None:
        """The stream of a worker ended. Why is known when the process has ended too, which may take a moment."""
        task = self._lines[worker][0] if worker in self._lines else None
        if task is None:
            self._drop(worker)
            self._pump()
            return
        self.loop.remove_reader(worker.fileno())
        self.loop.remove_writer(worker.fileno())
        self._letters.pop(worker, None)
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
            self._placed.appendleft(task)
            self._pump()
        else:
            self._end(task, error)

    def _end(self, task: Task, error: AtlasError) -> None:
        """Whatever state it is in, the task is over."""
        task.over = True
        self._dismiss(task)
        if task in self._placed:
            self._placed.remove(task)
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
            for task in list(self._placed):
                self._end(task, came)
        else:
            self._pump()

    def _tick(self) -> None:
        """A query that outlives its quantum goes to the slow lane, or gives way if that is full; one past its
        deadline, or past its time in the queue, ends."""
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
            elif task.lane == "quick" and took >= self._limits.quantum:
                self._outlived(task, now, self._since[worker])
            elif took >= _LONG and self._usual <= _BRIEF and not worker.behind and worker.can_recover:
                worker.step_back(slow=False, far=True)
        self._pump()
        for waiting in self._lanes.expired(now):
            assert isinstance(waiting, Task)  # noqa: S101  only tasks enter here
            self._end(waiting, self._lanes.overloaded())
        self._ticking = bool(self._lines or self._placed or any(self._lanes.load()))
        if self._ticking:
            self.loop.call_later(_TICK, self._tick)

    def _outlived(self, task: Task, now: float, since: float) -> None:
        if self._lanes.promote(task):
            if task.worker is not None:
                task.worker.step_back(far=self._usual <= _BRIEF)
            self.crew.start()
            self._pump()
        elif self._lanes.contended() and now - since >= self._patience():
            self._dismiss(task)
            self._lanes.wait_for_slow(task, now)
            self._pump()

    def _patience(self) -> float:
        """Seconds after which a slow query gives way to those who wait. Where most take their time, to begin so many
        of them again would cost more than it gives."""
        return self._limits.quantum * (1 if self._usual < self._limits.quantum / 5 else 4)
