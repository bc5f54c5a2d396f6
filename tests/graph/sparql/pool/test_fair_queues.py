"""QueryQueues: which waiting query gets the next slot."""

from __future__ import annotations

import pytest

from graph.errors import ClientOverloaded, Overloaded, QueryRefused
from graph.sparql.limits import Limits
from graph.sparql.pool.fair_queues import QueryQueues, QueueEntry


def enter(queues: QueryQueues, client: str | None = None, query_id: str | None = None) -> QueueEntry:
    """A new query, with a slot if one is free."""
    entry = QueueEntry(client, query_id)
    queues.enter(entry, 0.0)
    queues.next()
    return entry


def look_up(queues: QueryQueues) -> QueueEntry:
    entry = QueueEntry(None, None, wants="lookup")
    queues.enter(entry, 0.0)
    return entry


def long_text(queues: QueryQueues, client: str | None = None) -> QueueEntry:
    entry = QueueEntry(client, None, wants="reading")
    queues.enter(entry, 0.0)
    return entry


def test_a_slow_query_frees_its_quick_slot() -> None:
    queues = QueryQueues(Limits(workers=1, queue=0))
    slow = enter(queues)
    with pytest.raises(Overloaded):
        enter(queues)
    assert queues.move_to_slow(slow)
    quick = enter(queues)
    assert quick.slot == "quick"
    assert not queues.move_to_slow(quick), "the slow slot is taken"
    assert queues.load() == (2, 0)
    queues.leave(slow)
    assert queues.move_to_slow(quick)
    queues.leave(quick)
    assert queues.load() == (0, 0)


def test_the_client_with_the_fewest_running_queries_comes_first() -> None:
    queues = QueryQueues(Limits(workers=2))
    running = [enter(queues, "greedy"), enter(queues, "greedy")]
    waiting = [enter(queues, client) for client in ("greedy", "greedy", "modest")]
    assert queues.load() == (2, 3)
    queues.leave(running[0])
    assert queues.next() is waiting[2]
    assert queues.next() is None
    queues.leave(waiting[2])
    assert queues.next() is waiting[0], "then the query that came first"


def test_a_waiting_query_may_leave_or_expire() -> None:
    queues = QueryQueues(Limits(workers=1, wait=5))
    first, second = enter(queues), enter(queues, query_id="q")
    assert queues.by_id("q") is second
    assert queues.expired(4.9) == []
    assert queues.expired(5.0) == [second]
    with pytest.raises(QueryRefused, match="q"):
        enter(queues, query_id="q")
    queues.leave(second)
    queues.leave(first)
    assert queues.by_id("q") is None
    assert queues.load() == (0, 0)


def test_a_query_waits_for_a_slow_slot() -> None:
    queues = QueryQueues(Limits(workers=1, wait=1, timeout=1))
    slow = enter(queues)
    queues.move_to_slow(slow)
    second = enter(queues)
    assert not queues.contended()
    assert queues.wait_for_slow(second)
    assert queues.next() is None
    queues.leave(slow)
    assert queues.next() is second
    assert second.slot == "slow"


def test_look_ups_come_first_sixteen_times_in_a_row() -> None:
    queues = QueryQueues(Limits(workers=1))
    running = enter(queues)
    other = enter(queues)
    looks = [look_up(queues) for _ in range(20)]
    first = queues.next()
    assert first is looks[0]
    assert first.slot == "lookup", "a slot that no other query may have"
    assert queues.next() is None
    order: list[QueueEntry | None] = []
    queues.leave(running)
    for _ in range(20):
        entry = queues.next()
        assert entry is not None
        order.append(entry)
        queues.leave(entry)
    assert order.index(other) == 15, "sixteen of them in a row"
    assert [entry for entry in order if entry is not other] == looks[1:]


def test_no_query_waits_longer_than_it_has_time() -> None:
    queues = QueryQueues(Limits(workers=1, slow=1, wait=5, queue=1))
    running = enter(queues)
    short = QueueEntry(None, None, until=2.0)
    queues.enter(short, 0.0)
    assert (queues.expired(1.9), queues.expired(2.0)) == ([], [short])
    queues.leave(short)
    queues.move_to_slow(running)
    second = enter(queues)
    second.until = 10.0
    assert queues.wait_for_slow(second)
    assert (queues.expired(9.9), queues.expired(10.0)) == ([], [second])
    third = enter(queues)
    assert third.slot == "quick", "queries that wait for a slow slot take no room in another queue"
    assert not queues.wait_for_slow(third), "but their number is capped"


def test_an_id_belongs_to_the_client_that_gave_it() -> None:
    queues = QueryQueues(Limits())
    mine, yours = enter(queues, "me", "1"), enter(queues, "you", "1")
    assert (queues.by_id("1", "me"), queues.by_id("1", "you"), queues.by_id("1", "they")) == (mine, yours, None)
    with pytest.raises(QueryRefused, match="1"):
        enter(queues, "me", "1")
    queues.leave(mine)
    assert (queues.by_id("1", "me"), queues.by_id("1", "you")) == (None, yours)


def test_a_search_holds_its_slot_until_it_ends() -> None:
    queues = QueryQueues(Limits(workers=1))
    first, second = (QueueEntry(None, None, wants="searching") for _ in range(2))
    for entry in (first, second):
        queues.enter(entry, 0.0)
    assert queues.next() is first
    assert enter(queues).slot == "quick", "it takes no quick slot"
    queues.leave(first)
    assert queues.next() is None, "nobody waits for it any more, but it runs on"
    queues.end_search(first, 1.0)
    assert queues.next() is second
    queues.end_search(second, 1.0)
    assert (second.slot, second.wants) == (None, "quick")


def test_a_query_that_was_sent_ahead_is_passed_over() -> None:
    queues = QueryQueues(Limits(workers=1))
    first, second, third = (enter(queues) for _ in range(3))
    second.sent_ahead = True
    assert queues.first() is third
    assert not queues.grant(second), "no slot"
    queues.leave(first)
    assert queues.grant(second)
    assert (second.slot, second.sent_ahead) == ("quick", False)
    assert queues.next() is None


def test_long_texts_are_read_one_at_a_time_and_take_no_quick_slot() -> None:
    queues = QueryQueues(Limits(workers=1, queue=2))
    texts = [long_text(queues) for _ in range(3)]
    with pytest.raises(Overloaded):
        long_text(queues)
    assert queues.next(lambda: False) is None, "no worker to spare"
    assert queues.next() is texts[0]
    assert queues.next() is None
    quick = [enter(queues), enter(queues)]
    assert [entry.slot for entry in quick] == ["quick", None]
    assert queues.load() == (2, 3)
    queues.leave(texts[0])
    queues.leave(quick[0])
    assert queues.next() is quick[1], "before any long text"
    assert queues.next() is texts[1]
    assert queues.expired(1e9) == [texts[2]]


def test_among_long_texts_the_client_with_the_fewest_queries_comes_first() -> None:
    queues = QueryQueues(Limits())
    greedy = [long_text(queues, "greedy") for _ in range(3)]
    modest = long_text(queues, "modest")
    assert queues.next() is modest
    queues.leave(modest)
    assert queues.next() is greedy[0], "then the query that came first"


def test_one_client_may_have_so_many_queries() -> None:
    queues = QueryQueues(Limits(per_client=2))
    first, _ = enter(queues, "one"), enter(queues, "one")
    with pytest.raises(ClientOverloaded, match="2 queries of yours"):
        enter(queues, "one")
    enter(queues, "another")
    queues.leave(first)
    enter(queues, "one")
