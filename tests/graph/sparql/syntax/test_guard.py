"""guard: what it refuses, what it clears, and that the engine cannot read a cleared text in another way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from graph.errors import QueryError, QueryRefused, QuerySyntax, QueryTooLarge
from graph.sparql.limits import Limits
from graph.sparql.syntax.guard import SEARCH_SERVICE, guard
from graph.sparql.syntax.lexer import decoded

LIMITS = Limits()

INNOCENT = [
    "SELECT ?service { ?service ?p ?o }",
    "SELECT ?service ?x { ?service ?p ?x }",
    "PREFIX a: <http://e/> SELECT * { ?s a:service ?o }",
    "PREFIX : <http://e/> SELECT * { ?s :service :SERVICE }",
    "PREFIX service: <http://e/> SELECT * { ?s service:x service:y . service:z ?p ?o }",
    "PREFIX service: <http://e/> SELECT * FROM service:g { ?s ?p ?o }",
    "PREFIX service: <http://e/> SELECT * { GRAPH service:g { ?s ?p ?o } }",
    "PREFIX load: <http://e/> SELECT * { ?s load:x ?o }",
    "SELECT * { ?s <http://e/SERVICE#LOAD> ?o }",
    "SELECT * { ?s ?p 'SERVICE <http://e/> {}' }",
    'SELECT * { ?s ?p """LOAD\n<http://e/>""" }',
    "SELECT * { ?s ?p ?o } # SERVICE <http://e/> {}",
    "SELECT * { ?s ?p ?load . FILTER(?o < 3 && ?load > 2) }",
    "SELECT * { ?s ?p \"it\\u0027s\" . FILTER(STR(?s) = 'x\\u005C') }",
    "SELECT * { ?s ?p _:service }",
]


@pytest.mark.parametrize("query", INNOCENT)
def test_no_false_alarm(query: str) -> None:
    assert guard(query, LIMITS).form == "SELECT"


def disguises(url: str) -> list[str]:
    """Ways to write a call that the engine accepts; some need its parser's habit of reading without tokens."""
    return [
        f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ service silent<{url}>{{ ?s ?p ?o }} }}",
        f"SELECT * {{ SERVICESILENT<{url}>{{ ?s ?p ?o }} }}",
        f"PREFIX e: <{url}> SELECT * {{ SERVICE e: {{ ?s ?p ?o }} }}",
        f"PREFIX : <{url}> SELECT * {{ SERVICE:x {{ ?s ?p ?o }} }}",
        f"PREFIX : <{url}> PREFIX SERVICE: <u:> SELECT * {{ SERVICE:x {{ ?s ?p ?o }} }}",
        f"PREFIX : <{url}> PREFIX SERVICESILENT: <u:> SELECT * {{ SERVICESILENT:x {{ ?s ?p ?o }} }}",
        f"SELECT * {{ VALUES ?e {{ <{url}> }} SERVICE ?e {{ ?s ?p ?o }} }}",
        f"SELECT * {{ VALUES ?e {{ <{url}> }} SERVICE?e{{ ?s ?p ?o }} }}",
        f"SELECT * {{ ?a ?b trueSERVICE<{url}>{{ ?s ?p ?o }} }}",
        f"SELECT * {{ ?a ?b true.SERVICE<{url}>{{ ?s ?p ?o }} }}",
        f"PREFIX : <{url}> PREFIX true.SERVICE: <u:> SELECT * {{ ?a ?b true.SERVICE:x{{ ?s ?p ?o }} }}",
        f"SELECT * {{ ?a ?b 1SERVICE<{url}>{{ ?s ?p ?o }} }}",
        f'SELECT * {{ ?a ?b "x\\u005C" . SERVICE <{url}> {{ ?s ?p ?o }} }}',
        f"SELECT * {{ ?a ?b 'x'SERVICE#\n<{url}>#\n{{ ?s ?p ?o }} }}",
        f"SELECT * {{ BIND(1 AS ?a) FILTER(?a <'>')SERVICE<{url}>{{ ?s ?p ?o }}FILTER('x'<'>') #'\n}}",
        f"PREFIX u: <u:> SELECT * {{ BIND(1 AS ?a) FILTER(?a <u:x#>'''\n)SERVICE<{url}>{{ ?s ?p ?o }} #''')\n}}",
        f"PREFIX u: <u:> SELECT * {{ BIND(1 AS ?a) FILTER(?a <u:f('>')) SERVICE <{url}> {{ ?s ?p ?o }} #')\n}}",
        f"SELECT * {{ FILTER(1 <#>'''\n2) SERVICE <{url}> {{ ?s ?p ?o }} #'''\n}}",
        f"PREFIX u: <u:> SELECT * {{ FILTER(1<<u:x#>)SERVICE<{url}>{{ ?s ?p ?o }}\n}}",
        f"PREFIX u: <u:> SELECT * {{ ?s ?p <<u:x#>'''\n u:p u:o>> . SERVICE<{url}>{{ ?s ?p ?o }} #'''\n}}",
        f"SELECT * {{ {{ SELECT * {{ OPTIONAL {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }} }}",
        f"SELECT * {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
        f"SELECT * {{ SERVICE <\\u0068ttp{url[4:]}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ SERVICE SILENT <{SEARCH_SERVICE}> {{ ?s ?p ?o }} }}",
    ]


