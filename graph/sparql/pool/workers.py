"""The worker processes of a pool: starts them, keeps the idle ones, sends them questions, replaces those that end.

The pool's loop is the only user. Starting and ending a process take time, so each has a thread of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from graph.errors import AtlasError, QueryFailed
from graph.sparql.limits import Limits
from graph.sparql.pool.task import Task
from graph.sparql.worker.process import WorkerDied, WorkerProcess

__all__ = ["Line", "ReadyQueue", "WorkerPool"]

RETRY_SECONDS: Final = 1.0
"""Pause before another start where a worker could not be started."""

MAX_STARTING: Final = 2
"""Workers that are started at the same time: many deaths are no burst of starts."""


@dataclass(slots=True, eq=False)
class Line:
    """The questions that one worker has received, in order; it evaluates the first, `since` then (the loop's clock).
    None stands for a question whose answer nobody waits for."""

    since: float
    tasks: deque[Task | None] = field(default_factory=deque)

    def retract(self) -> None:
        """The tasks that were sent ahead wait for another worker."""
        for position, task in enumerate(self.tasks):
            if task is not None and task.sent_ahead:
                task.sent_ahead, task.worker, self.tasks[position] = False, None, None


class WorkerPool:
    """Keeps `limits.workers` workers for quick queries and one spare, so that no query waits for a start (about 0.1 s).

    In the loop, `on_arrival` is called with each worker that is ready, or with the error of one that did not start;
    `on_readable` with a worker whose answer can be read; `on_lost` with a worker that turns out to be dead.

    `opens` are the settings of the last query: a new worker opens their generation before it is given out. `begun`: a
    worker has been ready.
    """

    def __init__(
        self,
        limits: Limits,
        spool_dir: Path | None,
        loop: asyncio.AbstractEventLoop,
        *,
        on_arrival: Callable[[WorkerProcess | AtlasError], None],
        on_readable: Callable[[WorkerProcess], None],
        on_lost: Callable[[WorkerProcess], None],
        seccomp: bool,
    ) -> None:
        self._limits = limits
        self._spool_dir = spool_dir or Path(tempfile.gettempdir())
        self._loop, self._seccomp = loop, seccomp
        self._on_arrival, self._on_readable, self._on_lost = on_arrival, on_readable, on_lost
        self.opens = b""
        self.begun = False
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._starting = 0
        self._closed = False
        self._outbox: dict[WorkerProcess, list[bytes]] = {}
        self._threads: set[threading.Thread] = set()
        self._booting: set[WorkerProcess] = set()
        self._arriving: set[WorkerProcess] = set()
        self._background: set[WorkerProcess] = set()

    def start(self) -> None:
        """Start the workers that are missing."""
        while not self._closed and self._starting < MAX_STARTING and self._missing() > 0:
            # The spare starts at low priority: queries that end their workers would else take most of the processor.
            is_spare = self._missing() == 1
            self._starting += 1
            self._in_thread(partial(self._spawn, self.opens, is_spare=is_spare), "sparql-start")

    def prioritise(self) -> None:
        """A query waits for a worker: start the missing ones, and none of them at low priority."""
        self.start()
        for worker in list(self._background):
            worker.restore_priority()

    @property
    def starting(self) -> int:
        """The number of workers that are being started."""
        return self._starting

    @property
    def complete(self) -> bool:
        """Whether the spare is there, besides a worker for each quick slot."""
        return sum(not worker.slow for worker in self._all) > self._limits.workers

    def free(self) -> int:
        """The number of idle workers."""
        return len(self._idle)

    def idle(self) -> list[int]:
        """The process ids of the idle workers."""
        return [worker.pid for worker in self._idle]

    def take(self) -> WorkerProcess | None:
        """An idle worker, the one that was used last: its memory is still in the processor's cache."""
        return self._idle.pop() if self._idle else None

    def give_back(self, worker: WorkerProcess) -> None:
        """The worker has answered everything. It is idle now, unless it was slowed down or has died."""
        if worker.usable and not worker.slow and not self._closed:
            self._idle.append(worker)
        else:
            self.remove(worker)

    def send(self, worker: WorkerProcess, question: bytes) -> None:
        """Send a question at the end of this turn of the loop, together with the others for the same worker."""
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.setdefault(worker, []).append(question)

    def stop_listening(self, worker: WorkerProcess) -> None:
        """Send nothing more to a worker, and read nothing more from it."""
        self._outbox.pop(worker, None)
        if worker.fileno() >= 0:  # a worker that was found dead is closed
            self._loop.remove_writer(worker.fileno())
            self._loop.remove_reader(worker.fileno())

    def remove(self, worker: WorkerProcess) -> None:
        """End a worker, if it has not ended, and replace it. Repeatable."""
        if worker not in self._all:
            return
        self._all.discard(worker)
        self.stop_listening(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        worker.kill("closed")
        self._in_thread(worker.close, "sparql-end")
        self.start()

    def close(self) -> None:
        """Kill all workers, those that are still starting too."""
        self._closed = True  # first: `_spawn` looks at it after it has added its worker
        for worker in [*self._all, *self._booting]:
            worker.kill("closed")
        for worker in list(self._all):
            self.remove(worker)

    def wait_closed(self, seconds: float) -> None:
        """Wait until the processes have ended. From any thread but the loop's."""
        for thread in list(self._threads):
            thread.join(seconds)
        for worker in list(self._arriving):  # started, but the loop has not taken them in
            worker.kill("closed")
            worker.close()

    def _missing(self) -> int:
        fast = sum(not worker.slow for worker in self._all)
        return self._limits.workers + 1 - fast - self._starting

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, {}
        for worker, questions in outbox.items():
            try:
                if worker.usable and not worker.ask(b"".join(questions)):
                    self._loop.add_writer(worker.fileno(), self._send_more, worker)
            except WorkerDied:
                self._on_lost(worker)

    def _send_more(self, worker: WorkerProcess) -> None:
        try:
            if worker.go_on():
                self._loop.remove_writer(worker.fileno())
        except WorkerDied:
            self._on_lost(worker)

    def _spawn(self, opens: bytes, *, is_spare: bool) -> None:
        """Start a worker, in a thread of its own."""
        arrival: WorkerProcess | AtlasError
        try:
            self._spool_dir.mkdir(parents=True, exist_ok=True)
            arrival = WorkerProcess(self._limits, self._spool_dir, seccomp=self._seccomp)
            self._boot(arrival, opens, is_spare=is_spare)
            self._arriving.add(arrival)
            if self._closed:  # `wait_closed` may not have waited for this thread, and the loop may have ended
                arrival.kill("closed")
                arrival.close()
        except AtlasError as error:
            arrival = error
        except OSError as error:
            reason = f"No query worker could be started: {error.strerror}."
            arrival = QueryFailed(reason, "Check memory and disk space.")
        with suppress(RuntimeError):  # the loop may have been closed meanwhile
            self._loop.call_soon_threadsafe(self._arrived, arrival)

    def _boot(self, worker: WorkerProcess, opens: bytes, *, is_spare: bool) -> None:
        """Wait until a worker is ready; `close` ends the wait. Raises `QueryFailed` where it does not start."""
        self._booting.add(worker)
        try:
            if self._closed:
                worker.kill("closed")
            if is_spare and worker.can_restore_priority:
                worker.renice(slow=False)
                self._background.add(worker)
            worker.wait_ready(opens)
        finally:
            self._background.discard(worker)
            self._booting.discard(worker)
        worker.restore_priority()

    def _arrived(self, arrival: WorkerProcess | AtlasError) -> None:
        self._starting -= 1
        if isinstance(arrival, WorkerProcess):
            self._arriving.discard(arrival)
            if self._closed:  # and `wait_closed` may have ended this worker already
                arrival.kill("closed")
                self._in_thread(arrival.close, "sparql-end")
                return
            self._all.add(arrival)
            self.begun = True
            self._loop.add_reader(arrival.fileno(), self._on_readable, arrival)
            self._idle.append(arrival)
            self.start()
        elif not self._closed:
            self._loop.call_later(RETRY_SECONDS, self.start)
        self._on_arrival(arrival)

    def _in_thread(self, work: Callable[[], object], name: str) -> None:
        def run() -> None:
            try:
                work()
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.add(thread)
        thread.start()


class ReadyQueue:
    """Tasks that have a slot and wait for a worker."""

    def __init__(self, workers: WorkerPool) -> None:
        self._workers = workers
        self._tasks: deque[Task] = deque()

    def add(self, task: Task) -> None:
        """Queue a task. Look-ups come before queries that may keep a worker for long."""
        if task.wants == "lookup":
            self._tasks.appendleft(task)
        else:
            self._tasks.append(task)

    def discard(self, task: Task) -> None:
        """Remove a task, if it is here."""
        if task in self._tasks:
            self._tasks.remove(task)

    def tasks(self) -> list[Task]:
        """The tasks, the next one first."""
        return list(self._tasks)

    def assign(self, *, busy: bool) -> tuple[Task, WorkerProcess] | None:
        """The next task and its worker; None where there is neither. `busy`: other tasks run.

        Starting a worker takes longest where slow queries keep the processor busy, which is when many have to be
        started. So while one is being started the last idle worker is kept for look-ups, which give it back at once.
        """
        if not self._tasks:
            return None
        workers = self._workers
        if self._tasks[0].wants == "lookup" or not busy or workers.free() > 1 or not workers.starting:
            worker = workers.take()
            if worker is not None:
                return self._tasks.popleft(), worker
        workers.prioritise()
        return None

    def can_spare_worker(self, *, busy: bool) -> bool:
        """Whether a worker can be spared to read a long text: the others have enough, or there are no others."""
        self._workers.start()
        return self._workers.free() > len(self._tasks) and (self._workers.complete or not busy)
