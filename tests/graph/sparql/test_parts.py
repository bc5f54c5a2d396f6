"""The small parts of the SPARQL room: row counting, lanes, formats, datasets, cache."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import Overloaded, QueryRefused
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import FORMATS, GRAPHS, RESULTS, by_media_type, by_name, offered
from graph.sparql.limits import Limits
from graph.sparql.pool.cache import CachedResult, ResultCache, ResultKey, Terms, seed
from graph.sparql.pool.queues import QueryQueues, QueueEntry
from graph.sparql.syntax.query_shape import is_brief
from graph.sparql.worker.result_writer import RowCounter

NASTY = st.text(st.sampled_from('ab"\\{}[],:\n\r\t <>&;£🎭'), max_size=8)
ROWS = st.lists(st.lists(st.none() | NASTY, min_size=2, max_size=2), max_size=12)


@settings(deadline=None)
@given(ROWS, st.sampled_from(RESULTS), st.integers(1, 9) | st.just(100_000))
def test_rows_are_counted_whatever_they_hold_and_however_they_are_cut(
    rows: list[list[str | None]], form: object, width: int
) -> None:
    values = " ".join("(" + " ".join("UNDEF" if v is None else str(ox.Literal(v)) for v in row) + ")" for row in rows)
    results = ox.Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }}")
    kind = ox.QueryResultsFormat.from_media_type(form.media_type)  # type: ignore[attr-defined]
    body = results.serialize(format=kind)  # type: ignore[union-attr]
    assert body is not None
    counter = RowCounter(form.name)  # type: ignore[attr-defined]
    for start in range(0, len(body), width):
        counter.add(body[start : start + width])
    assert counter.rows == len(rows)


def test_rows_without_variables() -> None:
    body = ox.Store().query("SELECT * { VALUES () { () () } }").serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
    assert body is not None
    counter = RowCounter("json")
    assert counter.add(body) == 2


def enter(lanes: QueryQueues, client: str | None = None, query_id: str | None = None) -> QueueEntry:
    """Registered, and given a place if there is one."""
    ticket = QueueEntry(client, query_id)
    lanes.enter(ticket, 0.0)
    lanes.next()
    return ticket


def test_a_slow_query_makes_room() -> None:
    lanes = QueryQueues(Limits(workers=1, queue=0))
    slow = enter(lanes)
    with pytest.raises(Overloaded):
        enter(lanes)
    assert lanes.promote(slow)
    quick = enter(lanes)
    assert quick.lane == "quick"
    assert not lanes.promote(quick), "the slow lane is full"
    assert lanes.load() == (2, 0)
    lanes.leave(slow)
    assert lanes.promote(quick)
    lanes.leave(quick)
    assert lanes.load() == (0, 0)


def test_who_runs_least_comes_first() -> None:
    lanes = QueryQueues(Limits(workers=2))
    running = [enter(lanes, "greedy"), enter(lanes, "greedy")]
    waiting = [enter(lanes, client) for client in ("greedy", "greedy", "modest")]
    assert lanes.load() == (2, 3)
    lanes.leave(running[0])
    assert lanes.next() is waiting[2]
    assert lanes.next() is None
    lanes.leave(waiting[2])
    assert lanes.next() is waiting[0], "then the one who came first"


def test_one_who_waits_may_leave_or_wait_too_long() -> None:
    lanes = QueryQueues(Limits(workers=1, wait=5))
    first, second = enter(lanes), enter(lanes, query_id="q")
    assert lanes.named("q") is second
    assert lanes.expired(4.9) == []
    assert lanes.expired(5.0) == [second]
    with pytest.raises(QueryRefused, match="q"):
        enter(lanes, query_id="q")
    lanes.leave(second)
    lanes.leave(first)
    assert lanes.named("q") is None
    assert lanes.load() == (0, 0)


def test_a_place_in_the_slow_lane_comes_free() -> None:
    lanes = QueryQueues(Limits(workers=1, wait=1, timeout=1))
    slow = enter(lanes)
    lanes.promote(slow)
    second = enter(lanes)
    assert not lanes.contended()
    assert lanes.wait_for_slow(second)
    assert lanes.next() is None
    lanes.leave(slow)
    assert lanes.next() is second
    assert second.lane == "slow"


def test_look_ups_come_first_but_leave_others_their_turn() -> None:
    lanes = QueryQueues(Limits(workers=1))
    running = enter(lanes)
    other = enter(lanes)
    looks = [look_up(lanes) for _ in range(20)]
    first = lanes.next()
    assert first is looks[0]
    assert first.lane == "look", "a place that no other query may have"
    assert lanes.next() is None
    came: list[QueueEntry | None] = []
    lanes.leave(running)
    for _ in range(20):
        ticket = lanes.next()
        assert ticket is not None
        came.append(ticket)
        lanes.leave(ticket)
    assert came.index(other) == 15, "sixteen of them in a row"
    assert [each for each in came if each is not other] == looks[1:]


def test_a_look_up_that_is_none_waits_for_a_place_like_others() -> None:
    lanes = QueryQueues(Limits(workers=1))
    running = enter(lanes)
    wrong, right = look_up(lanes), look_up(lanes)
    assert lanes.next() is wrong
    assert not lanes.no_look_up(wrong)
    assert lanes.next() is right
    lanes.leave(running)
    assert lanes.next() is wrong
    assert wrong.lane == "quick"


def look_up(lanes: QueryQueues) -> QueueEntry:
    ticket = QueueEntry(None, None, wanted="look")
    lanes.enter(ticket, 0.0)
    return ticket


def test_nobody_waits_longer_than_the_query_has_time_for() -> None:
    lanes = QueryQueues(Limits(workers=1, slow=1, wait=5, queue=1))
    running = enter(lanes)
    hurried = QueueEntry(None, None, until=2.0)
    lanes.enter(hurried, 0.0)
    assert (lanes.expired(1.9), lanes.expired(2.0)) == ([], [hurried])
    lanes.leave(hurried)
    lanes.promote(running)
    second = enter(lanes)
    second.until = 10.0
    assert lanes.wait_for_slow(second)
    assert (lanes.expired(9.9), lanes.expired(10.0)) == ([], [second])
    third = enter(lanes)
    assert third.lane == "quick", "those who wait for a slow place take no place in the queue of others"
    assert not lanes.wait_for_slow(third), "but only so many may"


def test_an_id_belongs_to_the_client_that_gave_it() -> None:
    lanes = QueryQueues(Limits())
    mine, yours = enter(lanes, "me", "1"), enter(lanes, "you", "1")
    assert (lanes.named("1", "me"), lanes.named("1", "you"), lanes.named("1", "they")) == (mine, yours, None)
    with pytest.raises(QueryRefused, match="1"):
        enter(lanes, "me", "1")
    lanes.leave(mine)
    assert (lanes.named("1", "me"), lanes.named("1", "you")) == (None, yours)


def test_a_search_holds_its_place_until_it_ends() -> None:
    lanes = QueryQueues(Limits(workers=1))
    first, second = (QueueEntry(None, None, wanted="searching") for _ in range(2))
    for ticket in (first, second):
        lanes.enter(ticket, 0.0)
    assert lanes.next() is first
    assert enter(lanes).lane == "quick", "it takes no place of others"
    lanes.leave(first)
    assert lanes.next() is None, "nobody waits for it any more, but it goes on"
    lanes.searched(first, 1.0)
    assert lanes.next() is second
    lanes.searched(second, 1.0)
    assert (second.lane, second.wanted) == (None, "quick")


def test_what_looks_brief() -> None:
    prefix = "PREFIX e: <http://e/> # one\n"
    brief = ["SELECT * {e:a ?p ?o} #1", "ASK WHERE { ?s a e:B . }", "describe e:a", 'SELECT ?s {?s e:n "x"@en} LIMIT 5']
    others = ["SELECT * {?s ?p ?o}", "SELECT * {e:a e:p* ?o}", "SELECT * {e:a ?p ?o . ?o ?q ?r}", "SELECT (1 AS ?n) {}"]
    assert [is_brief(prefix + each) for each in brief + others] == [True] * len(brief) + [False] * len(others)


def test_told_ahead_is_in_nobody_elses_turn() -> None:
    lanes = QueryQueues(Limits(workers=1))
    first, second, third = (enter(lanes) for _ in range(3))
    second.ahead = True
    assert lanes.following() is third
    assert not lanes.seize(second), "no place"
    lanes.leave(first)
    assert lanes.seize(second)
    assert (second.lane, second.ahead) == ("quick", False)
    assert lanes.next() is None


def test_formats_are_known_to_the_engine_and_by_their_names() -> None:
    for form in FORMATS:
        engine = ox.QueryResultsFormat if form.kind == "bindings" else ox.RdfFormat
        known = engine.from_media_type(form.media_type)
        assert known is not None
        assert form.media_type in known.media_type
        among = offered("SELECT") if form in RESULTS else GRAPHS if form in GRAPHS else FORMATS
        for name in (form.name, form.name.upper(), form.extension, *form.names, form.media_type, *form.aliases):
            assert by_name(name, among) is form
        assert by_media_type(f"{form.media_type}; charset=utf-8", among) is form
    assert by_name("docx") is None


def test_dataset_arguments() -> None:
    assert WHOLE.arguments() == {}
    named = ox.NamedNode("u:a")
    assert Dataset.of(named=["u:a", "u:a"]).arguments() == {"default_graph": [], "named_graphs": [named]}
    with pytest.raises(ValueError, match=r".+"):
        Dataset.of(["not an iri"]).arguments()


def test_the_cache_keeps_to_its_size() -> None:
    cache = ResultCache(10_000)
    terms = Terms(Path("g"), "g", RESULTS[0], b"", seed("g"))
    keys = [ResultKey(terms, f"q{n}") for n in range(20)]
    for key in keys:
        cache.put(key, CachedResult("bindings", 1, 1.0, b"x" * 1000))
    kept = [key for key in keys if cache.get(key)]
    assert kept == keys[-len(kept) :]
    assert 4 <= len(kept) <= 7
    cache.put(keys[0], CachedResult("bindings", 1, 1.0, b"x" * 5000))
    assert cache.get(keys[0]) is None, "an eighth of the whole at most"


def long_text(lanes: QueryQueues, client: str | None = None) -> QueueEntry:
    ticket = QueueEntry(client, None, wanted="reading")
    lanes.enter(ticket, 0.0)
    return ticket


def test_long_texts_are_read_one_at_a_time_and_take_no_place_of_others() -> None:
    lanes = QueryQueues(Limits(workers=1, queue=2))
    texts = [long_text(lanes) for _ in range(3)]
    with pytest.raises(Overloaded):
        long_text(lanes)
    assert lanes.next(lambda: False) is None, "no worker to spare"
    assert lanes.next() is texts[0]
    assert lanes.next() is None
    quick = [enter(lanes), enter(lanes)]
    assert [each.lane for each in quick] == ["quick", None]
    assert lanes.load() == (2, 3)
    lanes.leave(texts[0])
    lanes.leave(quick[0])
    assert lanes.next() is quick[1], "before any text"
    assert lanes.next() is texts[1]
    assert lanes.expired(1e9) == [texts[2]]


def test_of_long_texts_that_of_a_client_with_few_queries_comes_first() -> None:
    lanes = QueryQueues(Limits())
    greedy = [long_text(lanes, "greedy") for _ in range(3)]
    modest = long_text(lanes, "modest")
    assert lanes.next() is modest
    lanes.leave(modest)
    assert lanes.next() is greedy[0], "then the one who came first"
