"""Searches inside queries: their slots, their deadline, and their end."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from graph.deadline import Deadline
from graph.errors import Overloaded, QueryCancelled, QueryFailed, QueryTimeout
from graph.sparql.search_request import SearchClauseRows
from tests.support.dispatcher_bench import Bench, Loop

Expansion = tuple[bytes, tuple[SearchClauseRows, ...]]


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
