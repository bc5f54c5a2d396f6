"""The protocol over HTTP, through Flask's test client, with real workers behind it."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.query_pool import make_generation
from web.http.cors import CLOSED, Cors
from web.http.error_handlers import install_errors
from web.sparql.endpoint import blueprint

SELECT = "SELECT ?o { <http://example.org/s7> <http://example.org/p> ?o }"
GRAPH = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 3"
# Counting holds nothing in memory, so time is what runs out.
SLOW = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
TYPES = "https://w3id.org/creative-atlas/problems/"


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool(Limits(result_rows=400, inline_bytes=10_000, timeout=5, quantum=0.1)) as query_pool:
        yield query_pool


@pytest.fixture
def live(generation: Path) -> list[Path]:
    """The live generation, in a list that a test may change."""
    return [generation]


@pytest.fixture
def client(pool: QueryPool, live: list[Path]) -> FlaskClient:
    return make_client(pool, live, Cors(is_open=True))


def make_client(pool: QueryPool, live: list[Path], cors: Cors) -> FlaskClient:
    app = Flask(__name__)
    install_errors(app)
    workbench = "<h1>Workbench</h1><pre>{}</pre>"
    app.register_blueprint(
        blueprint(pool, lambda: live[0], lambda query, client: workbench.format(len(query)), cors=cors)
    )
    return app.test_client()


def get(client: FlaskClient, query: str = SELECT, accept: str | None = None, **parameters: str) -> TestResponse:
    headers = {"Accept": accept} if accept is not None else {}
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


def slug(response: TestResponse) -> str:
    assert response.mimetype == "application/problem+json"
    problem = json.loads(response.data)
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]
    return str(problem["type"]).removeprefix(TYPES)


@pytest.mark.parametrize("way_of_sending", ["get", "form", "direct", "direct with charset"])
def test_three_ways_to_send_a_query(client: FlaskClient, way_of_sending: str) -> None:
    if way_of_sending == "get":
        response = get(client)
    elif way_of_sending == "form":
        response = client.post("/sparql", data={"query": SELECT})
    else:
        kind = "application/sparql-query" + ("; charset=UTF-8" if "charset" in way_of_sending else "")
        response = client.post("/sparql", data=SELECT.encode(), headers={"Content-Type": kind})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/sparql-results+json"
    assert response.json is not None
    assert response.json["results"]["bindings"] == [{"o": {"type": "literal", "value": "value 7"}}]
    assert response.headers["X-Row-Count"] == "1"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert int(response.headers["Content-Length"]) == len(response.data)


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        (SELECT, None, "application/sparql-results+json"),
        (SELECT, "*/*", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "text/csv", "text/csv; charset=utf-8"),
        (SELECT, "text/tab-separated-values;q=0.9, text/csv;q=0.8", "text/tab-separated-values; charset=utf-8"),
        (SELECT, "application/json", "application/json"),
        (SELECT, "application/sparql-results+json;q=0.1, application/xml", "application/xml"),
        (SELECT, "text/html;q=0.2, text/csv", "text/csv; charset=utf-8"),
        ("ASK {}", "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "text/csv;charset=UTF-8", "text/csv; charset=utf-8"),
        (SELECT, "application/sparql-results+xml; charset=utf-8, */*;q=0.1", "application/sparql-results+xml"),
        (GRAPH, None, "text/turtle; charset=utf-8"),
        (GRAPH, "text/turtle;charset=utf-8", "text/turtle; charset=utf-8"),
        (GRAPH, 'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "application/ld+json"),
        (GRAPH, "text/n3", "text/n3"),
        (GRAPH, "application/n-triples", "application/n-triples"),
        (GRAPH, "application/ld+json", "application/ld+json"),
        (GRAPH, "application/rdf+xml, text/turtle;q=0.9", "application/rdf+xml"),
        (GRAPH, "application/sparql-results+json, text/turtle;q=0.5", "text/turtle; charset=utf-8"),
    ],
)
def test_negotiation(client: FlaskClient, query: str, accept: str | None, expected: str) -> None:
    response = get(client, query, accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == expected
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("XML", "application/sparql-results+xml"),
        ("tsv", "text/tab-separated-values; charset=utf-8"),
    ],
)
def test_format_wins_over_accept(client: FlaskClient, name: str, expected: str) -> None:
    assert get(client, accept="text/html", format=name).headers["Content-Type"] == expected


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld", "rdfxml", "rdf+xml", "n3", "json-ld"])
def test_every_graph_format_reads_back(client: FlaskClient, name: str) -> None:
    response = get(client, GRAPH, format=name)
    form = ox.RdfFormat.from_media_type(response.mimetype)
    assert len(list(ox.parse(response.data, format=form))) == 3
    assert response.headers["X-Row-Count"] == "3"


def test_not_acceptable(client: FlaskClient) -> None:
    refused = get(client, accept="image/png")
    assert refused.status_code == 406
    assert "Accept" in refused.headers["Vary"]
    assert b"A SELECT query is answered in one of" in refused.data
    assert b"An ASK query is answered in one of" in get(client, "ASK {}", accept="image/png").data
    assert get(client, format="turtle").status_code == 406
    assert slug(get(client, GRAPH, format="csv")) == "not-acceptable"


@pytest.mark.parametrize(
    ("query", "name", "reason"),
    [
        ('SELECT ("bell\\u0007" AS ?x) {}', "xml", "U+0007"),
        ('CONSTRUCT { <urn:x:s> <urn:x:p> "\\u0001" } {}', "rdfxml", "U+0001"),
        ("CONSTRUCT { <urn:x:s> <http://example.org/p/12> 1 } {}", "rdfxml", "<http://example.org/p/12>"),
        ("CONSTRUCT { <urn:x:s> a <http://example.org/c/1> } {}", "rdfxml", "<http://example.org/c/1>"),
        ("CONSTRUCT { <urn:x:r> <urn:x:of> <<( <urn:x:s> <urn:x:p> 1 )>> } {}", "jsonld", "RDF 1.2"),
    ],
)
def test_a_format_that_cannot_hold_the_answer_is_refused(
    client: FlaskClient, query: str, name: str, reason: str
) -> None:
    refused = get(client, query, format=name)
    assert refused.status_code == 406
    assert slug(refused) == "unwritable-term"
    assert reason in refused.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize("name", ["json", "csv"])
def test_the_answer_says_where_it_may_differ_from_sparql(client: FlaskClient, name: str) -> None:
    query = "SELECT ?x { VALUES ?x { 9223372036854775808 5 } FILTER(?x > 3) }"
    response = get(client, query, format=name)
    assert "64 bits" in response.headers["X-Atlas-Warning"]
    assert "64 bits" in get(client, query, format=name).headers["X-Atlas-Warning"], "a cached answer says so too"
    assert "X-Atlas-Warning" in response.headers["Access-Control-Expose-Headers"]
    assert "X-Atlas-Warning" not in get(client, format=name).headers


def test_a_carriage_return_comes_through_xml(client: FlaskClient) -> None:
    body = get(client, 'SELECT ("a\\r\\nb" AS ?x) {}', format="xml").data
    assert "a\r\nb" in ElementTree.fromstring(body).itertext()
    body = get(client, 'CONSTRUCT { <urn:x:s> <urn:x:p> "a\\r\\nb" } {}', format="rdfxml").data
    assert "a\r\nb" in ElementTree.fromstring(body).itertext()


def test_browsers_get_the_page(client: FlaskClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert "Accept" in get(client, accept=browser).headers["Vary"]
    assert b"<pre>0</pre>" in client.get("/sparql", headers={"Accept": browser}).data
    assert f"<pre>{len(SELECT)}</pre>".encode() in get(client, accept=browser).data


def test_service_description(client: FlaskClient) -> None:
    response = client.get("/sparql", headers={"Accept": "text/turtle"})
    store = ox.Store()
    store.load(response.data, format=ox.RdfFormat.TURTLE)
    sd = "http://www.w3.org/ns/sparql-service-description#"
    assert store.query(
        f"ASK {{ ?s a <{sd}Service> ; <{sd}endpoint> ?e ; <{sd}supportedLanguage> <{sd}SPARQL11Query> }}"
    )
    for accept in ("application/rdf+xml", "application/rdf+xml;charset=utf-8"):
        assert client.get("/sparql", headers={"Accept": accept}).mimetype == "application/rdf+xml"


def test_errors_have_their_own_types(client: FlaskClient) -> None:
    broken = get(client, "SELECT * {\n ?s ?p }")
    assert (broken.status_code, slug(broken)) == (400, "query-syntax")
    assert broken.json is not None
    assert (broken.json["line"], broken.json["column"]) == (2, 8)
    service = get(client, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    assert (service.status_code, slug(service)) == (400, "refused")
    large = get(client, "SELECT * { ?s ?p ?o }")
    assert (large.status_code, slug(large)) == (413, "too-large")
    long = client.post("/sparql", data={"query": "SELECT * {}" + " " * 70_000})
    assert (long.status_code, slug(long)) == (413, "too-large")
    slow = get(client, SLOW, timeout="0.5")
    assert (slow.status_code, slug(slow)) == (503, "query-timeout")
    update = get(client, "DELETE WHERE { ?s ?p ?o }")
    assert (update.status_code, slug(update)) == (400, "query-syntax")
    assert update.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("method", "arguments", "status"),
    [
        ("GET", {"query_string": "query=ASK%7B%7D&query=ASK%7B%7D"}, 400),
        ("GET", {"query_string": "query="}, 400),
        ("GET", {"query_string": "query=ASK%7B%3Cu%3A%FF%3E%20%3Fp%20%3Fo%7D"}, 400),
        ("GET", {"query_string": "update=CLEAR%20ALL"}, 400),
        ("GET", {"query_string": {"query": "ASK {}", "timeout": "soon"}}, 400),
        ("GET", {"query_string": {"query": "ASK {}", "timeout": "-1"}}, 400),
        ("GET", {"query_string": {"query": "ASK {}", "default-graph-uri": "not an iri"}}, 400),
        ("GET", {"query_string": {"query": "ASK {}", "query-id": "a b"}}, 400),
        ("POST", {"data": {"nothing": "here"}}, 400),
        ("POST", {"data": b"ASK {}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", {"data": b"ASK {}"}, 415),
        ("POST", {"data": b"CLEAR ALL", "headers": {"Content-Type": "application/sparql-update"}}, 415),
        ("POST", {"data": "ASK {}".encode("utf-16"), "headers": {"Content-Type": "application/sparql-query"}}, 400),
        ("POST", {"data": b"x", "headers": {"Content-Type": "application/sparql-query; charset=utf-16"}}, 415),
        (
            "POST",
            {
                "data": gzip.compress(b"ASK {}"),
                "headers": {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"},
            },
            415,
        ),
        ("POST", {"data": {"query": "ASK {}"}, "headers": {"Content-Encoding": "gzip"}}, 415),
        ("PUT", {"query_string": {"query": "ASK {}"}}, 405),
        ("DELETE", {}, 405),
    ],
)
def test_bad_requests(client: FlaskClient, method: str, arguments: dict[str, object], status: int) -> None:
    response = client.open("/sparql", method=method, **arguments)  # type: ignore[arg-type]  # of its own kinds
    assert response.status_code == status
    slug(response)
    assert "Accept" in response.headers["Vary"], "a client that asks for HTML gets something else"
    if status == 405:
        assert "GET" in response.headers["Allow"]
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_dataset_of_the_protocol(client: FlaskClient) -> None:
    named = "http://example.org/g"

    def count(query: str, **parameters: str) -> str:
        return get(client, query, format="csv", **parameters).data.decode().split()[-1]

    default = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    quads = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    overridden = "SELECT (COUNT(*) AS ?n) FROM <http://example.org/none> { ?s ?p ?o }"
    assert (count(default), count(quads)) == ("500", "1")
    assert count(overridden) == "0"
    for parameters in ({"default-graph-uri": named}, {"default-graph-uri": named, "named-graph-uri": named}):
        assert count(default, **parameters) == "1"
        assert count(overridden, **parameters) == "1"
    assert count(quads, **{"default-graph-uri": named}) == "0"
    assert (count(default, **{"named-graph-uri": named}), count(quads, **{"named-graph-uri": named})) == ("0", "1")


def test_etag(client: FlaskClient, live: list[Path], tmp_path: Path) -> None:
    first = get(client)
    tag = first.headers["ETag"]
    repeated = client.get("/sparql", query_string={"query": SELECT}, headers={"If-None-Match": tag})
    assert (repeated.status_code, repeated.data, repeated.headers["ETag"]) == (304, b"", tag)
    posted = client.post("/sparql", data={"query": SELECT}, headers={"If-None-Match": tag})
    assert (posted.status_code, posted.headers["ETag"]) == (200, tag), "a condition of GET and HEAD only"
    assert get(client, format="csv").headers["ETag"] != tag
    assert "ETag" not in get(client, "SELECT (NOW() AS ?now) {}").headers
    assert get(client).headers["Server-Timing"].startswith("cache")
    live[0] = make_generation(tmp_path / "000002", 10, word="newer")
    changed = client.get("/sparql", query_string={"query": SELECT}, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert b"newer 7" in changed.data
    assert changed.headers["X-Generation"] == "000002"


def test_head_and_options(client: FlaskClient) -> None:
    head = client.head("/sparql", query_string={"query": SELECT})
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    options = client.options(
        "/sparql", headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    )
    assert options.status_code == 204
    assert "POST" in options.headers["Access-Control-Allow-Methods"]


def test_pages_of_other_sites_are_told_nothing_by_default(pool: QueryPool, live: list[Path]) -> None:
    closed = make_client(pool, live, CLOSED)
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answers = [get(closed), get(closed, "SELECT"), closed.put("/sparql"), closed.options("/sparql", headers=preflight)]
    assert [answer.status_code for answer in answers] == [200, 400, 405, 204]
    assert not [name for answer in answers for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_spooled_answer_is_whole(client: FlaskClient) -> None:
    response = get(client, "SELECT * { ?s ?p ?o } LIMIT 400")
    assert len(json.loads(response.data)["results"]["bindings"]) == 400
    assert int(response.headers["Content-Length"]) == len(response.data) > 10_000


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.1"])
def test_cancel_over_http(client: FlaskClient, pool: QueryPool, address: str) -> None:
    """By the client that asked, and no other, which may have a query of that id itself."""
    answers: list[TestResponse] = []
    mine, other = {"REMOTE_ADDR": address}, {"REMOTE_ADDR": "203.0.113.2"}
    headers = {"X-Query-Id": "slow-1"}

    def run() -> None:
        answers.append(client.get("/sparql", query_string={"query": SLOW}, headers=headers, environ_overrides=mine))

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 4
    while not sum(pool.load()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert client.delete("/sparql/queries/slow-1", environ_overrides=other).status_code == 404
    theirs = client.get("/sparql", query_string={"query": SELECT}, headers=headers, environ_overrides=other)
    assert theirs.status_code == 200
    assert client.delete("/sparql/queries/slow-1", environ_overrides=mine).status_code == 204
    thread.join()
    assert slug(answers[0]) == "cancelled"
    assert slug(client.delete("/sparql/queries/slow-1", environ_overrides=mine)) == "no-such-query"


def test_a_generation_that_was_pruned(client: FlaskClient, live: list[Path], tmp_path: Path) -> None:
    live[0] = tmp_path / "gone"
    assert slug(get(client)) == "home"
