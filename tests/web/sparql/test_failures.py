"""Failed requests: a fault of the server is never reported as an error of the client."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from graph.errors import GraphDamaged, HomeError, QueryError, QueryFailed
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.update import apply_update, update_limits
from web.http.problems import status_of

LIMITS = update_limits(5)
OPENED_AT_ONCE = 16
"""Tables that the engine opens when it opens a store; the others it opens when they are first read."""

ALL = "SELECT ?o { ?s ?p ?o }"  # not a sum: there the engine may take each unread row for one more, without end


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A generation whose store has lost the sense of its tables."""
    place = tmp_path / "000001" / "graph"
    place.parent.mkdir()
    store = Store(str(place))
    quads = (Quad(NamedNode(f"u:{n}"), NamedNode("u:p"), Literal(f"a text of some length, {n}")) for n in range(20_000))
    store.bulk_extend(quads)
    store.flush()
    del store
    for table in place.glob("*.sst"):
        content = bytearray(table.read_bytes())
        if len(content) > 50_000:  # the others are small, and opening needs them
            for offset in range(0, len(content) // 2, 97):
                content[offset] ^= 0xFF
            table.write_bytes(content)
    return place.parent


@pytest.mark.parametrize("text", ["DELETE WHERE { ?s ?p ?o }", "INSERT { ?s <u:q> ?o } WHERE { ?s <u:p> ?o }"])
def test_a_damaged_store_is_not_the_fault_of_the_update(damaged: Path, text: str) -> None:
    with pytest.raises(GraphDamaged, match=r"damaged: \d+\.sst does not hold") as caught:
        apply_update(Store(str(damaged / "graph")), text, LIMITS)
    assert status_of(caught.value) == 503
    assert "creative-atlas check" in caught.value.remedy


def test_a_damaged_store_is_not_the_fault_of_the_query(damaged: Path) -> None:
    with QueryPool(Limits(cache_bytes=0)) as pool:
        with pytest.raises(GraphDamaged, match=r"generation 000001 is damaged: \d+\.sst"):
            pool.run(damaged, ALL)
        assert pool.run(damaged, "ASK {}").read()


def test_a_store_that_cannot_be_opened_ends_no_worker(damaged: Path) -> None:
    next((damaged / "graph").glob("MANIFEST-*")).write_bytes(b"no manifest")
    with QueryPool(Limits(cache_bytes=0)) as pool:
        for _ in range(2):
            with pytest.raises(GraphDamaged, match="MANIFEST"):
                pool.run(damaged, ALL)


@pytest.fixture
def many_tables(tmp_path: Path) -> Path:
    """A generation with more tables than the engine opens at once."""
    place = tmp_path / "000001" / "graph"
    place.parent.mkdir()
    store = Store(str(place))
    for part in range(3):
        for graph in (DefaultGraph(), NamedNode(f"u:g{part}")):
            store.bulk_extend(
                Quad(NamedNode(f"u:{part}:{n}"), NamedNode("u:p"), Literal(f"text {part} {n}"), graph)
                for n in range(50)
            )
    store.flush()
    del store
    assert len(list(place.glob("*.sst"))) > OPENED_AT_ONCE
    return place.parent


@pytest.mark.parametrize("seccomp", [True, False])
def test_a_lack_of_descriptors_is_never_called_a_refusal(many_tables: Path, seccomp: bool) -> None:
    """The engine opens a table when a query first reads it. Where a worker may raise its limit again, it does."""
    with QueryPool(Limits(cache_bytes=0, workers=1), seccomp=seccomp) as pool:
        assert pool.run(many_tables, "ASK {}").read()
        for pid in pool.idle():
            few = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
        outcomes = set()
        for number in range(28):
            try:
                rows = pool.run(
                    many_tables, f"SELECT ?g {{ GRAPH ?g {{ ?s ?p ?o }} }} #{number}", media_type="text/csv"
                )
                outcomes.add(len(rows.read().splitlines()))
            except HomeError as error:
                assert "too many open files" in error.message
                assert status_of(error) == 503
                outcomes.add(503)
        assert outcomes <= ({151, 503} if seccomp else {151})


@pytest.mark.parametrize("seccomp", [True, False])
def test_every_table_can_be_opened_whichever_generation_comes(many_tables: Path, seccomp: bool) -> None:
    generations = [many_tables]
    for number in range(2, 6):  # they share their tables
        generation = many_tables.parent / f"{number:06d}"
        generation.mkdir()
        Store.read_only(str(many_tables / "graph")).backup(str(generation / "graph"))
        generations.append(generation)
    with QueryPool(Limits(cache_bytes=0, workers=1), seccomp=seccomp) as pool:
        for turn in range(3):
            for generation in generations:
                for query in ("SELECT ?g { GRAPH ?g {} }", "SELECT * { ?s ?p ?o . GRAPH ?g { ?s ?q ?o } }"):
                    assert pool.run(generation, f"{query} #{turn}").read()
                with pytest.raises(HomeError):
                    pool.run(many_tables.parent / "000099", "ASK {}")


def test_a_read_only_store_is_not_the_fault_of_the_update(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.flush()
    del store
    with pytest.raises(QueryFailed):
        apply_update(Store.read_only(str(tmp_path)), "INSERT DATA { <u:a> <u:b> 1 }", LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE GRAPH <u:g> ; CREATE GRAPH <u:g>",
        "DROP GRAPH <u:g>",
        "MOVE <u:g> TO <u:h>",
        "INSERT { <u:a> <u:b> ?x } WHERE { BIND(<u:f>(1) AS ?x) }",
    ],
)
def test_an_impossible_operation_is_the_fault_of_the_update(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        apply_update(Store(), text, LIMITS)
    assert status_of(caught.value) == 400


def test_a_base_that_resolves_nothing_is_the_fault_of_the_client() -> None:
    with pytest.raises(QueryError) as caught:
        apply_update(Store(), "INSERT DATA { <a> <b> <c> }", LIMITS, base="no address")
    assert status_of(caught.value) == 400
