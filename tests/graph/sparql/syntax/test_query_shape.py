"""Properties of a query that its text shows."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.sparql.syntax.query_shape import is_brief, is_unordered, uses_base


def test_brief_queries_are_recognised() -> None:
    prefix = "PREFIX e: <http://e/> # one\n"
    brief = ["SELECT * {e:a ?p ?o} #1", "ASK WHERE { ?s a e:B . }", "describe e:a", 'SELECT ?s {?s e:n "x"@en} LIMIT 5']
    others = ["SELECT * {?s ?p ?o}", "SELECT * {e:a e:p* ?o}", "SELECT * {e:a ?p ?o . ?o ?q ?r}", "SELECT (1 AS ?n) {}"]
    assert [is_brief(prefix + query) for query in brief + others] == [True] * len(brief) + [False] * len(others)


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
def test_where_the_order_of_rows_matters(query: str) -> None:
    assert not is_unordered(query)


USES_BASE = (
    "SELECT (<x> AS ?v) {}",
    "BASE <y/> SELECT (<x> AS ?v) {}",
    "PREFIX p: <#> SELECT (p:x AS ?v) {}",
    "SELECT (IRI('x') AS ?v) {}",
    "SELECT (uri # one\n ('x') AS ?v) {}",
    "SELECT (<http://a/b/../c> AS ?v) {}",
    "SELECT (<\\u0061> AS ?v) {}",
    "SELECT (<=> AS ?v) {}",
)
NO_BASE = (
    "SELECT (<http://a/b#c> AS ?v) {}",
    "PREFIX p: <http://a/> SELECT (p:x AS ?v) { FILTER(1 < 2 && 1 <= 2) }",
    "BASE <http://a/> SELECT (<http://a/c> AS ?v) {}",
    "SELECT (<urn:x> AS ?v) {}",
    "SELECT ('é' AS ?v) {}",
)


@pytest.mark.parametrize(("query", "expected"), [(q, True) for q in USES_BASE] + [(q, False) for q in NO_BASE])
def test_whether_the_base_matters(query: str, expected: bool) -> None:
    """Where it does not, the engine gives the same value for any base, or an error for any."""
    assert uses_base(query) is expected
    values = {_value(query, base) for base in ("http://one/a/b", "http://two/c/d")}
    assert expected or len(values) == 1


def _value(query: str, base: str) -> str:
    try:
        (row,) = ox.Store().query(query, base_iri=base)  # type: ignore[union-attr, misc]
    except SyntaxError as error:
        return str(error)
    return str(row["v"])
