"""Result files: rows as the engine gave them, pages and orders without a second run, a bounded cache."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from graph.sparql.result import QueryResult
from web.read_model.result_file import ResultFile, ResultFiles, SortKey

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def select(store: ox.Store, query: str) -> ResultFile:
    body = store.query(query).serialize(format=ox.QueryResultsFormat.TSV)  # type: ignore[union-attr]
    return result_file(body or b"", "bindings")


def result_file(body: bytes, kind: str, fingerprint: str | None = "x") -> ResultFile:
    result = QueryResult(
        kind=kind,  # type: ignore[arg-type]
        media_type="",
        rows=0,
        ms=2.5,
        generation=Path("/000001"),
        body=body,
        size=len(body),
        fingerprint=fingerprint,
    )
    return ResultFile(result)


def words(cells: Iterable[bytes]) -> dict[bytes, SortKey | None]:
    return {cell: (1, 0.0, cell.decode()) if cell else None for cell in cells}


@given(st.lists(TEXT, max_size=6))
def test_any_text_comes_back(texts: list[str]) -> None:
    """Line breaks, tabs and quotes are escaped in both syntaxes, so that a row is one line."""
    store = ox.Store()
    subject, predicate = ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p")
    store.extend(ox.Quad(subject, predicate, ox.Literal(text)) for text in texts)
    file = select(store, "SELECT ?o { ?s ?p ?o }")
    assert len(file) == len(set(texts)) and file.columns == ("o",)
    assert {row[0] for row in file.page(range(len(file)))} == {ox.Literal(text) for text in texts}
    body = ox.serialize((quad.triple for quad in store), format=ox.RdfFormat.N_TRIPLES)
    triples = result_file(body or b"", "graph")
    assert {row[2] for row in triples.page(range(len(triples)))} == {ox.Literal(text) for text in texts}
    assert len(triples.order("object", False, words)) == len(triples)


def test_unbound_and_empty_rows() -> None:
    store = ox.Store()
    file = select(store, "SELECT ?n { VALUES ?n { 10 UNDEF 2.5 } }")
    assert [row[0] and row[0].value for row in file.page(range(3))] == ["10", None, "2.5"]  # type: ignore[union-attr]
    assert list(file.order("n", True, words)) == [2, 0, 1], "unbound cells come last in either direction"
    assert list(file.order("n", False, words)) == [0, 2, 1]
    nothing = select(store, "SELECT ?x ?y { ?x ?p ?y }")
    assert (len(nothing), nothing.columns, nothing.page([])) == (0, ("x", "y"), [])
    assert select(store, "SELECT * {}").page([0]) == [()]
    assert (len(result_file(b"", "graph")), result_file(b"", "graph").columns) == (
        0,
        ("subject", "predicate", "object"),
    )


def test_the_cache_keeps_the_last_few_results() -> None:
    cache = ResultFiles()
    files = [result_file(b"?x\n1\n", "bindings") for _ in range(6)]
    for number, file in enumerate(files):
        cache.keep(str(number), file)
    assert cache.get("0") is None and cache.get("1") is None
    assert cache.get("5") is files[5] and cache.get("2") is files[2]
    cache.keep("6", result_file(b"?x\n1\n", "bindings"))
    assert cache.get("2") is files[2], "read last, so it stays"
    assert cache.get("3") is None
    assert result_file(b"?x\n1\n", "bindings", fingerprint=None).is_volatile
