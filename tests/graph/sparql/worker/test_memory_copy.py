"""A small graph is copied into memory once queries of it took long enough, and answers as the store does."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.sparql.limits import Limits
from graph.sparql.pool.cache import CachedResult
from graph.sparql.pool.pool import Outcome, QueryPool
from graph.sparql.pool.request import as_asked
from graph.sparql.syntax.query_shape import is_unordered
from graph.sparql.worker import memory_copy
from graph.sparql.worker.memory_copy import MemoryCopy
from tests.support.query_pool import EX, make_generation

NAMES = [ox.NamedNode(f"{EX}{name}") for name in "abcde"]
RESOURCES = st.sampled_from([*NAMES, ox.BlankNode("b1"), ox.BlankNode("b2")])
LITERALS = st.sampled_from(
    [ox.Literal("a"), ox.Literal("a", language="en"), ox.Literal(1), ox.Literal(1.5), ox.Literal(True), ox.Literal("")]
)
GRAPHS = st.sampled_from([ox.DefaultGraph(), NAMES[0], NAMES[1], ox.BlankNode("g")])
TRIPLES = st.builds(ox.Triple, st.sampled_from(NAMES), st.sampled_from(NAMES), LITERALS)
QUADS = st.builds(ox.Quad, RESOURCES, st.sampled_from(NAMES), RESOURCES | LITERALS | TRIPLES, GRAPHS)
QUERIES = (
    "SELECT * { ?s ?p ?o }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?g { GRAPH ?g {} }",
    f"SELECT * {{ ?s <{EX}a> ?o . ?o <{EX}b>* ?x }}",
    "SELECT ?p (COUNT(*) AS ?n) (MIN(?o) AS ?least) { ?s ?p ?o } GROUP BY ?p",
    f"SELECT * {{ ?s <{EX}a> ?o OPTIONAL {{ GRAPH ?g {{ ?o ?p ?x }} }} FILTER (isIRI(?s)) }}",
    f"SELECT * {{ ?s !(<{EX}a>|^<{EX}b>) ?o }}",
    f"SELECT * FROM <{EX}a> FROM NAMED <{EX}b> {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} }}",
    f"ASK {{ ?s <{EX}a>/<{EX}b> ?o }}",
)


def rows(store: ox.Store, query: str) -> Counter[str] | bool:
    found = store.query(query)
    return bool(found) if isinstance(found, ox.QueryBoolean) else Counter(str(row) for row in found)


@given(st.lists(QUADS, max_size=30), st.sets(st.sampled_from(NAMES)))
@settings(max_examples=60, deadline=None)
def test_a_copy_answers_as_the_store_does(quads: list[ox.Quad], named: set[ox.NamedNode]) -> None:
    store = ox.Store()
    store.extend(quads)
    for name in named:
        store.add_graph(name)
    held = MemoryCopy(store, 0, 0)
    assert held.fastest is not store
    assert set(held.fastest) == set(store)
    for query in QUERIES:
        assert is_unordered(query)
        assert rows(held.fastest, query) == rows(store, query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o } LIMIT 5",
        "SELECT * { ?s ?p ?o }offset 5",
        "SELECT * { { SELECT ?s { ?s ?p ?o } Limit 1 } }",
        "SELECT (SUM(?o) AS ?x) { ?s ?p ?o }",
        "SELECT (avg(?o) AS ?x) { ?s ?p ?o }",
        "SELECT (SAMPLE(?o) AS ?x) { ?s ?p ?o }",
        "SELECT (GROUP_CONCAT(?o) AS ?x) { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } \\u004cIMIT 5",
    ],
)
def test_where_the_order_of_rows_shows(query: str) -> None:
    assert not is_unordered(query)


def disk(folder: Path, triples: int) -> ox.Store:
    return ox.Store.read_only(str(make_generation(folder, triples) / "graph"))


def test_it_is_copied_when_queries_took_so_long(tmp_path: Path) -> None:
    store = disk(tmp_path / "000001", 350)
    held = MemoryCopy(store, 0, 1.0)
    assert not held.go_on() and held.fastest is store
    held.took(0.2)
    assert not held.go_on() and held.fastest is store
    held.took(0.2)
    slices = 0
    while held.go_on():
        slices += 1
        assert held.fastest is store
    assert slices == 3 and held.fastest is not store
    assert set(held.fastest) == set(store) and len(set(store)) == 351
    held.forget()
    assert not held.go_on() and held.fastest is store


def test_a_large_graph_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = disk(tmp_path / "000001", 900)
    assert MemoryCopy(store, memory_copy.MOST + 1, 0).fastest is store
    assert MemoryCopy(store, None, 0).fastest is store
    monkeypatch.setattr(memory_copy, "MOST", 300)
    held = MemoryCopy(store, 0, 0)
    assert held.fastest is store and not held.go_on()


def test_a_table_that_cannot_be_read() -> None:
    class Damaged:
        def named_graphs(self) -> Iterator[ox.NamedNode]:
            raise OSError("Corruption: block checksum mismatch")

    damaged = Damaged()
    held = MemoryCopy(damaged, 0, 0)  # type: ignore[arg-type]
    assert held.fastest is damaged and not held.go_on()


QUERY = f"SELECT ?s ?o {{ ?s <{EX}p> ?o }}"


def asked(pool: QueryPool, generation: Path, query: str) -> list[str]:
    """As the server asks: in the loop."""
    done, came = threading.Event(), list[Outcome]()

    def then(outcome: Outcome) -> None:
        came.append(outcome)
        done.set()

    def ask() -> None:
        guarded = pool.check(query)
        terms = pool.terms(generation, guarded.form)
        pool.ask(as_asked(guarded, terms), then)

    pool._do(ask)
    assert done.wait(10) and isinstance(came[0], CachedResult), came
    return [row["o"]["value"] for row in json.loads(came[0].body)["results"]["bindings"]]


def noted(generation: Path, quads: int) -> Path:
    (generation / "manifest.json").write_text(json.dumps({"quads": quads}))
    return generation


@pytest.fixture
def copying() -> Iterator[QueryPool]:
    with QueryPool(Limits(workers=1, cache_bytes=0, copied_after=0)) as each:
        yield each


def test_queries_of_any_order_are_answered_from_the_copy(copying: QueryPool, pool: QueryPool, tmp_path: Path) -> None:
    """The order of the rows tells which of them it was."""
    one = noted(make_generation(tmp_path / "000001", 500), 501)
    with pool.run(one, QUERY) as result:
        stored = [row["o"]["value"] for row in json.loads(result.read())["results"]["bindings"]]
    from_copy = asked(copying, one, QUERY)
    assert sorted(from_copy) == sorted(stored) and from_copy != stored
    assert asked(copying, one, f"{QUERY} LIMIT 1000") == stored
    with copying.run(one, QUERY) as result:
        assert [row["o"]["value"] for row in json.loads(result.read())["results"]["bindings"]] == stored
    two = noted(make_generation(tmp_path / "000002", 3, "newer"), 4)
    assert sorted(asked(copying, two, QUERY)) == ["newer 0", "newer 1", "newer 2"]
    assert sorted(asked(copying, one, QUERY)) == sorted(stored)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"quads": null}', '{"quads": "many"}', "\x00"])
def test_a_graph_of_unknown_size_is_not_copied(
    copying: QueryPool, pool: QueryPool, tmp_path: Path, manifest: str
) -> None:
    one = make_generation(tmp_path / "000001", 500)
    (one / "manifest.json").write_text(manifest)
    with pool.run(one, QUERY) as result:
        stored = [row["o"]["value"] for row in json.loads(result.read())["results"]["bindings"]]
    assert asked(copying, one, QUERY) == stored


def test_only_rows_in_any_order_have_a_weak_tag(pool: QueryPool, generation: Path) -> None:
    json_type = "application/sparql-results+json"
    assert str(pool.etag(generation, QUERY, json_type)).startswith('W/"')
    assert str(pool.etag(generation, f"{QUERY} LIMIT 5", json_type)).startswith('"')
    assert str(pool.etag(generation, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "text/turtle")).startswith('"')
