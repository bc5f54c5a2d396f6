"""Dispatcher of one pool: assigns queries to workers and delivers the answers, in one event loop without locks.

The way of a task: `submit` queues it → it gets a slot → its search clauses run, if it has any, and it waits for a quick
slot → it is ready → an idle worker gets it → its answer, or an error, is delivered. `_schedule` moves every task as far
as it can; each event (a new query, an answer, a death, a new worker, a tick of the clock) changes the state and calls
`_schedule`.

A busy worker also receives further questions ahead of time, because waking a process costs more than a look-up. Such
a task keeps waiting in its queue. When the worker comes to it and a slot is free, the task runs there. When the task
before it turns out to be slow, or the worker dies, another worker gets it, and the first worker's answer is ignored.
Measured on 2 cores with 8 clients: 33 % more look-ups a second at 100,000 triples, 66 % more at 1,000,000.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from graph.errors import AtlasError, QueryCancelled
from graph.sparql.limits import Limits
from graph.sparql.pool.fair_queues import QueryQueues
from graph.sparql.pool.search_clause_runner import SearchClauseRunner
from graph.sparql.pool.task import Task
from graph.sparql.pool.workers import Line, ReadyQueue, WorkerPool
from graph.sparql.worker.process import WorkerDied, WorkerProcess, interpret_death
from graph.sparql.worker.protocol import Answer, pack_question

__all__ = ["Dispatcher"]

GRACE_SECONDS: Final = 0.1
"""Time that the worker's own alarm is given before the dispatcher kills the worker and answers without waiting for its
end: a process of some gigabytes takes a while to go."""

OPENING_SECONDS: Final = 5.0
"""Time added for a worker that has to open a generation first; its alarm is set after that."""

TICK_SECONDS: Final = 0.02
"""Interval of the one timer that checks deadlines while anything runs or waits."""

BRIEF_SECONDS: Final = 0.005
"""Queries are sent ahead while the recent ones took no longer than this on average."""

MAX_SENT: Final = 4
"""Questions that one worker has received at most, the one that it evaluates included."""


class Dispatcher:
    """Runs the tasks of a pool. All methods are to be called in its loop; `worker_pool` is replaced by tests."""

    def __init__(
        self,
        limits: Limits,
        spool_dir: Path | None,
        loop: asyncio.AbstractEventLoop,
        *,
        seccomp: bool,
        worker_pool: type[WorkerPool] = WorkerPool,
    ) -> None:
        self._limits, self.loop = limits, loop
        self._queues = QueryQueues(limits)
        self._search_clauses = SearchClauseRunner(loop, self._queues, self._on_search_end)
        self.workers = worker_pool(
            limits,
            spool_dir,
            loop,
            on_arrival=self._on_arrival,
            on_readable=self._on_readable,
            on_lost=self._on_lost,
            seccomp=seccomp,
        )
        self._ready = ReadyQueue(self.workers)
        self._lines: dict[WorkerProcess, Line] = {}
        self._mean_seconds = 0.0
        self._ticking = False
        self._closed = False

    def submit(self, task: Task) -> None:
        """Run a task. Raises `Overloaded` and the other errors for which a query is not even queued."""
        if self._closed:
            raise QueryCancelled("The service is closing.")
        task.restarts_left = self._limits.workers + 1
        now = self.loop.time()
        task.until = now + task.seconds
        self._queues.enter(task, now)
        self._schedule()
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(TICK_SECONDS, self._tick)

    def withdraw(self, task: Task) -> None:
        """End a task whose client has left."""
        if not task.over:
            self._end(task, QueryCancelled("The query was cancelled."))

    def cancel(self, query_id: str, client: str | None = None) -> bool:
        """End the query to which that client gave that id; False where there is none."""
        task = self._queues.by_id(query_id, client)
        if not isinstance(task, Task):
            return False
        self.withdraw(task)
        return True

    def load(self) -> tuple[int, int]:
        """The number of queries that run, and of those that wait."""
        return self._queues.load()

    def busy(self) -> list[int]:
        """Process ids of the workers that run a query."""
        return [worker.pid for worker in self._lines]

    def close(self) -> None:
        """End every task and every worker; `submit` raises from now on."""
        self._closed = True
        running = [line.tasks[0] for line in self._lines.values()]
        for task in (*running, *self._ready.tasks(), *self._search_clauses.running(), *self._queues.waiting()):
            if isinstance(task, Task) and not task.over:
                self._end(task, QueryCancelled("The service is closing."))
        self.workers.close()

    def _schedule(self, *, use_last_worker: bool = False) -> None:
        """Grant slots, assign workers, send ahead: every task as far as it can go now."""
        while not self._closed and (task := self._queues.next(self._can_spare_worker)) is not None:
            assert isinstance(task, Task)  # noqa: S101  only tasks enter here
            if task.expand is not None:
                self._search_clauses.begin(task, task.expand)
            else:
                self._ready.add(task)
        while (assignment := self._ready.assign(busy=bool(self._lines) and not use_last_worker)) is not None:
            self._run(*assignment)
        self._send_ahead()

    def _can_spare_worker(self) -> bool:
        return self._ready.can_spare_worker(busy=bool(self._lines))

    def _run(self, task: Task, worker: WorkerProcess) -> None:
        self._lines[worker] = Line(self.loop.time(), deque([task]))
        self._begin(task, worker)
        self._send(task, worker)

    def _begin(self, task: Task, worker: WorkerProcess) -> None:
        """The worker evaluates this task from now on."""
        self._lines[worker].since = self.loop.time()
        task.worker = worker
        if task.op != "check":
            self.workers.opens = task.settings
        if task.slot == "slow":  # it starts again and takes its time: another worker is needed for quick queries
            worker.renice()
            self.workers.start()
        elif task.slot == "reading" and worker.can_restore_priority:
            worker.renice(slow=False)
        opening = 0.0 if worker.knows(task.settings) else OPENING_SECONDS
        task.kill_at = task.until + GRACE_SECONDS + opening

    def _send(self, task: Task, worker: WorkerProcess) -> None:
        seconds = max(task.until - self.loop.time(), TICK_SECONDS)
        self.workers.send(worker, pack_question(task.op, seconds, task.settings, task.text))

    def _send_ahead(self) -> None:
        """Send waiting queries to busy workers with brief queries, those with the shortest line first.

        Not while queries take their time: a worker evaluates what it has received even if another got it meanwhile.
        """
        while self._mean_seconds <= BRIEF_SECONDS and isinstance(task := self._queues.first(), Task):
            worker = min(self._open_workers(), key=lambda worker: len(self._lines[worker].tasks), default=None)
            if worker is None:
                return
            self._append(task, worker)

    def _open_workers(self) -> Iterator[WorkerProcess]:
        """The workers that may receive another question. The first task has to hold a slot, to pass it on."""
        now = self.loop.time()
        for worker, line in self._lines.items():
            first = line.tasks[0]
            if first is None or first.slot != "quick" or len(line.tasks) >= MAX_SENT:
                continue
            if worker.sent and not worker.slow and now - line.since < TICK_SECONDS:
                yield worker

    def _append(self, task: Task, worker: WorkerProcess) -> None:
        task.sent_ahead, task.worker = True, worker
        self._lines[worker].tasks.append(task)
        self._send(task, worker)

    def _on_readable(self, worker: WorkerProcess) -> None:
        try:
            answers = worker.read()
        except WorkerDied:
            self._on_lost(worker)
            return
        received = [(answer, *self._accept(worker, answer)) for answer in answers]
        self._schedule()  # the worker has its next question before the answers are passed on
        for answer, task, spool in received:
            if task is not None:
                task.deliver((answer, spool))
            elif spool is not None:
                spool.close()

    def _accept(self, worker: WorkerProcess, answer: Answer) -> tuple[Task | None, IO[bytes] | None]:
        """The task to which the answer is to be delivered, if any, and the answer's spool file."""
        line = self._lines.get(worker)
        if line is None:  # an answer without a question
            self._drop(worker)
            return None, None
        task = line.tasks.popleft()
        spool = worker.take_spool() if answer.outcome == "spooled" else None
        self._mean_seconds += (answer.ms / 1000 - self._mean_seconds) / 16
        if task is not None:
            task.worker = None
            if answer.outcome == "again":
                self._ready.add(task)  # no spool file was at hand
                task = None
            else:
                task.over = True
                self._queues.leave(task)
        out_of_memory = answer.outcome == "failed" and b'"error": "memory"' in answer.body[:40]
        if out_of_memory or not worker.usable or not worker.restore_priority():
            self._drop(worker)
        else:
            self._next_in_line(worker, line)
        return task, spool

    def _next_in_line(self, worker: WorkerProcess, line: Line) -> None:
        """The worker evaluates the next question of its line, or is idle."""
        if not line.tasks:
            del self._lines[worker]
            self.workers.give_back(worker)
            return
        task = line.tasks[0]
        if task is not None and self._queues.grant(task):
            self._begin(task, worker)
            return
        line.since = self.loop.time()
        line.retract()
        line.tasks[0] = None

    def _end(self, task: Task, error: AtlasError) -> None:
        """The task is over with an error, whatever state it is in."""
        task.over = True
        if task.search_deadline is not None:
            task.search_deadline.cancel()
        self._take_from_worker(task)
        self._ready.discard(task)
        self._queues.leave(task)
        self._schedule()
        task.deliver(error)

    def _take_from_worker(self, task: Task) -> None:
        """Kill the worker that evaluates the task, if one does. A question sent ahead is answered in vain."""
        worker, task.worker = task.worker, None
        if worker is None:
            return
        if task.sent_ahead:
            tasks = self._lines[worker].tasks
            tasks[tasks.index(task)] = None
            task.sent_ahead = False
        else:
            self._drop(worker)

    def _drop(self, worker: WorkerProcess) -> None:
        """End a worker; the tasks that were sent ahead wait for another."""
        line = self._lines.pop(worker, None)
        if line is not None:
            line.retract()
        self.workers.remove(worker)

    def _on_lost(self, worker: WorkerProcess) -> None:
        """The stream of a worker ended. The reason is known once the process has ended too, which may take a moment."""
        line = self._lines.get(worker)
        task = line.tasks[0] if line is not None else None
        if line is None or task is None:
            self._drop(worker)
            self._schedule()
            return
        self.workers.stop_listening(worker)
        line.retract()
        ran_seconds = self.loop.time() - line.since

        def find_reason() -> None:
            error = worker.death(task.seconds)
            with suppress(RuntimeError):  # the loop has ended
                self.loop.call_soon_threadsafe(self._on_death, worker, task, ran_seconds, error)

        threading.Thread(target=find_reason, name="sparql-death", daemon=True).start()
        self._schedule()

    def _on_death(self, worker: WorkerProcess, task: Task, ran_seconds: float, error: AtlasError) -> None:
        if worker not in self._lines:
            return  # the task was ended meanwhile
        self._drop(worker)
        task.worker = None
        innocent = worker.killed_from_outside and ran_seconds < self._limits.quantum
        if innocent and task.restarts_left and not self._closed:
            task.restarts_left -= 1
            self._ready.add(task)
            self._schedule()
        else:
            self._end(task, error)

    def _on_search_end(self, task: Task, error: AtlasError | None) -> None:
        if error is not None and not task.over:
            self._end(task, error)
        else:
            self._schedule()

    def _on_arrival(self, arrival: WorkerProcess | AtlasError) -> None:
        if isinstance(arrival, AtlasError):
            self._schedule(use_last_worker=True)
            for task in self._ready.tasks():
                self._end(task, arrival)
        else:
            self._schedule()

    def _tick(self) -> None:
        """End what is past its time; move what has outlived its quantum to a slow slot, or have it start again."""
        now = self.loop.time()
        for worker, line in list(self._lines.items()):
            ran_seconds, task = now - line.since, line.tasks[0]
            if ran_seconds >= TICK_SECONDS and len(line.tasks) > 1:
                line.retract()
            if task is None:
                if ran_seconds >= self._limits.quantum:  # slow, and nobody waits for it
                    self._drop(worker)
            elif now >= task.kill_at:
                self._end(task, interpret_death(0, "deadline", "", task.seconds))
            elif task.slot in ("lookup", "quick") and ran_seconds >= self._limits.quantum:
                self._on_quantum(task, ran_seconds)
        self._schedule()
        self._end_expired(now)
        self._ticking = bool(self._lines or any(self._queues.load()))
        if self._ticking:
            self.loop.call_later(TICK_SECONDS, self._tick)

    def _on_quantum(self, task: Task, ran_seconds: float) -> None:
        """A quick query turns out to be slow."""
        if self._queues.move_to_slow(task):
            if task.worker is not None:
                task.worker.renice()
            self.workers.start()
            self._schedule()
        elif self._queues.contended() and ran_seconds >= self._patience(task):
            self._take_from_worker(task)
            if self._queues.wait_for_slow(task):
                self._schedule()
            else:
                self._end(task, self._queues.overloaded())

    def _patience(self, task: Task) -> float:
        """Seconds after which a slow query gives its worker up to those that wait. Where most queries are slow, so many
        restarts would cost more than they give."""
        mostly_slow = task.wants != "lookup" and self._mean_seconds >= self._limits.quantum / 5
        return self._limits.quantum * (4 if mostly_slow else 1)

    def _end_expired(self, now: float) -> None:
        """End the queries whose searches are past the deadline, and those that have waited too long for a worker;
        these have more time while the pool starts its first worker."""
        for task in self._search_clauses.expired(now):
            self._end(task, interpret_death(0, "deadline", "", task.seconds))
        now -= 0 if self.workers.begun else self._limits.wait
        late = [task for task in self._ready.tasks() if now >= task.until]
        for entry in (*late, *self._queues.expired(now)):
            assert isinstance(entry, Task)  # noqa: S101  only tasks enter here
            if not entry.over:
                self._end(entry, self._queues.overloaded())
