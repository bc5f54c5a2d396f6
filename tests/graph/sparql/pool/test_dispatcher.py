"""Dispatcher: which task gets a worker, and when a task without one ends.

The clock is a variable of the test, and no worker is a process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from graph.deadline import Deadline
from graph.errors import AtlasError, Overloaded, QueryCancelled, QueryFailed, QueryTimeout
from graph.sparql.limits import Limits
from graph.sparql.pool.dispatcher import Dispatcher
from graph.sparql.pool.fair_queues import SlotKind
from graph.sparql.pool.task import Delivery, Expand, Task
from graph.sparql.search_request import SearchClauseRows
from graph.sparql.worker.protocol import Answer, Op

Expansion = tuple[bytes, tuple[SearchClauseRows, ...]]


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


def test_a_query_that_starts_again_in_a_slow_slot_leaves_a_worker_to_the_others() -> None:
    bench = Bench(workers=1, slow=1)
    first = bench.submit("first", seconds=5.0)
    bench.loop.pass_until(0.3)
    assert first.slot == "slow"
    second, third = bench.submit("second"), bench.submit("third")
    bench.workers.arrive()
    bench.loop.pass_until(1.5)
    assert (second.slot, third.slot) == (None, "quick"), "the second gave its worker up"
    bench.workers.arrive()
    bench.loop.pass_until(6.0)
    assert bench.error("first") == (5.1, QueryTimeout)
    assert second.slot == "slow"
    bench.workers.arrive()
    assert bench.workers.free() >= 1, "besides those of the two that run"
    assert second.worker is not None
    assert second.worker.slow


def test_a_look_up_gets_a_worker_whatever_else_waits() -> None:
    bench = Bench(workers=2, slow=2)
    slow = [bench.submit(f"slow {n}") for n in range(20)]
    for _ in range(40):
        look_up = bench.submit(f"look-up at {bench.loop.now}", "lookup")
        assert look_up.worker is not None, f"none at {bench.loop.now}"
        bench.answer(look_up)
        bench.loop.pass_until(bench.loop.now + 0.02)

    def running() -> int:
        return sum(task.worker is not None and not task.sent_ahead for task in slow)

    assert running() == 2, "a third would have taken the last worker, and no other has arrived"
    bench.workers.arrive()
    assert running() == 4


def test_a_look_up_overtakes_long_texts() -> None:
    """They are read one at a time, and only while a worker can be spared."""
    bench = Bench(workers=1)
    bench.workers.complete = True
    texts = [bench.submit(f"text {n}", "reading", op="check") for n in range(12)]
    assert sum(task.worker is not None for task in texts) == 1
    look_up = bench.submit("look-up", "lookup")
    assert look_up.worker is not None
    bench.answer(look_up)
    bench.answer(next(task for task in texts if task.worker))
    assert sum(task.worker is not None for task in texts) == 1, "the next one"


def test_a_query_whose_time_passes_while_it_waits_ends_then() -> None:
    bench = Bench(workers=1, slow=1)
    bench.submit("runs")
    bench.submit("waits for a slow slot", seconds=1.0)
    ready = bench.submit("waits for a worker", seconds=8.0)
    bench.loop.pass_until(7.0)
    assert (ready.slot, ready.worker) == ("quick", None), "no worker arrived"
    bench.submit("waits for a quick slot", seconds=0.4)
    bench.loop.pass_until(12.0)
    assert bench.error("waits for a slow slot") == (1.0, Overloaded)
    assert bench.error("waits for a worker") == (8.0, Overloaded)
    assert bench.error("waits for a quick slot") == (7.4, Overloaded)
    assert bench.error("runs") == (10.1, QueryTimeout)


def test_the_first_queries_wait_for_the_first_worker() -> None:
    """It takes longer to start than some of them have."""
    bench = Bench(workers=1, wait=3.0)
    bench.workers.begun, bench.workers.idle[:], bench.workers.all[:] = False, [], []
    first, second = bench.submit("first", seconds=0.2), bench.submit("second", seconds=1.0)
    bench.loop.pass_until(3.0)
    assert (first.slot, first.worker, second.slot) == ("quick", None, None)
    bench.loop.pass_until(5.0)
    assert (bench.error("first"), bench.error("second")) == ((3.2, Overloaded), (4.0, Overloaded))


def test_time_spent_waiting_is_time_of_the_query() -> None:
    bench = Bench(workers=1, slow=1, quantum=5.0)
    first, second = bench.submit("first"), bench.submit("second", seconds=3.0)
    bench.loop.pass_until(2.0)
    bench.answer(first)
    assert second.worker is not None
    bench.loop.pass_until(4.0)
    assert bench.error("second") == (3.1, QueryTimeout)


def test_waiting_queries_are_sent_ahead_to_the_worker_that_answers_brief_ones() -> None:
    bench = Bench(workers=1)
    first, second, third = (bench.submit(name) for name in ("first", "second", "third"))
    worker = first.worker
    assert bench.workers.sent == [worker] * 3, "no other worker is woken"
    assert (second.slot, second.worker, second.sent_ahead) == (None, worker, True)
    bench.answer(first)
    assert (second.slot, second.worker, second.sent_ahead) == ("quick", worker, False)
    bench.answer(second)
    bench.answer(third)
    assert set(bench.deliveries) == {"first", "second", "third"}


def test_a_query_sent_ahead_behind_a_slow_one_goes_to_another_worker() -> None:
    bench = Bench(workers=1)
    slow, second = bench.submit("slow"), bench.submit("second")
    assert second.sent_ahead
    bench.loop.pass_until(0.1)
    assert not second.sent_ahead
    bench.loop.pass_until(0.4)
    assert (slow.slot, second.slot) == ("slow", "quick")
    bench.workers.arrive()
    assert second.worker not in (None, slow.worker)


def test_a_query_that_is_cancelled_after_it_was_sent_ahead_costs_no_worker() -> None:
    bench = Bench(workers=1)
    first, _ = bench.submit("first"), bench.submit("second")
    assert bench.dispatcher.cancel("second")
    assert bench.error("second") == (0.0, QueryCancelled)
    assert first.worker in bench.workers.all
    bench.answer(first)
    bench.workers.on_readable(bench.workers.sent[0])
    assert set(bench.deliveries) == {"first", "second"}, "the answer in vain is ignored"
    assert bench.workers.free() == 2


def test_a_query_for_which_no_spool_file_is_at_hand_runs_again() -> None:
    bench = Bench(workers=1)
    query = bench.submit("query")
    worker: Any = query.worker
    worker.outcomes = ["again"]
    bench.answer(query)
    assert (query.slot, query.over) == ("quick", False)
    bench.answer(query)
    assert "query" in bench.deliveries


def test_a_query_whose_client_has_left_frees_its_slot() -> None:
    bench = Bench(workers=1)
    first, second = bench.submit("first"), bench.submit("second")
    bench.dispatcher.withdraw(first)
    assert bench.error("first") == (0.0, QueryCancelled)
    assert second.slot == "quick" and second.worker is not None
    bench.dispatcher.withdraw(first)
    assert bench.dispatcher.load() == (1, 0)


def test_searches_take_no_slot_of_other_queries_and_end_at_the_deadline() -> None:
    bench = Bench(workers=1)
    begun, go = threading.Event(), threading.Event()
    steps: list[int] = []

    def expand(deadline: Deadline) -> Expansion:
        for number in range(3):
            deadline.check()
            steps.append(number)
            begun.set()
            go.wait(10)
        return b"", ()

    searching = bench.submit("searching", "searching", 1.0, expand)
    assert begun.wait(10)
    second = bench.submit("second", "searching", 3.0, lambda deadline: (b"expanded", ()))
    quick = bench.submit("quick")
    assert quick.worker is not None
    bench.answer(quick)
    bench.loop.pass_until(2.0)
    assert bench.error("searching") == (1.0, QueryTimeout)
    assert second.slot is None, "the first search holds the one slot until its next step"
    bench.loop.called_from_thread.clear()
    go.set()
    bench.loop.wait_for_thread()
    assert steps == [0], "no step began after the deadline"
    bench.loop.wait_for_thread()
    assert (second.slot, second.text) == ("quick", b"expanded")
    assert searching.worker is None


@pytest.mark.parametrize("failure", [ZeroDivisionError("secret detail"), SystemExit(1)])
def test_a_search_that_fails_for_a_reason_of_ours_is_no_fault_of_the_client(
    failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, not shown, and the place for searches is free again."""
    bench = Bench(workers=1)

    def expand(deadline: Deadline) -> Expansion:
        raise failure

    for name in ("first", "second"):
        bench.submit(name, "searching", 5.0, expand)
        bench.loop.wait_for_thread()
        _, error = bench.deliveries[name]
        assert isinstance(error, QueryFailed) and "secret" not in str(error)
    assert [record.message for record in caplog.records] == ["a search inside a query failed"] * 2


