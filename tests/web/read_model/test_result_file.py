"""Answers on file: rows as the engine gave them, pages and orders without a second run, and no more than a few held."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
from hypothesis import given
from hypothesis import strategies as st

from graph.sparql.result import QueryResult
from web.read_model.result_file import Answer, Answers, Key

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def select(store: ox.Store, query: str) -> Answer:
    body = store.query(query).serialize(format=ox.QueryResultsFormat.TSV)  # type: ignore[union-attr]
    return answer(body or b"", "bindings")


def answer(body: bytes, kind: str, fingerprint: str | None = "x") -> Answer:
    made = QueryResult(
        kind=kind,  # type: ignore[arg-type]
        media_type="",
        rows=0,
        ms=2.5,
        generation=Path("/000001"),
        body=body,
        size=len(body),
        fingerprint=fingerprint,
    )
    return Answer(made)


def words(cells: Iterable[bytes]) -> dict[bytes, Key | None]:
    return {cell: (1, 0.0, cell.decode()) if cell else None for cell in cells}


@given(st.lists(TEXT, max_size=6))
def test_any_text_comes_back(texts: list[str]) -> None:
    """Line breaks, tabs and quotes are escaped in both syntaxes, so that a row is one line."""
    store = ox.Store()
    subject, predicate = ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p")
    store.extend(ox.Quad(subject, predicate, ox.Literal(text)) for text in texts)
    held = select(store, "SELECT ?o { ?s ?p ?o }")
    assert len(held) == len(set(texts)) and held.columns == ("o",)
    assert {row[0] for row in held.page(range(len(held)))} == {ox.Literal(text) for text in texts}
    body = ox.serialize((quad.triple for quad in store), format=ox.RdfFormat.N_TRIPLES)
    triples = answer(body or b"", "graph")
    assert {row[2] for row in triples.page(range(len(triples)))} == {ox.Literal(text) for text in texts}
    assert len(triples.order("object", False, words)) == len(triples)


def test_unbound_and_empty_rows() -> None:
    store = ox.Store()
    held = select(store, "SELECT ?n { VALUES ?n { 10 UNDEF 2.5 } }")
    assert [row[0] and row[0].value for row in held.page(range(3))] == ["10", None, "2.5"]  # type: ignore[union-attr]
    assert list(held.order("n", True, words)) == [2, 0, 1], "what is unbound comes last either way"
    assert list(held.order("n", False, words)) == [0, 2, 1]
    nothing = select(store, "SELECT ?x ?y { ?x ?p ?y }")
    assert (len(nothing), nothing.columns, nothing.page([])) == (0, ("x", "y"), [])
    assert select(store, "SELECT * {}").page([0]) == [()]
    assert (len(answer(b"", "graph")), answer(b"", "graph").columns) == (0, ("subject", "predicate", "object"))


def test_a_few_answers_are_held() -> None:
    held = Answers()
    made = [answer(b"?x\n1\n", "bindings") for _ in range(6)]
    for number, each in enumerate(made):
        held.keep(str(number), each)
    assert held.get("0") is None and held.get("1") is None
    assert held.get("5") is made[5] and held.get("2") is made[2]
    held.keep("6", answer(b"?x\n1\n", "bindings"))
    assert held.get("2") is made[2], "asked for last: it stays"
    assert held.get("3") is None
    assert answer(b"?x\n1\n", "bindings", fingerprint=None).again
