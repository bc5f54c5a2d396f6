"""The pool as its callers see it: results, errors, and that it lives on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.errors import QuerySyntax
from graph.sparql.limits import Limits
from graph.sparql.pool import QueryPool

EX = "http://example.org/"


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home") / "000001"
    home.mkdir()
    store = Store(str(home / "graph"))
    store.extend(
        Quad(NamedNode(f"{EX}s{n}"), NamedNode(f"{EX}p"), Literal(f"value {n}")) for n in range(500)
    )
    store.flush()
    del store
    return home


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool(Limits()) as each:
        yield each


def test_select_answers_json_by_default(pool: QueryPool, generation: Path) -> None:
    with pool.run(generation, f"SELECT ?o {{ <{EX}s7> <{EX}p> ?o }}") as result:
        assert (result.kind, result.rows, result.media_type) == ("bindings", 1, "application/sparql-results+json")
        assert json.loads(result.read())["results"]["bindings"] == [{"o": {"type": "literal", "value": "value 7"}}]


def test_syntax_error_says_where(pool: QueryPool, generation: Path) -> None:
    with pytest.raises(QuerySyntax) as caught:
        pool.run(generation, "SELECT * {\n  ?s ?p }")
    assert (caught.value.line, caught.value.column) == (2, 9)
