"""MemoryCopy: made once queries took long enough, and answers as the store does."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.result import QueryResult
from graph.sparql.syntax.query_shape import is_unordered
from graph.sparql.worker.in_memory_copy import MAX_COPIED_QUADS, MemoryCopy
from tests.support.event_loop import run_coroutine
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
    results = store.query(query)
    return bool(results) if isinstance(results, ox.QueryBoolean) else Counter(str(row) for row in results)


@given(st.lists(QUADS, max_size=30), st.sets(st.sampled_from(NAMES)))
@settings(max_examples=60, deadline=None)
def test_a_copy_answers_as_the_store_does(quads: list[ox.Quad], named: set[ox.NamedNode]) -> None:
    store = ox.Store()
    store.extend(quads)
    for name in named:
        store.add_graph(name)
    copy = MemoryCopy(store, 0, 0)
    assert copy.fastest is not store
    assert set(copy.fastest) == set(store)
    for query in QUERIES:
        assert is_unordered(query)
        assert rows(copy.fastest, query) == rows(store, query)


def disk(folder: Path, triples: int) -> ox.Store:
    return ox.Store.read_only(str(make_generation(folder, triples) / "graph"))


def test_it_is_copied_once_queries_took_as_long(tmp_path: Path) -> None:
    store = disk(tmp_path / "000001", 350)
    copy = MemoryCopy(store, 0, 1.0)
    assert not copy.copy_more() and copy.fastest is store
    copy.add_query_seconds(0.2)
    assert not copy.copy_more() and copy.fastest is store
    copy.add_query_seconds(0.2)
    slices = 0
    while copy.copy_more():
        slices += 1
        assert copy.fastest is store
    assert slices == 3 and copy.fastest is not store
    assert set(copy.fastest) == set(store) and len(set(store)) == 351
    copy.discard()
    assert not copy.copy_more() and copy.fastest is store


def test_a_large_graph_is_not_copied(tmp_path: Path) -> None:
    store = disk(tmp_path / "000001", 900)
    assert MemoryCopy(store, MAX_COPIED_QUADS + 1, 0).fastest is store
    assert MemoryCopy(store, None, 0).fastest is store
    copy = MemoryCopy(store, 0, 0, max_quads=300)
    assert copy.fastest is store and not copy.copy_more(), "larger than its manifest says"


def test_a_table_that_cannot_be_read() -> None:
    class Damaged:
        def named_graphs(self) -> Iterator[ox.NamedNode]:
            raise OSError("Corruption: block checksum mismatch")

    damaged: Any = Damaged()
    copy = MemoryCopy(damaged, 0, 0)
    assert copy.fastest is damaged and not copy.copy_more()


QUERY = f"SELECT ?s ?o {{ ?s <{EX}p> ?o }}"


def objects(*questions: tuple[Path, str, bool]) -> list[list[str]]:
    """The values of ?o for each (generation, query, any order), from a pool whose one worker copies at once."""

    async def ask() -> list[list[str]]:
        with QueryPool(Limits(workers=1, cache_bytes=0, copied_after=0)) as pool:
            pool.attach(asyncio.get_running_loop())
            return [await objects_of(pool, *question) for question in questions]

    async def objects_of(pool: QueryPool, generation: Path, query: str, any_order: bool) -> list[str]:
        request = pool.request(generation, pool.check(query))
        return values(await pool.evaluate(request, any_order=any_order))

    return run_coroutine(ask())


def values(result: QueryResult) -> list[str]:
    with result:
        return [row["o"]["value"] for row in json.loads(result.read())["results"]["bindings"]]


def with_manifest(generation: Path, quads: int) -> Path:
    (generation / "manifest.json").write_text(json.dumps({"quads": quads}))
    return generation


def test_queries_of_any_order_are_answered_from_the_copy(pool: QueryPool, tmp_path: Path) -> None:
    """The order of the rows shows whether they come from the store or from its copy."""
    first = with_manifest(make_generation(tmp_path / "000001", 500), 501)
    two = with_manifest(make_generation(tmp_path / "000002", 3, "newer"), 4)
    stored = values(pool.run(first, QUERY))
    from_copy, one_page, in_order, newer, older = objects(
        (first, QUERY, True),
        (first, f"{QUERY} LIMIT 1000", True),
        (first, QUERY, False),
        (two, QUERY, True),
        (first, QUERY, True),
    )
    assert sorted(from_copy) == sorted(stored) and from_copy != stored
    assert one_page == stored
    assert in_order == stored
    assert sorted(newer) == ["newer 0", "newer 1", "newer 2"]
    assert sorted(older) == sorted(stored)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"quads": null}', '{"quads": "many"}', "\x00"])
def test_a_graph_of_unknown_size_is_not_copied(pool: QueryPool, tmp_path: Path, manifest: str) -> None:
    generation = make_generation(tmp_path / "000001", 500)
    (generation / "manifest.json").write_text(manifest)
    assert objects((generation, QUERY, True)) == [values(pool.run(generation, QUERY))]