def test_searches_end_once_their_client_has_left() -> None:
    bench = Bench(workers=1)
    started, ended = threading.Event(), threading.Event()
    seconds_left: list[float] = []

    def expand(deadline: Deadline) -> Expansion:
        started.set()
        assert ended.wait(10)
        seconds_left.append(deadline.remaining())
        deadline.check()
        raise AssertionError("not ended")

    task = bench.submit("searching", "searching", 5.0, expand)
    assert started.wait(10)
    bench.dispatcher.withdraw(task)
    ended.set()
    bench.loop.wait_for_thread()
    assert seconds_left == [0.0]
    assert bench.error("searching") == (0.0, QueryCancelled)
    assert bench.dispatcher.load() == (0, 0)


def test_a_search_that_fails_ends_its_query() -> None:
    bench = Bench(workers=1)

    def expand(deadline: Deadline) -> Expansion:
        raise Overloaded("No search now.")

    bench.submit("searching", "searching", 5.0, expand)
    bench.loop.wait_for_thread()
    assert bench.error("searching") == (0.0, Overloaded)


def test_a_search_asks_the_loop_for_its_time_in_the_thread_of_the_loop_only() -> None:
    askers: set[threading.Thread] = set()

    class WatchedLoop(Loop):
        def time(self) -> float:
            askers.add(threading.current_thread())
            return super().time()

    bench = Bench(workers=1, loop=WatchedLoop())

    def expand(deadline: Deadline) -> Expansion:
        deadline.check()
        return b"", ()

    bench.submit("searching", "searching", 5.0, expand)
    bench.loop.wait_for_thread()
    assert askers == {threading.current_thread()}


def test_a_search_may_end_after_its_loop() -> None:
    """As a server stops: nobody is left to hear of it, and the thread ends without a traceback."""
    ended = threading.Event()
    faults: list[threading.ExceptHookArgs] = []

    class ClosedLoop(Loop):
        def call_soon_threadsafe(self, callback: Any, *args: Any, **_: Any) -> Any:
            ended.set()
            raise RuntimeError("Event loop is closed")

    threads = set(threading.enumerate())
    hook, threading.excepthook = threading.excepthook, faults.append
    try:
        Bench(workers=1, loop=ClosedLoop()).submit("searching", "searching", 5.0, lambda deadline: (b"", ()))
        assert ended.wait(10)
        for thread in set(threading.enumerate()) - threads:
            thread.join(10)
    finally:
        threading.excepthook = hook
    assert not faults