@pytest.mark.parametrize("query", disguises("http://127.0.0.1:9/"))
def test_a_disguised_call_is_refused_or_made_unreadable(query: str) -> None:
    """Refused; or sent in a text that the engine does not read as a call (it does not parse)."""
    try:
        cleared = guard(query, LIMITS)
    except (QueryRefused, QuerySyntax):
        return
    assert cleared.text != query
    with pytest.raises(SyntaxError):
        Store().query(cleared.text)


FRAGMENTS = st.sampled_from(
    [
        "SERVICE",
        "SERVICE:x",
        ":x",
        "<http://127.0.0.1:1/>",
        "{?s ?p ?o}",
        "{",
        "}",
        "(",
        ")",
        "FILTER(",
        "1",
        "?a",
        "<",
        ">",
        "<<",
        ">>",
        "<'>",
        "<#>",
        "<u:x#>",
        "<u:f('>",
        "'",
        "''",
        "'''",
        '"',
        '"""',
        "#",
        "\n",
        " ",
        "true",
        "\\u0027",
        "BIND(1 AS ?a)",
        "&&",
        "VALUES ?e {",
        "u:x",
        ".",
        "SILENT",
        "EXISTS",
        "a:b",
        "'x'",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAGMENTS, max_size=12))
def test_what_passes_the_guard_never_calls_out(fragments: list[str]) -> None:
    """The engine refuses port 1 with an error of its own, so that a call shows without a connection."""
    query = "PREFIX : <u:> PREFIX u: <u:> PREFIX a: <u:> SELECT * {" + "".join(fragments) + "}"
    try:
        cleared = guard(query, LIMITS)
        results = Store().query(cleared.text, base_iri="http://e/")
        assert list(results) is not None  # type: ignore[arg-type]  # a SELECT
    except (QueryError, SyntaxError):
        return


@pytest.mark.parametrize("query", INNOCENT)
def test_escaped_iris_mean_the_same(query: str) -> None:
    cleared = guard(query, LIMITS)
    again = guard(cleared.text, LIMITS)
    assert [decoded(token) for token in again.tokens if token.kind == "iri"] == [
        decoded(token) for token in cleared.tokens if token.kind == "iri"
    ]


def test_an_iri_after_an_operand_in_brackets_still_works() -> None:
    query = (
        "SELECT ?x { VALUES (?a ?x) { (1 <http://e/Schindler's#List>) } FILTER(?x IN (<http://e/Schindler's#List>)) }"
    )
    cleared = guard(query, LIMITS)
    assert "\\u0027" in cleared.text
    (solution,) = Store().query(cleared.text)  # type: ignore[misc]  # one solution
    assert solution["x"].value == "http://e/Schindler's#List"
    assert cleared.original_position(1, len(cleared.text)) == (1, len(query))
    assert cleared.original_position(1, 5) == (1, 5)


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("PREFIX a: <u:> BASE <u:> ask {}", "ASK"),
        ("construct where {?s ?p ?o}", "CONSTRUCT"),
        ("# c\nDESCRIBE <u:x>", "DESCRIBE"),
    ],
)
def test_form(query: str, form: str) -> None:
    assert guard(query, LIMITS).form == form


@pytest.mark.parametrize(
    "query", ["INSERT DATA { <u:a> <u:b> 1 }", "WITH <u:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }"]
)
def test_updates_go_through_the_other_door(query: str) -> None:
    with pytest.raises(QuerySyntax, match="update"):
        guard(query, LIMITS)
    assert guard(query, LIMITS, update=True).form == "UPDATE"


