"""Who gets a worker, and when a query ends that has none: the dispatcher with a clock of its own and no processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from graph.errors import AtlasError, Overloaded, QueryTimeout
from graph.sparql.limits import Limits
from graph.sparql.pool.dispatcher import Dispatcher
from graph.sparql.pool.queues import Lane
from graph.sparql.pool.task import Delivered, Search, Task
from graph.sparql.pool.workers import WorkerPool as RealCrew
from graph.sparql.worker.protocol import Answer


class Loop(asyncio.AbstractEventLoop):
    """Its time passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], object]]] = []
        self.came = threading.Event()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Any, *args: Any, **_: Any) -> Any:
        self._due.append((self.now + delay, lambda: callback(*args)))

    def call_soon(self, callback: Any, *args: Any, **_: Any) -> Any:
        self.call_later(0.0, callback, *args)

    def call_soon_threadsafe(self, callback: Any, *args: Any, **_: Any) -> Any:
        self.call_later(0.0, callback, *args)
        self.came.set()

    def remove_reader(self, fd: Any) -> bool:
        return True

    def remove_writer(self, fd: Any) -> bool:
        return True

    def pass_until(self, end: float) -> None:
        while due := [each for each in self._due if each[0] <= end]:
            first = min(due, key=lambda each: each[0])
            self._due.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = end


class Worker:
    """Answers when it is told to."""

    can_recover = usable = sent = True
    slow = behind = False

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def fileno(self) -> int:
        return self.pid

    def ask(self, question: bytes) -> bool:
        return True

    def knows(self, settings: bytes) -> bool:
        return True

    def step_back(self, *, slow: bool = True, far: bool = False) -> None:
        self.behind, self.slow = True, slow

    def recover(self) -> bool:
        self.behind = self.slow = False
        return True

    def read(self) -> list[Answer]:
        return [Answer("done", "bindings", 1.0, 0, b"")]


class WorkerPool:
    """Three workers that are there, and others that come when they are told to."""

    complete, begun = False, True

    def __init__(self, limits: Limits, spool: object, loop: object, arrived: Any, readable: Any, **_: object) -> None:
        self._limits, self._arrived, self.readable = limits, arrived, readable
        self.opens = b""
        self.all = [Worker(number) for number in range(limits.workers + 1)]
        self.idle = list(self.all)
        self.starting = 0

    def start(self) -> None:
        self.starting = self._limits.workers + 1 - sum(not each.slow for each in self.all)

    hurry = start

    def come(self) -> None:
        """Those who are on their way arrive."""
        while self.starting > 0:
            self.starting -= 1
            self.all.append(Worker(100 + len(self.all)))
            self.idle.append(self.all[-1])
            self._arrived(self.all[-1])

    def free(self) -> int:
        return len(self.idle)

    def take(self, wanted: Lane) -> Worker | None:
        return self.idle.pop(-1 if wanted == "look" else 0) if self.idle else None

    def give_back(self, worker: Worker) -> None:
        self.idle.append(worker)

    def bury(self, worker: Worker) -> None:
        if worker in self.all:
            self.all.remove(worker)
        self.start()


class Room:
    """A dispatcher, and what became of what it was asked."""

    def __init__(self, **limits: Any) -> None:
        self.loop = Loop()
        self.dispatcher = Dispatcher(Limits(**limits), None, self.loop, seccomp=False, crew=WorkerPool)  # type: ignore[arg-type]
        self.crew: Any = self.dispatcher.crew
        self.ended: dict[str, tuple[float, Delivered]] = {}

    def ask(self, name: str, wanted: Any = "quick", seconds: float = 10.0, search: Search | None = None) -> Task:
        def deliver(came: Delivered) -> None:
            self.ended[name] = (round(self.loop.now, 1), came)

        task = Task(
            None, name, op="query", settings=b"", text=b"", seconds=seconds, deliver=deliver, wanted=wanted,
            search=search,
        )  # fmt: skip
        self.dispatcher.submit(task)
        return task

    def answer(self, task: Task) -> None:
        self.crew.readable(task.worker)

    def error(self, name: str) -> tuple[float, type]:
        when, came = self.ended[name]
        assert isinstance(came, AtlasError)
        return when, type(came)


def test_a_query_that_begins_again_in_the_slow_lane_leaves_others_their_worker() -> None:
    """Its worker was counted as one of those for quick queries, and none was started in its stead."""
    room = Room(workers=1, slow=1)
    first = room.ask("first", seconds=5.0)
    room.loop.pass_until(0.3)
    assert first.lane == "slow"
    second, third = room.ask("second"), room.ask("third")
    room.crew.come()
    room.loop.pass_until(1.5)
    assert (second.lane, third.lane) == (None, "quick"), "the second gave way"
    room.crew.come()
    room.loop.pass_until(6.0)
    assert room.error("first") == (5.1, QueryTimeout)
    assert second.lane == "slow"
    room.crew.come()
    assert room.crew.free() >= 1, "besides those of the two that run"
    assert second.worker is not None
    assert second.worker.slow


