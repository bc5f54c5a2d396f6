"""Search clauses: how they are read, what is refused and where, and how the engine reads the VALUES."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.deadline import Deadline
from graph.errors import InputError, QuerySyntax, QueryTooLarge
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from graph.sparql.search_request import SearchRequest, SearchRow
from graph.sparql.syntax.guard import Guarded, guard
from graph.sparql.syntax.search_clause import expand, read_clauses
from graph.vocabulary import CA

PREFIX = f"PREFIX ca: <{CA}> PREFIX ex: <http://example.org/>\n"
HIT = '?hit ca:query "growth"'


def clause(body: str) -> str:
    return f"SERVICE <urn:creative-atlas:search> {{ {body} }}"


def cleared(pattern: str) -> Guarded:
    return guard(f"{PREFIX}SELECT * {{ {pattern} }}", Limits(), search=True)


def read(body: str) -> SearchRequest:
    (request,) = read_clauses(cleared(clause(body)))
    return request


def four_things(request: SearchRequest) -> Sequence[SearchRow]:
    """A search over four things: those whose number the text asks for, or all."""
    numbers = [int(word) for word in (request.text or "").split() if word.isdigit()] or [1, 2, 3, 4]
    return [SearchRow(f"http://example.org/s{n}", 1 / n, f'the "{n}" of \\ all\n') for n in numbers]


def test_every_property_of_a_clause() -> None:
    request = read(
        "?hit ca:query 'it\\u0027s \"here\"'@en ; ca:score ?s ; ca:snippet $t ; ca:rank ?r ; ca:limit 50 ; "
        'ca:mode "dense" ; ca:kind "passage" ; ca:type ex:A, <http://example.org/B> ; ca:collection """mine""" . '
        '?hit ca:from 2018 ; ca:to "2019-06" ; .'
    )
    assert request == SearchRequest(
        text='it\'s "here"',
        limit=50,
        mode="dense",
        filters={
            "kind": ("passage",),
            "type": ("http://example.org/A", "http://example.org/B"),
            "collection": ("mine",),
            "from": ("2018",),
            "to": ("2019-06",),
        },
        outputs={"hit": "hit", "score": "s", "snippet": "t", "rank": "r"},
    )
    # In RDF 1.1 a string with its datatype is the same literal.
    assert read(HIT + "^^<http://www.w3.org/2001/XMLSchema#string> ; ca:limit 7").limit == 7
    assert read(HIT) == SearchRequest(text="growth", outputs={"hit": "hit"})


def test_names_and_iris() -> None:
    assert read("?x ca:similarTo ex:a\\/b ; ca:kind 'entity'").similar_to == "http://example.org/a/b"
    assert read(f'?x <{CA}query> "a"').text == "a"
    assert read("?x ca:similarTo <http://example.org/\\u0061>").similar_to == "http://example.org/a"


MISUSE = [
    ("", "needs ca:query or ca:similarTo", ""),
    ("?hit ca:score ?s", "needs ca:query or ca:similarTo", ""),
    (f"{HIT} ; ca:colour 'red'", "not a property", "ca:colour"),
    (f"{HIT} ; a ca:Passage", "not a property", "a ca:Passage"),
    (f"{HIT} ; ?p ?o", "not a property", "?p"),
    (f"{HIT} ; ex:query 'x'", "not a property", "ex:query"),
    ("?hit ca:query ?text", "needs a constant", "?text"),
    (f"{HIT} ; ca:type ?type", "needs a constant", "?type"),
    (f"{HIT} ; ca:query 'b'", "stands twice", "ca:query 'b'"),
    ("?hit ca:query 'a', 'b'", "stands twice", "ca:query"),
    (f"{HIT} ; ca:similarTo ex:a", "not both", "ex:a"),
    (f"{HIT} ; ca:limit 0", "from 1 to 100", "0"),
    (f"{HIT} ; ca:limit 101", "from 1 to 100", "101"),
    (f"{HIT} ; ca:limit 1.5", "from 1 to 100", "1.5"),
    (f"{HIT} ; ca:limit '5'", "from 1 to 100", "'5'"),
    (f"{HIT} ; ca:limit {'9' * 5000}", "from 1 to 100", "99"),
    (f"{HIT} ; ca:limit -5", "from 1 to 100", "-"),
    (f"{HIT} ; ca:mode 'fast'", "is one of: hybrid", "'fast'"),
    (f"{HIT} ; ca:kind 'report'", "is one of: passage", "'report'"),
    (f"{HIT} ; ca:type 'report'", "needs an IRI", "'report'"),
    (f"{HIT} ; ca:type <report>", "absolute", "<report>"),
    (f"{HIT} ; ca:publisher ex:a", "needs a text", "ex:a"),
    ("?hit ca:query 'a'^^ex:t", "plain text", "^^"),
    ("?hit ca:query 'a'^^", "ends where a datatype", ""),
    (f"{HIT} ; ca:score 5", "needs a variable", "5"),
    (f"{HIT} ; ca:score ?hit", "used twice", "?hit }"),
    (f"{HIT} ; ca:score ?s ; ca:rank ?s", "used twice", "?s }"),
    ("ex:a ca:query 'x'", "speaks about a variable", "ex:a"),
    (f"{HIT} . ?other ca:score ?s", "one variable", "?other"),
    (f"{HIT} ca:score ?s", "Unexpected ‘ca:score’", "ca:score"),
    (f"{HIT} {{ }}", "Unexpected ‘{’", "{ }"),
    ("?hit ca:query", "ends where a value for ca:query should stand", ""),
    ("?hit", "ends where a property", ""),
    ("?x ca:similarTo ex:a ; ca:mode 'dense'", "does not go with ca:similarTo", "'dense'"),
    ("?x ca:similarTo ex:a ; ca:type ex:b", "does not go with ca:similarTo", "ex:b"),
    (f"{HIT} FILTER(?s > 1)", "Unexpected ‘FILTER’", "FILTER"),
    (f"{HIT} . {clause(HIT)}", "speaks about a variable", "SERVICE"),
]


@pytest.mark.parametrize(("body", "words", "place"), MISUSE)
def test_misuse_is_a_syntax_error_at_its_place(body: str, words: str, place: str) -> None:
    query = cleared(f"\n  {clause(body)}")
    with pytest.raises(QuerySyntax, match=words) as caught:
        expand(query, four_things)
    line = query.original.split("\n")[2]
    inside = line.index("{") + 2
    expected = 2 if not place else line.index(place, inside)
    assert (caught.value.line, caught.value.column) == (3, expected + 1)


def test_an_error_of_the_search_has_the_place_of_its_clause() -> None:
    def refuse(_: SearchRequest) -> Sequence[SearchRow]:
        raise InputError("There is nothing to search for.", "Give a word.")

    with pytest.raises(QuerySyntax, match=r"Line 2, column 12: There is nothing .* Give a word") as caught:
        expand(cleared(clause(HIT)), refuse)
    assert caught.value.column == 12


def test_too_many_clauses_or_too_much_text() -> None:
    with pytest.raises(QueryTooLarge, match="8 search clauses"):
        expand(cleared(clause(HIT) * 9), four_things)
    long = [SearchRow("http://example.org/a", 1.0, "x" * 6000)] * 100
    with pytest.raises(QueryTooLarge, match="too much text"):
        expand(cleared(clause(HIT + " ; ca:snippet ?t ; ca:limit 100")), lambda _: long)


@pytest.fixture(scope="module")
def searching() -> Iterator[QueryPool]:
    with QueryPool(search=lambda generation, request, deadline: four_things(request)) as pool:
        yield pool


def rows(pool: QueryPool, generation: Path, pattern: str, head: str = "SELECT *") -> list[dict[str, str]]:
    with pool.run(generation, f"{PREFIX}{head} {{ {pattern} }}") as result:
        answer: dict[str, Any] = json.loads(result.read())
    return [{name: term["value"] for name, term in row.items()} for row in answer["results"]["bindings"]]


def test_rows_join_the_pattern(searching: QueryPool, generation: Path) -> None:
    pattern = clause("?hit ca:query '3 499 7000' ; ca:score ?score ; ca:snippet ?text ; ca:rank ?rank")
    both = rows(searching, generation, f"{pattern} ?hit ex:p ?value")
    assert {row["value"]: row["rank"] for row in both} == {"value 3": "1", "value 499": "2"}
    assert both[0]["text"] in ('the "3" of \\ all\n', 'the "499" of \\ all\n')
    assert len(rows(searching, generation, pattern)) == 3


def test_where_a_clause_may_stand(searching: QueryPool, generation: Path) -> None:
    first, second = clause("?s ca:query '1 2' ; ca:score ?score"), clause("?s ca:query '2 5'")
    optional = rows(searching, generation, f"VALUES ?s {{ ex:s1 ex:s9 }} OPTIONAL {{ {first} }}")
    assert sorted((row["s"][-2:], row.get("score")) for row in optional) == [("s1", "1"), ("s9", None)]
    assert len(rows(searching, generation, f"{{ {first} }} UNION {{ {second} }}")) == 4
    assert [row["s"][-2:] for row in rows(searching, generation, f"{first} {second}")] == ["s2"]
    inside = f"?s ex:p ?v FILTER(EXISTS{{{second}}}) FILTER(?v < 'value 3')"
    assert [row["v"] for row in rows(searching, generation, inside)] == ["value 2"]
    inner = f"{{ SELECT ?s {{ {first} }} ORDER BY ?score LIMIT 1 }} ?s ex:p ?v"
    assert [row["v"] for row in rows(searching, generation, inner)] == ["value 2"]
    assert [row["v"] for row in rows(searching, generation, f"{{?s ex:p ?v}}{first}")]
    silent = first.replace("SERVICE", "SERVICE SILENT")
    assert rows(searching, generation, silent) == rows(searching, generation, first)
    without = f"?s ex:p ?v MINUS {{ {second} }}"
    assert rows(searching, generation, without, "SELECT (COUNT(*) AS ?n)") == [{"n": "498"}]


def test_the_rows_of_each_clause_come_with_the_result(generation: Path) -> None:
    """Each clause is searched once, and not again where the result is cached."""
    requests: list[SearchRequest] = []

    def search(_: Path, request: SearchRequest, deadline: Deadline) -> Sequence[SearchRow]:
        requests.append(request)
        return four_things(request)

    query = f"{PREFIX}SELECT * {{ {clause(HIT + ' ; ca:limit 2')} {clause('?other ca:query chr(34)3 7chr(34)')} }}"
    query = query.replace("chr(34)", '"')
    with QueryPool(search=search) as pool:
        with pool.run(generation, query) as first, pool.run(generation, query) as second:
            assert (first.cached, second.cached) == (False, True)
            assert first.fingerprint == second.fingerprint
            assert first.read() == second.read()
            assert first.searches == second.searches
        with pool.run(generation, query, media_type="text/csv") as spooled:
            assert spooled.searches == first.searches
    assert [len(rows) for _, rows in first.searches] == [2, 2], "no more rows than the clause asks for"
    assert [rows[0].iri for _, rows in first.searches] == ["http://example.org/s1", "http://example.org/s3"]
    assert [request for request, _ in first.searches] == requests[:2]
    assert len(requests) == 4


def test_errors_elsewhere_keep_their_place(searching: QueryPool, generation: Path) -> None:
    query = f"{PREFIX}SELECT * {{\n {clause(HIT)} ?hit ex:p\n}}"
    with pytest.raises(QuerySyntax) as caught:
        searching.run(generation, query)
    assert (caught.value.line, caught.value.column) == (4, 1)
    query = f"{PREFIX}SELECT * {{\n {clause(HIT)} ?hit ex:p ] .\n}}"
    with pytest.raises(QuerySyntax) as caught:
        searching.run(generation, query)
    assert (caught.value.line, caught.value.column) == (3, query.split("\n")[2].index("]") + 1)


@given(
    st.lists(
        st.tuples(
            st.text(), st.text(alphabet="abc'#()?@$&é😀-/", max_size=12).filter(lambda tail: tail.count("#") < 2)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_comes_through_unharmed(texts: list[tuple[str, str]]) -> None:
    """Snippets and IRIs of whatever characters: the engine reads exactly those, and no more structure."""
    hits = [SearchRow(f"http://example.org/{tail}", 0.5, text) for text, tail in texts]
    query, _ = expand(cleared(clause(HIT + " ; ca:snippet ?t ; ca:rank ?r")), lambda _: hits)
    solutions = ox.Store().query(query.text)
    assert isinstance(solutions, ox.QuerySolutions)
    read_back = {int(row["r"].value): (row["hit"].value, row["t"].value) for row in solutions}  # type: ignore[union-attr]
    assert read_back == {n: (hit.iri, hit.snippet) for n, hit in enumerate(hits, 1)}


def test_an_iri_that_is_none_is_left_out() -> None:
    query, _ = expand(
        cleared(clause(HIT)), lambda _: [SearchRow("http://a/> } #", 1, ""), SearchRow("http://a/b", 1, "")]
    )
    solutions = ox.Store().query(query.text)
    assert isinstance(solutions, ox.QuerySolutions)
    assert [str(row["hit"]) for row in solutions] == ["<http://a/b>"]
