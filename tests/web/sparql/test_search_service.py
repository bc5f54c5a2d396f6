"""Search clauses answered by the real index: over HTTP, on the page, on the command line, and as documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from graph.deadline import Deadline
from graph.errors import QueryCancelled, QueryTimeout
from graph.sparql.pool.pool import QueryPool
from graph.sparql.search_request import SearchRequest, SearchRow
from graph.vocabulary import CA
from tests.support.paths import ROOT
from web.cli.main import cli
from web.read_model.query_table import run_table
from web.read_model.reader import Slice
from web.services import Services, compose
from web.settings import Settings
from web.sparql.search_service import clause_search, explain

DOCS = ROOT / "docs" / "reference" / "sparql-search.md"
EXAMPLES = re.findall(r"^```sparql\n(.*?)^```", DOCS.read_text("utf-8"), re.M | re.S)
FINANCE = (
    f"PREFIX ca: <{CA}> SELECT ?hit ?score {{ SERVICE <urn:creative-atlas:search> {{ "
    '?hit ca:query "access to finance" ; ca:kind "passage" ; ca:score ?score }} }} ORDER BY DESC(?score)'
).replace("}}", "}")


@pytest.fixture(scope="module")
def starter(starter_home: Path, cache: Path) -> Iterator[Services]:
    services = compose(Settings(home=starter_home, cache=cache))
    yield services
    services.pool.close()


def test_there_are_ten_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("query", EXAMPLES)
def test_each_example_returns_rows(starter: Services, query: str) -> None:
    path = starter.live.view().generation.path
    with starter.pool.run(path, query) as result:
        assert result.rows > 0


def test_over_http_the_hits_are_those_of_the_search(client: FlaskClient) -> None:
    searched = client.get("/api/v1/search", query_string={"q": "access to finance", "kind": "passage"}).json
    response = client.get("/sparql", query_string={"query": FINANCE})
    assert searched is not None
    assert response.json is not None
    hits = [row["hit"]["value"] for row in response.json["results"]["bindings"]]
    assert hits
    assert hits == [hit["iri"] for hit in searched["hits"]]
    again = client.get("/sparql", query_string={"query": FINANCE}, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ('"passage"', '"page"', "passage, entity"),
        ('"access to finance"', '""', "search is empty"),
        ('ca:kind "passage"', 'ca:from "soon"', "not a date"),
        ('ca:query "access to finance"', "ca:similarTo <http://example.org/nothing>", "Nothing is indexed"),
    ],
)
def test_misuse_over_http(client: FlaskClient, was: str, now: str, words: str) -> None:
    answer = client.get("/sparql", query_string={"query": FINANCE.replace(was, now)})
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["type"].endswith("/query-syntax")
    assert words in answer.json["detail"]
    assert answer.json["line"] == 1


def test_on_the_page(services: Services) -> None:
    table = services.atlas.now().select(FINANCE, "page-1", Slice(limit=3))
    assert table.columns == ("hit", "score")
    assert table.rows


def test_on_the_command_line(services: Services) -> None:
    home, cache = str(services.settings.home), str(services.settings.cache)
    result = CliRunner().invoke(
        cli, ["query", "--home", home, "-e", FINANCE, "--format", "csv"], env={"CREATIVE_ATLAS_CACHE": cache}
    )
    assert result.exit_code == 0, result.output
    assert result.output.startswith("hit,score")
    assert len(result.output.splitlines()) > 1


def test_the_page_says_what_took_the_place_of_each_clause(client: FlaskClient) -> None:
    """Hits and scores in the order of the search."""
    other = '{ SERVICE <urn:creative-atlas:search> { ?hit ca:similarTo <%s> ; ca:kind "entity" ; ca:limit 3 } }'
    nesta = "https://w3id.org/creative-atlas/id/organisation/nesta"
    both = FINANCE.replace("} } ORDER", "} } UNION " + other % nesta + " } ORDER").replace("SELECT ?hit", "SELECT *", 1)
    both = both.replace("{ SERVICE", "{ { SERVICE", 1).replace("SELECT * ?score", "SELECT ?hit ?score")
    answer = client.get("/sparql", query_string={"query": both}, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    assert "How the searches were answered" in answer.text
    assert "“access to finance”</strong>, by words and meaning, best 10, kind: passage." in answer.text
    assert "similar to Nesta</strong>, by meaning, best 3, kind: entity." in answer.text
    searched = client.get("/api/v1/search", query_string={"q": "access to finance", "kind": "passage"}).json
    assert searched is not None
    best = searched["hits"][0]
    assert f"{best['score']:.3f}" in answer.text
    plain = client.get("/sparql", query_string={"query": "SELECT * {}"}, headers={"Accept": "text/html"})
    assert "answered</summary>" not in plain.text


def test_the_page_runs_each_clause_once_and_none_for_another_page(starter: Services) -> None:
    view = starter.live.view()
    requests: list[SearchRequest] = []

    def search(generation: Path, request: SearchRequest, deadline: Deadline) -> list[SearchRow]:
        requests.append(request)
        return [SearchRow(f"http://example.org/{number}", 1 / number, "text") for number in range(1, request.limit + 1)]

    clauses = '?a ca:query "one" ; ca:limit 30', '?b ca:query "two" ; ca:limit 2'
    services = (f"SERVICE <urn:creative-atlas:search> {{ {clause} }}" for clause in clauses)
    select = f"PREFIX ca: <{CA}> SELECT * {{ {' '.join(services)} }}"
    with QueryPool(search=search) as pool:
        for part in (Slice(limit=20), Slice(start=20, limit=20), Slice(limit=20, sort="a")):
            table = run_table(pool, view, select, query_id="page", part=part, explain=partial(explain, view))
            assert (len(table.rows), table.total) == (20, 60)
            assert [clause.description for clause in table.clauses] == ["“one”", "“two”"]
            assert [len(clause.hits) for clause in table.clauses] == [30, 2]
        assert [request.text for request in requests] == ["one", "two"]
        ask = select.replace("SELECT *", "ASK")
        for _ in range(2):
            table = run_table(pool, view, ask, query_id="ask", part=Slice(), explain=partial(explain, view))
            assert len(table.clauses) == 2
        assert len(requests) == 4


def test_a_search_inside_a_query_ends_at_the_deadline(starter: Services) -> None:
    search = clause_search(starter.live, lambda: starter.atlas)
    path = starter.live.view().generation.path
    with pytest.raises(QueryTimeout):
        search(path, SearchRequest(text="finance"), Deadline.after(0))
    cancelled = Deadline.never()
    cancelled.cancel()
    with pytest.raises(QueryCancelled):
        search(path, SearchRequest(text="finance"), cancelled)
    assert search(path, SearchRequest(text="finance"), Deadline.never())