def test_a_look_up_finds_a_worker_whatever_else_waits() -> None:
    room = Room(workers=2, slow=2)
    slow = [room.ask(f"slow {n}") for n in range(20)]
    for _ in range(40):
        look = room.ask(f"look {room.loop.now}", "look")
        assert look.worker is not None, f"none at {room.loop.now}"
        room.answer(look)
        room.loop.pass_until(room.loop.now + 0.02)
    assert sum(each.worker is not None for each in slow) == 2, "the third would have taken the last, and none came yet"
    room.crew.come()
    assert sum(each.worker is not None for each in slow) == 4


class Idle:
    """A worker that has nothing to do, and can be given to anybody."""

    usable, slow = True, False

    def fileno(self) -> int:
        return -1


def test_look_ups_and_other_queries_keep_to_workers_of_their_own() -> None:
    """What a worker has made for one kind is at hand for the next of it, and is not lost with a query that ends it."""
    crew: Any = RealCrew(Limits(workers=2), None, None, lambda _: None, lambda _: None, seccomp=False)  # type: ignore[arg-type]
    some: list[Any] = [Idle(), Idle(), Idle()]
    for worker in some:
        crew.give_back(worker)

    def asked(wanted: Lane) -> Any:
        worker = crew.take(wanted)
        crew.give_back(worker)
        return worker

    first, second = asked("look"), asked("quick")
    assert first is not second
    for _ in range(3):
        assert (asked("look"), asked("quick")) == (first, second)
    assert asked("reading") not in (first, second) and asked("slow") not in (first, second)
    assert (asked("look"), asked("quick")) == (first, second)
    assert crew.take("look") is first and crew.take("look") is not None and crew.take("look") is not None
    assert crew.take("look") is None, "all have something to do"


def test_a_query_whose_time_passes_while_it_waits_ends_then() -> None:
    room = Room(workers=1, slow=1)
    room.ask("runs")
    room.ask("waits for a slow place", seconds=1.0)
    placed = room.ask("waits for a worker", seconds=8.0)
    room.loop.pass_until(7.0)
    assert (placed.lane, placed.worker) == ("quick", None), "none came"
    room.ask("waits for a quick place", seconds=0.4)
    room.loop.pass_until(12.0)
    assert room.error("waits for a slow place") == (1.0, Overloaded)
    assert room.error("waits for a worker") == (8.0, Overloaded)
    assert room.error("waits for a quick place") == (7.4, Overloaded)
    assert room.error("runs") == (10.1, QueryTimeout)


def test_the_first_queries_wait_for_the_first_worker() -> None:
    """Which takes longer to start than some of them have."""
    room = Room(workers=1, wait=3.0)
    room.crew.begun, room.crew.idle[:], room.crew.all[:] = False, [], []
    first, never = room.ask("first", seconds=0.2), room.ask("second", seconds=1.0)
    room.loop.pass_until(3.0)
    assert (first.lane, first.worker, never.lane) == ("quick", None, None)
    room.loop.pass_until(5.0)
    assert (room.error("first"), room.error("second")) == ((3.2, Overloaded), (4.0, Overloaded))


def test_time_spent_waiting_is_time_of_the_query() -> None:
    room = Room(workers=1, slow=1, quantum=5.0)
    first, second = room.ask("first"), room.ask("second", seconds=3.0)
    room.loop.pass_until(2.0)
    room.answer(first)
    assert second.worker is not None
    room.loop.pass_until(4.0)
    assert room.error("second") == (3.1, QueryTimeout)


def test_searches_take_no_place_of_queries_and_count_against_the_deadline() -> None:
    room = Room(workers=1)
    begun, go = threading.Event(), threading.Event()
    made: list[int] = []

    def search(go_on: Callable[[], None]) -> bytes:
        for number in range(3):
            go_on()
            made.append(number)
            begun.set()
            go.wait(10)
        return b""

    searching = room.ask("searching", "searching", 1.0, search)
    assert begun.wait(10)
    second = room.ask("second", "searching", 3.0, lambda go_on: b"found")
    quick = room.ask("quick")
    assert quick.worker is not None
    room.answer(quick)
    room.loop.pass_until(2.0)
    assert room.error("searching") == (1.0, QueryTimeout)
    assert second.lane is None, "the first search cannot be ended, and there is one place"
    room.loop.came.clear()
    go.set()
    assert room.loop.came.wait(10)
    assert made == [0], "none was begun after the deadline"
    room.loop.came.clear()
    room.loop.pass_until(2.1)
    assert room.loop.came.wait(10)
    room.loop.pass_until(2.2)
    assert (second.lane, second.text) == ("quick", b"found")
    assert searching.worker is None
