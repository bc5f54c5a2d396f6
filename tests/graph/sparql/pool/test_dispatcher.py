"""Dispatcher: which task gets a worker, and when a task without one ends."""

from __future__ import annotations

from typing import Any

from graph.errors import Overloaded, QueryCancelled, QueryTimeout
from tests.support.dispatcher_bench import Bench


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
