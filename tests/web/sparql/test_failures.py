"""Failed requests: a fault of the server is never reported as an error of the client."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.errors import QueryError, QueryFailed
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.update import apply_update, update_limits
from web.http.problems import status_of

LIMITS = update_limits(5)
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
    with pytest.raises(QueryFailed, match="Corruption") as caught:
        apply_update(Store(str(damaged / "graph")), text, LIMITS)
    assert status_of(caught.value) == 503
    assert "try again" in caught.value.remedy


def test_a_damaged_store_is_not_the_fault_of_the_query(damaged: Path) -> None:
    with QueryPool(Limits(cache_bytes=0)) as pool, pytest.raises(QueryFailed, match="Corruption"):
        pool.run(damaged, ALL)


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
