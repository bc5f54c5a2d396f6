"""Property paths against their definition (SPARQL 1.1 §18.4), on small graphs of every shape.

No query has a row too many. One may have fewer: without the terms of the query that are not in the graph, which have a
path of length zero to themselves, and without repetitions by alternatives, of which a warning tells.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.sparql.limits import Limits
from graph.sparql.syntax.guard import guard

Triples = frozenset[tuple[str, str, str]]
Row = tuple[tuple[str, str], ...]

ELSEWHERE: Final = "z"
"""A node that the graph never has."""


@dataclass(frozen=True)
class Path:
    """A path of one or two `parts` under an operator; of none, the property `operator`."""

    operator: str
    parts: tuple[Path, ...] = ()

    def __str__(self) -> str:
        match self.operator, self.parts:
            case "^", (part,):
                return f"^({part})"
            case (("*" | "+" | "?"), (part,)):
                return f"({part}){self.operator}"
            case _, (first, second):
                return f"({first}{self.operator}{second})"
        return f"<urn:{self.operator}>"

    def pairs(self, triples: Triples, terms: frozenset[str]) -> Counter[tuple[str, str]]:
        """How often each pair of ends is a solution. `terms`: those that reach themselves without a step."""
        parts = [part.pairs(triples, terms) for part in self.parts]
        match self.operator, parts:
            case "^", [pairs]:
                return Counter({(end, start): count for (start, end), count in pairs.items()})
            case "/", [first, second]:
                return _joined(first, second)
            case "|", [first, second]:
                return first + second
            case "?", [pairs]:
                return Counter({*pairs, *((term, term) for term in terms)})
            case "+", [pairs]:
                return Counter(_closure(set(pairs)))
            case "*", [pairs]:
                return Counter(_closure(set(pairs)) | {(term, term) for term in terms})
        return Counter((start, end) for start, name, end in triples if name == self.operator)


def _joined(first: Counter[tuple[str, str]], second: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    joined = Counter[tuple[str, str]]()
    for (start, middle), count in first.items():
        for (other, end), times in second.items():
            if middle == other:
                joined[start, end] += count * times
    return joined


def _closure(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    closed = set(pairs)
    while longer := {(start, end) for start, middle in closed for other, end in pairs if middle == other} - closed:
        closed |= longer
    return closed


def expected(path: Path, triples: Triples, start: str, end: str) -> Counter[Row]:
    """The rows by definition; their variables begin with a question mark."""
    terms = _nodes(triples) | {term for term in (start, end) if not term.startswith("?")}
    rows = Counter[Row]()
    for (first, last), count in path.pairs(triples, terms).items():
        row = {start: first}
        if row.setdefault(end, last) == last and all(term.startswith("?") or term == row[term] for term in row):
            rows[tuple(sorted((name, value) for name, value in row.items() if name.startswith("?")))] += count
    return rows


def rows_of(query: str, triples: Triples) -> Counter[Row]:
    store = ox.Store()
    nodes = {name: ox.NamedNode(f"urn:{name}") for triple in triples for name in triple}
    store.extend(ox.Quad(nodes[start], nodes[name], nodes[end]) for start, name, end in triples)
    results = store.query(query)
    assert isinstance(results, ox.QuerySolutions)
    names = sorted(variable.value for variable in results.variables)
    rows = Counter[Row]()
    for solution in results:
        values = ((f"?{name}", solution[name]) for name in names)
        rows[tuple((name, str(value.value)[4:]) for name, value in values if isinstance(value, ox.NamedNode))] += 1
    return rows


def _nodes(triples: Triples) -> frozenset[str]:
    return frozenset(node for start, _, end in triples for node in (start, end))


def _term(name: str) -> str:
    return name if name.startswith("?") else f"<urn:{name}>"


def pattern(path: Path, start: str, end: str) -> str:
    return f"{_term(start)} {path} {_term(end)}"


PROPERTIES: Final = st.sampled_from("pqr")
NODES: Final = st.sampled_from("abc")
GRAPHS: Final = st.frozensets(st.tuples(NODES, PROPERTIES, NODES), max_size=6)
PATHS: Final = st.recursive(
    PROPERTIES.map(Path),
    lambda paths: st.one_of(
        st.builds(lambda operator, part: Path(operator, (part,)), st.sampled_from("^*+?"), paths),
        st.builds(lambda operator, *parts: Path(operator, parts), st.sampled_from("/|"), paths, paths),
    ),
    max_leaves=4,
)
STARTS: Final = st.sampled_from(["?x", "a", "b", ELSEWHERE])
ENDS: Final = st.sampled_from(["?x", "?y", "a", "b", ELSEWHERE])


@settings(max_examples=1_000)
@given(PATHS, GRAPHS, STARTS, ENDS)
def test_a_path_has_the_rows_of_its_definition(path: Path, triples: Triples, start: str, end: str) -> None:
    guarded = guard(f"SELECT * {{ {pattern(path, start, end)} }}", Limits())
    rows, by_definition = rows_of(guarded.text, triples), expected(path, triples, start, end)
    assert not rows - by_definition, "a row too many"
    if {start, end} - {"?x", "?y"} <= _nodes(triples):
        assert rows.keys() == by_definition.keys()
        assert rows == by_definition or guarded.warnings


@settings(max_examples=500)
@given(PATHS, GRAPHS, st.sampled_from(["?x", "?y"]), st.sampled_from(["a", ELSEWHERE]))
def test_values_join_with_the_rows_of_a_path(path: Path, triples: Triples, end: str, value: str) -> None:
    """A value that is not in the graph has no path of length zero: it comes from outside of the path."""
    values, part = f"VALUES ?x {{ <urn:{value}> }}", pattern(path, "?x", end)
    by_definition = {row for row in expected(path, triples, "?x", end) if dict(row)["?x"] == value}
    assert rows_of(f"SELECT * {{ {values} {part} }}", triples).keys() == by_definition
    assert rows_of(f"SELECT * {{ {part} {values} }}", triples).keys() == by_definition


@pytest.mark.parametrize("path", ["<urn:p>?/<urn:q>*", "(<urn:p>|<urn:q>)?/<urn:r>", "<urn:p>*/<urn:q>?", "<urn:p>?"])
def test_a_constant_that_the_graph_has_not_is_no_row(path: str) -> None:
    triples = frozenset({("a", "p", "b"), ("b", "q", "c")})
    assert not rows_of(f"SELECT * {{ <urn:{ELSEWHERE}> {path} ?y }}", triples)
    assert not rows_of(f"SELECT * {{ ?x {path} <urn:{ELSEWHERE}> }}", triples)
