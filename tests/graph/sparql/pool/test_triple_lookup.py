"""look_up: the same result as the engine's, and None for everything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import BaseDirection, BlankNode, Literal, NamedNode, Quad, QueryResultsFormat, Store, Triple

from graph.sparql.dataset import Dataset
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.pool.triple_lookup import MAX_LOOKUP_ROWS, LookUps
from graph.sparql.pool.triple_lookup import look_up as look_up_in_store
from graph.sparql.syntax.query_shape import look_up_in
from tests.support.query_pool import make_generation

THINGS = [NamedNode(f"http://example.org/{name}") for name in "abc"]
A, B, C = THINGS
TEXTS = st.text(st.sampled_from('ab"\\{}[],:\n\r\t\x00\x7f <>&;£\u2028🎭'), max_size=6)
LITERALS = st.one_of(
    st.builds(Literal, TEXTS),
    st.builds(lambda text, tag: Literal(text, language=tag), TEXTS, st.sampled_from(["en", "cy", "en-GB"])),
    st.builds(Literal, st.integers(-3, 3) | st.booleans()),
    st.builds(lambda text: Literal(text, datatype=A), TEXTS),
    st.just(Literal("01", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer"))),
)
TRIPLES = st.lists(st.tuples(st.sampled_from(THINGS), st.sampled_from(THINGS), st.sampled_from(THINGS) | LITERALS))
QUERIES = st.builds(
    "{}{} {}{{{}{} {} {}{}}}".format,
    st.sampled_from(["SELECT ", "select\n", " Select"]),
    st.sampled_from(["?x", "$x", "?y ?x", "?x?y", "?x ?z", "?2", "*", "?y"]),
    st.sampled_from(["", "WHERE ", "where"]),
    st.sampled_from(["", "\n "]),
    st.sampled_from(["?x", "$y", "?2", str(A), str(B)]),
    st.sampled_from(["?x", "?y", str(A), str(B)]),
    st.sampled_from(["?x", "$y", str(A), str(C)]),
    st.sampled_from(["", ".", " . ", " ;"]),
)


def look_up(store: Store, text: str, rows: int, size: int) -> tuple[bytes, int] | None:
    """The look-up of a query text: recognised as in the pool, answered as there."""
    request = look_up_in(text)
    return None if request is None else look_up_in_store(store, request, rows, size)


def by_the_engine(store: Store, text: str) -> list[str] | None:
    """Names and rows, without the order of the rows; None where it does not parse."""
    try:
        results = store.query(text, base_iri="http://example.org/sparql")
    except SyntaxError:
        return None
    return outcome(results.serialize(format=QueryResultsFormat.JSON))  # type: ignore[union-attr]


def outcome(body: bytes | None) -> list[str]:
    result = json.loads(body or b"")
    rows = [json.dumps(row, sort_keys=True) for row in result["results"]["bindings"]]
    return [json.dumps(result["head"]["vars"]), *sorted(rows)]


@settings(deadline=None, max_examples=300)
@given(TRIPLES, QUERIES)
@example([(A, B, Literal('"\\'))], f"SELECT ?x {{ {A} {B} ?x }}")
@example([(A, B, C)], f"SELECT ?x {{ ?x {B} {C} . }}")
def test_the_same_as_the_engine(triples: list[tuple[NamedNode, NamedNode, NamedNode | Literal]], text: str) -> None:
    store = Store()
    store.extend(Quad(*triple) for triple in triples)
    store.add(Quad(A, B, Literal("elsewhere"), C))
    result = look_up(store, text, MAX_LOOKUP_ROWS, 1 << 20)
    if result is not None:
        assert outcome(result[0]) == by_the_engine(store, text)
        assert result[1] == len(outcome(result[0])) - 1


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT ?x {{ {A} {B} ?x }}",
        f"select $x ?p where {{{A}?p?x.}}",
        f"\tSELECT ?s {{ ?s {B} {C} }}\n",
        f"SELECT ?o {{ {A} <urn:none> ?o }}",
        "SELECT ?o { <http://example.org/%7E?q=1#x> <urn:é> ?o }",
    ],
)
def test_look_ups_are_answered(text: str) -> None:
    store = Store()
    store.extend([Quad(A, B, C), Quad(A, B, Literal("x"))])
    result = look_up(store, text, MAX_LOOKUP_ROWS, 1 << 20)
    assert result is not None
    assert outcome(result[0]) == by_the_engine(store, text)


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ {A} {B} ?x }}",
        f"SELECT DISTINCT ?x {{ {A} {B} ?x }}",
        f"SELECT ?x {{ {A} {B} ?x }} LIMIT 1",
        f"SELECT ?x {{ {A} {B} ?x . ?x {B} {C} }}",
        f"SELECT ?x {{ {A} {B}/{B} ?x }}",
        f"SELECT ?x FROM {C} {{ {A} {B} ?x }}",
        f"SELECT ?x {{ GRAPH {C} {{ {A} {B} ?x }} }}",
        f"SELECT ?x {{ {A} {B} ?x # }}\n}}",
        f"SELECT ?xWHERE {{ {A} {B} ?x }}",
        f"SELECT ?x ?x {{ {A} {B} ?x }}",
        f"SELECT ?z {{ {A} {B} ?x }}",
        f"SELECT ?x {{ {A} ?x ?x }}",
        f"SELECT ?x {{ ?x {B} ?y }}",
        f"SELECT ?x {{ {A} {B} 'x' . }}",
        f"SELECT ?x {{ {A} a ?x }}",
        f"SELECT ?x {{ <a> {B} ?x }}",
        f"SELECT ?x {{ <http://example.org/b/../a> {B} ?x }}",
        f"SELECT ?x {{ <urn:./a> {B} ?x }}",
        f"SELECT ?x {{ <http://[bad> {B} ?x }}",
        f"SELECT ?x {{ <http://example.org/\\u0061> {B} ?x }}",
    ],
)
def test_other_queries_are_left_to_the_engine(text: str) -> None:
    store = Store()
    store.add(Quad(A, B, C))
    assert look_up(store, text, MAX_LOOKUP_ROWS, 1 << 20) is None


@pytest.mark.parametrize(
    "term", [BlankNode("a"), Triple(A, B, C), Literal("x", language="en", direction=BaseDirection.RTL)], ids=repr
)
def test_unusual_terms_are_left_to_the_engine(term: BlankNode | Triple | Literal) -> None:
    store = Store()
    store.add(Quad(A, B, term))
    assert look_up(store, f"SELECT ?x {{ {A} {B} ?x }}", MAX_LOOKUP_ROWS, 1 << 20) is None
    assert look_up(store, f"SELECT ?x {{ {A} ?x {C} }}", MAX_LOOKUP_ROWS, 1 << 20) is not None, (
        "the query does not read that term"
    )


def test_a_result_over_the_caps_is_left_to_the_engine() -> None:
    store = Store()
    store.extend(Quad(A, B, Literal(number)) for number in range(MAX_LOOKUP_ROWS + 1))
    text = f"SELECT ?x {{ {A} {B} ?x }}"
    assert look_up(store, text, MAX_LOOKUP_ROWS, 1 << 20) is None
    store.remove(Quad(A, B, Literal(0)))
    result = look_up(store, text, MAX_LOOKUP_ROWS, 1 << 20)
    assert result is not None
    assert result[1] == MAX_LOOKUP_ROWS
    assert look_up(store, text, MAX_LOOKUP_ROWS - 1, 1 << 20) is None
    assert look_up(store, text, MAX_LOOKUP_ROWS, len(result[0]) - 1) is None
    assert look_up(store, text, MAX_LOOKUP_ROWS, len(result[0])) is not None


REQUEST = f"{A.value}\n{B.value}\n\n2x"


def test_a_generation_that_is_not_open_is_left_to_a_worker() -> None:
    look_ups = LookUps(Limits(), lambda generation, key: None)
    assert look_ups.answer(Path("000001"), "key", REQUEST) is None


def test_a_damaged_store_is_left_to_a_worker() -> None:
    class Damaged:
        def quads_for_pattern(self, *_: object) -> None:
            raise OSError("Corruption: block checksum mismatch")

    look_ups = LookUps(Limits(), lambda generation, key: cast("Store", Damaged()))
    assert look_ups.answer(Path("000001"), "key", REQUEST) is None


def test_slow_look_ups_are_left_to_workers_for_longer_and_longer() -> None:
    """They would hold the event loop."""
    now, seconds = [100.0], [0.0]

    def open_store(generation: Path, key: str) -> Store:
        now[0] += seconds[0]
        return Store()

    look_ups = LookUps(Limits(), open_store, clock=lambda: now[0])

    def is_answered(moment: float) -> bool:
        now[0] = moment
        return look_ups.answer(Path("000001"), "key", REQUEST) is not None

    assert is_answered(100.0) and is_answered(100.0)
    seconds[0] = 0.02
    assert is_answered(101.0), "this one took long"
    assert not is_answered(101.5)
    assert is_answered(102.1), "long again"
    assert not is_answered(103.5)
    seconds[0] = 0.0
    assert is_answered(104.2) and is_answered(104.3)


def test_the_pool_answers_look_ups_without_a_worker(tmp_path: Path) -> None:
    generation = make_generation(tmp_path / "000001", 5)
    store = Store.read_only(str(generation / "graph"))
    query = "SELECT ?o { <http://example.org/s3> <http://example.org/p> ?o }"
    with QueryPool(open_store=lambda path, key: store if path == generation else None) as pool:
        first, second = (pool.run(generation, query) for _ in range(2))
        assert pool.load() == (0, 0) and not pool.idle() and not pool.busy()
        assert [row["o"]["value"] for row in json.loads(first.read())["results"]["bindings"]] == ["value 3"]
        assert (first.cached, second.cached, first.read()) == (False, True, second.read())
        assert pool.run(generation, query, dataset=Dataset(("http://example.org/g",))).rows == 0, "by a worker"
