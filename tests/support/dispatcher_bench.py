"""A dispatcher whose clock is a variable of the test, and whose workers are no processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from graph.errors import AtlasError
from graph.sparql.limits import Limits
from graph.sparql.pool.dispatcher import Dispatcher
from graph.sparql.pool.fair_queues import SlotKind
from graph.sparql.pool.task import Delivery, Expand, Task
from graph.sparql.worker.protocol import Answer, Op


class Loop(asyncio.AbstractEventLoop):
    """An event loop whose time passes only in `pass_until`."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], object]]] = []
        self.called_from_thread = threading.Event()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Any, *args: Any, **_: Any) -> Any:
        self._due.append((self.now + delay, lambda: callback(*args)))

    def call_soon_threadsafe(self, callback: Any, *args: Any, **_: Any) -> Any:
        self.call_later(0.0, callback, *args)
        self.called_from_thread.set()

    def pass_until(self, end: float) -> None:
        while due := [event for event in self._due if event[0] <= end]:
            first = min(due, key=lambda event: event[0])
            self._due.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = end

    def wait_for_thread(self) -> None:
        """Wait until a thread has called into the loop, and run what it called."""
        assert self.called_from_thread.wait(10)
        self.called_from_thread.clear()
        self.pass_until(self.now)


class Worker:
    """A worker that answers when `read` is called."""

    can_restore_priority = usable = sent = True
    slow = reniced = False

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.outcomes: list[str] = []

    def knows(self, settings: bytes) -> bool:
        return True

    def renice(self, *, slow: bool = True) -> None:
        self.reniced, self.slow = True, slow

    def restore_priority(self) -> bool:
        self.reniced = self.slow = False
        return True

    def read(self) -> list[Answer]:
        outcome: Any = self.outcomes.pop(0) if self.outcomes else "done"
        return [Answer(outcome, "bindings", 1.0, 0, b"")]


class Workers:
    """A worker pool with all its workers there at once; further ones arrive when `arrive` is called."""

    complete, begun = False, True

    def __init__(self, limits: Limits, spool_dir: object, loop: object, *, on_arrival: Any, on_readable: Any, **_: Any):
        self._limits, self._on_arrival, self.on_readable = limits, on_arrival, on_readable
        self.opens = b""
        self.all = [Worker(number) for number in range(limits.workers + 1)]
        self.idle = list(self.all)
        self.starting = 0
        self.sent: list[Worker] = []

    def start(self) -> None:
        self.starting = self._limits.workers + 1 - sum(not worker.slow for worker in self.all)

    prioritise = start

    def arrive(self) -> None:
        """The workers that were being started are ready."""
        while self.starting > 0:
            self.starting -= 1
            self.all.append(Worker(100 + len(self.all)))
            self.idle.append(self.all[-1])
            self._on_arrival(self.all[-1])

    def free(self) -> int:
        return len(self.idle)

    def take(self) -> Worker | None:
        return self.idle.pop() if self.idle else None

    def send(self, worker: Worker, question: bytes) -> None:
        self.sent.append(worker)

    def give_back(self, worker: Worker) -> None:
        self.idle.append(worker)

    def remove(self, worker: Worker) -> None:
        if worker in self.all:
            self.all.remove(worker)
        self.start()


class Bench:
    """A dispatcher over fake workers, and the deliveries of its tasks by name: (time, delivery)."""

    def __init__(self, *, loop: Loop | None = None, **limits: Any) -> None:
        self.loop = loop or Loop()
        self.dispatcher = Dispatcher(Limits(**limits), None, self.loop, seccomp=False, worker_pool=Workers)  # type: ignore[arg-type]
        self.workers: Any = self.dispatcher.workers
        self.deliveries: dict[str, tuple[float, Delivery]] = {}

    def submit(
        self,
        name: str,
        wants: SlotKind = "quick",
        seconds: float = 10.0,
        expand: Expand | None = None,
        op: Op = "query",
    ) -> Task:
        def deliver(delivery: Delivery) -> None:
            self.deliveries[name] = (round(self.loop.now, 1), delivery)

        task = Task(
            client=None, query_id=name, op=op, settings=b"", text=b"", seconds=seconds, deliver=deliver, wants=wants,
            expand=expand,
        )  # fmt: skip
        self.dispatcher.submit(task)
        return task

    def answer(self, task: Task) -> None:
        self.workers.on_readable(task.worker)

    def error(self, name: str) -> tuple[float, type]:
        when, delivery = self.deliveries[name]
        assert isinstance(delivery, AtlasError)
        return when, type(delivery)
