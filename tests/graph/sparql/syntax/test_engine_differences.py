"""Engine differences: what is mended in the text, and what is only warned of."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.sparql.limits import Limits
from graph.sparql.syntax.guard import Guarded, guard
from graph.sparql.syntax.simple_query import guard_simple
from graph.sparql.worker.guard_in_worker import read_verdict, verdict

XSD = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
MONTH = '"P1M"^^xsd:yearMonthDuration'


def guarded(query: str) -> Guarded:
    return guard(XSD + query, Limits())


def value(expression: str) -> str | None:
    (row,) = ox.Store().query(guarded(f"SELECT ({expression} AS ?x) {{}}").text)  # type: ignore[union-attr]
    term = row["x"]  # type: ignore[index]
    return None if term is None else term.value  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Groups: a name ends after the digits, and the longest number that is a group counts.
        ('REPLACE("tea", "(t)", "$1h")', "thea"),
        ('REPLACE("tea", "(t)", "$1_$1")', "t_tea"),
        ('REPLACE("tea", "(t)", "$10")', "t0ea"),
        ('REPLACE("tea", "(t)(e)", "$0!")', "te!a"),
        ('REPLACE("abcdefghijkl", "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", "$11$1")', "kal"),
        (r'REPLACE("tea", "[(](t)|(e)", "<$2>")', "t<e>a"),
        # A dollar and a backslash in the replacement are escaped.
        (r'REPLACE("5 pounds", " pounds", "\\$")', "5$"),
        (r'REPLACE("a/b", "/", "\\\\")', "a\\b"),
        ('REPLACE("a.b", ".", "$1", "q")', "a$1b"),
        ('REPLACE("a", "A", "b", "i")', "b"),
        # Class subtraction, and signs that are operators elsewhere.
        ('REGEX("u", "^[a-z-[aeiou]]$")', "false"),
        ('REGEX("k", "^[a-z-[aeiou]]$")', "true"),
        ('REGEX("k", "^[a-z-[a-m-[k]]]$")', "true"),
        ('REGEX("&&", "^[&&]+$")', "true"),
        (r'REGEX("a-[", "a-\\[")', "true"),
        ('REGEX("-a", "^[-a]+$")', "true"),
        (r'REGEX("_x1", "^\\i\\c*$")', "true"),
        (r'REGEX("1x", "^\\i")', "false"),
        (r'REGEX("x y", "^[\\c]+$")', "false"),
        # Dates.
        (f'"2020-01-31"^^xsd:date + {MONTH}', "2020-02-29"),
        ('"2020-03-31"^^xsd:date + "-P1M"^^xsd:yearMonthDuration', "2020-02-29"),
        ('"2020-12-31"^^xsd:date + "P1D"^^<http://www.w3.org/2001/XMLSchema#dayTimeDuration>', "2021-01-01"),
        ('"2020-12-31T23:00:00Z"^^xsd:dateTime + "PT2H"^^xsd:dayTimeDuration', "2021-01-01T01:00:00Z"),
        ('1 + "2"^^xsd:integer', "3"),
    ],
)  # fmt: skip
def test_constants_are_mended(expression: str, expected: str) -> None:
    assert value(expression) == expected
    assert not guarded(f"SELECT ({expression} AS ?x) {{}}").warnings


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s ?s { BIND(1 AS ?s) }",
        "SELECT DISTINCT ?s $s WHERE { BIND(1 AS ?s) }",
        "SELECT ?s { { SELECT ?s ?s { BIND(1 AS ?s) } } }",
    ],
)
def test_a_column_named_twice_comes_once(query: str) -> None:
    assert guard_simple(query, Limits()) is None
    results = ox.Store().query(guarded(query).text)
    assert [[term.value for term in row] for row in results] == [["1"]]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("query", "part"),
    [
        (r'SELECT (REGEX("abab", "(ab)\\1") AS ?x) {}', "back-references"),
        (r'SELECT (REGEX("a", "\\p{IsBasicLatin}") AS ?x) {}', "blocks"),
        (r'SELECT (REGEX("a", "\\ba") AS ?x) {}', "no pattern of XPath"),
        ('SELECT (REGEX("a", "(?i)A") AS ?x) {}', "no pattern of XPath"),
        ("SELECT * { ?s ?p ?o FILTER(REGEX(?o, ?p)) }", "computed pattern"),
        ('SELECT (REPLACE("a", "a", STR(?x)) AS ?y) {}', "computed replacement"),
        ('SELECT (REPLACE("a", "a", "$x") AS ?y) {}', "bare $"),
        ("SELECT ?x { VALUES ?x { 9223372036854775808 } }", "64 bits"),
        (f"SELECT ({MONTH} + ?d AS ?x) {{}}", "duration"),
    ],
)
def test_what_cannot_be_mended_is_warned_of(query: str, part: str) -> None:
    (warning,) = guarded(query).warnings
    assert part in warning
    assert warning.isascii(), "it is sent in a header"
    settings = {"limits": {}, "search": False, "engine_message": ""}
    assert read_verdict(XSD + query, verdict(XSD + query, settings)).warnings == (warning,)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?x { ?x :duration+ ?y FILTER(?y + 1 > 9223372036854775807) }",
        r'SELECT (REGEX(?x, "^a.b[0-9]+\\.$") AS ?y) {}',
        "SELECT (COUNT(*) AS ?n) ?s { ?s ?p ?o } GROUP BY ?s",
    ],
)
def test_what_the_engine_does_well_is_left_alone(query: str) -> None:
    text = "PREFIX : <http://example.org/> " + query
    result = guard(text, Limits())
    assert (result.text, result.warnings) == (text, ())


@pytest.mark.parametrize(
    ("query", "warns"),
    [
        ("SELECT * { ?x <u:p>|<u:q> ?y }", True),
        ("SELECT * { ?x (<u:p>|<u:q>)/<u:r> ?y }", True),
        ("SELECT * { ?x <u:p> [ <u:q>|<u:r> ?y ] }", True),
        ("SELECT * { ?x !(<u:p>|^<u:q>) ?y }", True),
        ("SELECT (COUNT(*) AS ?n) { ?x ^(<u:p>|<u:q>) ?y }", True),
        ("SELECT DISTINCT (COUNT(?x) AS ?n) { ?x <u:p>|<u:q> ?y }", True),
        ("SELECT DISTINCT ?n { { SELECT ?x { ?x <u:p>|<u:q> ?y } } }", True),
        ("SELECT DISTINCT ?x { ?x <u:p>|<u:q> ?y }", False),
        ("ASK { ?x <u:p>|<u:q> ?y }", False),
        ("CONSTRUCT { ?x a ?y } WHERE { ?x <u:p>|<u:q> ?y }", False),
        ("SELECT * { ?x ((<u:p>|<u:q>)/<u:r>)* ?y }", False),
        ("SELECT * { ?x !(<u:p>|<u:q>) ?y }", False),
        ("SELECT * { ?x <u:p> ?y {| <u:q> 1 |} FILTER (?x = 1 || ?y = 2) }", False),
    ],
)
def test_alternatives_in_a_path_that_may_lose_rows(query: str, warns: bool) -> None:
    assert bool(guarded(query).warnings) == warns