@pytest.mark.parametrize(
    "query",
    [
        "LOAD <http://127.0.0.1:9/>",
        "load silent <file:///etc/passwd> INTO GRAPH <u:g>",
        "CLEAR ALL;LOAD<http://127.0.0.1:9/>",
        "PREFIX : <http://127.0.0.1:9/> PREFIX LOAD: <u:> CLEAR ALL ; LOAD:x",
        "PREFIX LOAD: <u:> CLEAR ALL ; PREFIX : <http://127.0.0.1:9/> LOAD:x",
        "PREFIX LOAD: <u:> PREFIX : <http://127.0.0.1:9/> LOAD:x",
        "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ],
)
def test_load_and_service_are_refused_in_updates(query: str) -> None:
    with pytest.raises((QueryRefused, QuerySyntax)):
        guard(query, LIMITS, update=True)


def test_caps() -> None:
    with pytest.raises(QueryTooLarge):
        guard("SELECT * {}" + " " * LIMITS.text_bytes, LIMITS)
    with pytest.raises(QueryTooLarge):
        guard("SELECT * {} #" + "£" * (LIMITS.text_bytes // 2), LIMITS)
    with pytest.raises(QueryRefused, match="deep"):
        guard("SELECT * " + "{" * 10_000 + "}" * 10_000, LIMITS)
    with pytest.raises(QueryRefused, match="deep"):
        guard("SELECT * { FILTER(" + "!" * 500 + "true) }", LIMITS)
    star = " . ".join(f"?s ?p{n} ?o{n}" for n in range(200))
    for shape in (
        star,
        star.replace(" . ?s", " ;"),
        "?s ?p " + ", ".join("?o" for _ in range(200)),
        "?s ?p (" + "1 " * 99 + ")",
        "?s " + "/".join(["<u:p>"] * 200) + " ?o",
        "?s " + "/^".join(["a"] * 200) + " ?o",
        "?s (" + "/".join(["<u:p>"] * 65) + ")/(" + "/".join(["<u:p>"] * 65) + ") ?o",
        "[ (a/" + "a/" * 130 + "a)+ 1 ]",
    ):
        with pytest.raises(QueryRefused, match="triple patterns"):
            guard(f"SELECT * {{ {shape} }}", LIMITS)


def test_divisions_are_no_steps_of_a_path() -> None:
    sums = "+".join(["?a/2"] * 200)
    query = f"SELECT (({sums}) AS ?x) {{ ?s ?p ?a FILTER(({sums}) > 1) }} ORDER BY ({sums})"
    assert guard(query, LIMITS).form == "SELECT"


def test_long_values_lists_are_no_patterns() -> None:
    rows = " ".join(f"(<u:{n}> {n})" for n in range(1000))
    assert guard(f"SELECT * {{ VALUES (?a ?b) {{ {rows} }} ?s ?p ?a }}", LIMITS).form == "SELECT"


@pytest.mark.parametrize(
    ("query", "line", "column", "says"),
    [
        ("", 1, 1, "empty"),
        ("PREFIX a: <u:>", 1, 15, "ends after"),
        ("SELECT * {\n ?s foaf:name ?o }", 2, 5, "foaf:"),
        ("SELEKT * {}", 1, 1, "SELEKT"),
        ("SELECT * { ?s <http://a b> ?o }", 1, 15, "This IRI does not end"),
        ("SELECT * { ) }", 1, 12, "closes nothing"),
        ("SELECT * { ?s ?p 'a", 1, 18, "does not end"),
        ("SELECT * { ?s ?p '\ud800' }", 1, 19, "surrogate"),
    ],
)
def test_errors_say_where(query: str, line: int, column: int, says: str) -> None:
    with pytest.raises(QuerySyntax, match=says) as caught:
        guard(query, LIMITS)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_the_search_clause_is_recognised_where_somebody_answers_it() -> None:
    query = f"SELECT * {{ SERVICE <{SEARCH_SERVICE}> {{ ?hit ?p 'a }} b' }} ?hit ?q ?o }}"
    with pytest.raises(QueryRefused, match="no search"):
        guard(query, LIMITS)
    (clause,) = guard(query, LIMITS, search=True).searches
    assert query[clause.start : clause.end] == f"SERVICE <{SEARCH_SERVICE}> {{ ?hit ?p 'a }} b' }}"
    assert [token.text for token in clause.body] == ["?hit", "?p", "'a } b'"]


@pytest.mark.parametrize(
    "head",
    [
        f"SELECT * {{ SERVICE SILENT <{SEARCH_SERVICE}> {{",
        "PREFIX u: <urn:creative-atlas:> SELECT * { SERVICE u:search {",
        "PREFIX s: <urn:creative-atlas:search> SELECT * { service silent s: {",
    ],
)
def test_the_search_clause_may_be_silent_and_go_by_a_prefix(head: str) -> None:
    query = f"{head} ?hit ?p 1 }} }}"
    (clause,) = guard(query, LIMITS, search=True).searches
    assert query[clause.start : clause.end].upper().startswith("SERVICE")
    assert (query[clause.end :], [token.text for token in clause.body]) == (" }", ["?hit", "?p", "1"])
    with pytest.raises(QueryRefused, match="no search"):
        guard(query, LIMITS)


@pytest.mark.parametrize(
    "service",
    ["<search>", "u:search", "x:search", "SILENT SILENT <urn:creative-atlas:search>", "?s", f"<{SEARCH_SERVICE}2>"],
)
def test_no_other_service_passes_for_the_search(service: str) -> None:
    query = f"BASE <urn:creative-atlas:> PREFIX x: <http://e/> PREFIX u: <search> SELECT * {{ SERVICE {service} {{}} }}"
    with pytest.raises(QueryRefused, match="other machines"):
        guard(query, LIMITS, search=True)


def test_an_update_with_a_search_clause_is_refused_with_the_reason() -> None:
    update = f"INSERT {{ ?hit a ?hit }} WHERE {{ SERVICE <{SEARCH_SERVICE}> {{ ?hit ?p 'x' }} }}"
    with pytest.raises(QueryRefused, match="in queries only"):
        guard(update, LIMITS, update=True)
