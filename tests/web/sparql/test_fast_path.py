"""The fast path gives the answers of Flask; results are compressed on request; limits say when to try again."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
import zstandard
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Store
from werkzeug.test import TestResponse

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.query_pool import make_generation
from tests.support.served import Answer, Served
from web.http import security_headers
from web.http.auth import ReadAccess
from web.http.error_handlers import install_errors
from web.server.asgi import AsgiApplication
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge
from web.sparql import endpoint
from web.sparql.failure_backoff import FailureBackoff
from web.sparql.fast_path import FastQueries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SELECT = "SELECT ?o { <http://example.org/s7> <http://example.org/p> ?o }"
MANY = "SELECT * { ?s ?p ?o }"
# Counting holds nothing in memory, so time is what runs out.
SLOW = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LIMITS = Limits(timeout=5, quantum=0.1, workers=1, queue=0, per_client=1, inline_bytes=40_000, cache_bytes=0)


@pytest.fixture(scope="module")
def pool() -> Iterator[QueryPool]:
    with QueryPool(LIMITS) as query_pool:
        yield query_pool


def make_app(pool: QueryPool, generation: Path, client: str | None = None) -> Flask:
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # as the application has it
    security_headers.install(app)
    install_errors(app)
    app.register_blueprint(endpoint.blueprint(pool, lambda: generation, client=lambda _: client))
    return app


@pytest.fixture
def slow(pool: QueryPool, generation: Path) -> FlaskClient:
    return make_app(pool, generation).test_client()


def serve(
    app: WSGIApplication,
    pool: QueryPool,
    generation: Callable[[], Path] | None,
    access: ReadAccess | None = None,
    threads: int = 4,
) -> Served:
    """As `web.server.server` puts them together; without a generation, all goes to `app`."""
    queries = FastQueries(pool, generation, endpoint.negotiate, access or ReadAccess(None)) if generation else None
    workers = RequestThreads(threads)
    return Served(AsgiApplication(WsgiBridge(app, workers), workers, queries=queries), pool)


@pytest.fixture(scope="module")
def fast(generation: Path) -> Iterator[Served]:
    store = Store.read_only(str(generation / "graph"))
    pool = QueryPool(LIMITS, open_store=lambda path, key: store)
    client = serve(make_app(pool, generation), pool, lambda: generation)
    yield client
    client.close()


def plain(response: TestResponse | Answer) -> tuple[int, bytes, dict[str, str]]:
    """All but what differs between any two answers: the time taken, and the name of the server."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    headers = {name: value for name, value in headers.items() if name not in ("server-timing", "date", "server")}
    return response.status_code, response.data, headers


@pytest.mark.parametrize(
    "query",
    [
        SELECT,
        MANY,
        "ASK { ?s ?p ?o }",
        "CONSTRUCT WHERE { ?s ?p 'value 3' }",
        "SELECT (NOW() AS ?x) {}",
        "SELECT * { ?s ?p 'é £ 😀 +%' }",
        "SELECT (<x> AS ?relative) {}",
        "SELECT * {",
        "SELECT * { SERVICE <http://127.0.0.1:9/> {} }",
        "",
        "SELECT (STRLEN(1) + 1 AS ?n) { FILTER(ex:x) }",
    ],
)
@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "text/csv",
        "text/turtle, application/sparql-results+xml;q=0.5",
        "image/png",
        "application/sparql-results+xml;charset=utf-8, text/turtle;charset=utf-8;q=0.5",
    ],
)
def test_both_routes_give_one_answer(fast: Served, slow: FlaskClient, query: str, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    fast_answer, slow_answer = (
        client.get("/sparql", query_string={"query": query}, headers=headers) for client in (fast, slow)
    )
    if "NOW" in query:
        assert plain(fast_answer)[0] == plain(slow_answer)[0]
        assert plain(fast_answer)[2].keys() == plain(slow_answer)[2].keys()
    else:
        assert plain(fast_answer) == plain(slow_answer)


@pytest.mark.parametrize(
    "raw", ["query=%FF", "query=ASK%7B%7D&query=ASK%7B%7D", "query=ASK{}&timeout=x", "update=x", "query"]
)
def test_a_query_that_is_not_plain_is_delegated(fast: Served, slow: FlaskClient, raw: str) -> None:
    fast_answer, slow_answer = (client.get("/sparql", query_string=raw) for client in (fast, slow))
    assert fast_answer.status_code == 400
    assert plain(fast_answer) == plain(slow_answer)


@pytest.mark.parametrize("kind", ["application/sparql-query", "application/x-www-form-urlencoded"])
def test_a_compressed_query_is_refused_on_both_routes(fast: Served, slow: FlaskClient, kind: str) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
    body = gzip.compress(b"ASK {}", mtime=0)
    fast_answer = fast.ask("POST", "/sparql", headers=headers, body=body)
    slow_answer = slow.post("/sparql", data=body, headers=headers)
    assert fast_answer.status_code == 415
    assert plain(fast_answer) == plain(slow_answer)


def test_a_query_that_fails_runs_once(fast: Served) -> None:
    started = time.monotonic()
    fast_timeout = fast.get("/sparql", query_string={"query": SLOW})
    assert fast_timeout.status_code == 503
    assert time.monotonic() - started < 2 * LIMITS.timeout


@pytest.mark.parametrize("route", ["fast", "slow"])
@pytest.mark.parametrize("query", [MANY, MANY + " LIMIT 100"], ids=["spooled", "in memory"])
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_results_are_compressed_on_request(request: pytest.FixtureRequest, route: str, query: str, coding: str) -> None:
    client: FlaskClient | Served = request.getfixturevalue(route)
    response = client.get("/sparql", query_string={"query": query})
    packed = client.get("/sparql", query_string={"query": query}, headers={"Accept-Encoding": coding})
    assert "Content-Encoding" not in response.headers
    assert packed.headers["Content-Encoding"] == coding
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(response.data) / 2
    unpack = (
        gzip.decompress
        if coding == "gzip"
        else lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)
    )
    assert unpack(packed.data) == response.data
    assert packed.headers["ETag"] == "W/" + response.headers["ETag"].removeprefix("W/")
    assert "Accept-Encoding" in packed.headers["Vary"]
    for tag in (packed.headers["ETag"], response.headers["ETag"]):
        repeated = client.get("/sparql", query_string={"query": query}, headers={"If-None-Match": tag})
        assert (repeated.status_code, repeated.data) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("gzip, zstd", "zstd"), ("gzip, zstd;q=0.5", "gzip"), ("gzip;q=0", None), ("identity, gzip;q=0.5", None),
     ("br", None), ("*", "zstd"), ("gzip, deflate, br", "gzip")],
)  # fmt: skip
def test_the_preferred_coding_is_chosen(slow: FlaskClient, accepted: str, chosen: str | None) -> None:
    packed = slow.get("/sparql", query_string={"query": MANY}, headers={"Accept-Encoding": accepted})
    assert packed.headers.get("Content-Encoding") == chosen


def test_small_results_are_not_compressed(fast: Served) -> None:
    answer = fast.get("/sparql", query_string={"query": SELECT}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_head_of_a_compressed_answer(slow: FlaskClient) -> None:
    head = slow.head("/sparql", query_string={"query": MANY}, headers={"Accept-Encoding": "gzip"})
    assert (head.status_code, head.data, head.headers["Content-Encoding"]) == (200, b"", "gzip")


def busy(client: FlaskClient, pool: QueryPool, running: int, names: list[str]) -> list[threading.Thread]:
    """Start a slow query for each name and wait until the given number runs."""
    threads = []
    for number, name in enumerate(names, running - len(names) + 1):
        query = {"query": SLOW, "query-id": name}
        threads.append(threading.Thread(target=client.get, args=("/sparql",), kwargs={"query_string": query}))
        threads[-1].start()
        deadline = time.monotonic() + 30
        while len(pool.busy()) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)  # past the quantum: it makes room for the next
    return threads


def test_too_many_at_once(generation: Path) -> None:
    client = "192.0.2.1"
    with QueryPool(replace(LIMITS, timeout=60)) as pool:
        everyone, single = (make_app(pool, generation, name).test_client() for name in (None, client))
        threads = busy(single, pool, 1, ["first"])
        answer = single.get("/sparql", query_string={"query": SELECT + " #2"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        threads += busy(everyone, pool, 2, ["second"])
        threads += busy(everyone, pool, 3, ["third"])
        assert everyone.get("/sparql", query_string={"query": SELECT + " #3"}).status_code == 200, "look-ups go on"
        answer = everyone.get("/sparql", query_string={"query": "SELECT (1 AS ?n) {} #4"})
        assert answer.json is not None
        assert (answer.status_code, answer.json["type"].rsplit("/")[-1]) == (503, "overload")
        assert int(answer.headers["Retry-After"]) >= 1
        for name, owner in (("first", client), ("second", None), ("third", None)):
            pool.cancel(name, owner)
        for thread in threads:
            thread.join()


def test_the_timeout_is_cut_to_the_cap(slow: FlaskClient) -> None:
    started = time.monotonic()
    answer = slow.get("/sparql", query_string={"query": SLOW, "timeout": "3600"})
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"].rsplit("/")[-1]) == (503, "query-timeout")
    assert "5 seconds" in answer.json["detail"]
    assert time.monotonic() - started < LIMITS.timeout + 3


def test_another_generation_is_another_answer(tmp_path: Path) -> None:
    live, pool = [make_generation(tmp_path / "000001", 10, "old")], QueryPool(LIMITS)
    client = serve(make_app(pool, live[0]), pool, lambda: live[0])
    try:
        assert b"old 7" in client.get("/sparql", {"query": SELECT}).data
        live[0] = make_generation(tmp_path / "000002", 10, "new")
        assert b"new 7" in client.get("/sparql", {"query": SELECT}).data
    finally:
        client.close()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/sparql-query", SELECT.encode()),
        ("application/x-www-form-urlencoded", urlencode({"query": SELECT, "format": "csv"}).encode()),
        ("application/x-www-form-urlencoded; charset=utf-8", urlencode({"query": SELECT}).encode()),
        ("text/plain", SELECT.encode()),
        ("application/sparql-query", b"SELECT '\xff'"),
    ],
)
def test_both_routes_accept_a_post(fast: Served, slow: FlaskClient, kind: str, body: bytes) -> None:
    fast_answer = fast.ask("POST", "/sparql", "", {"Content-Type": kind}, body)
    assert plain(fast_answer) == plain(slow.post("/sparql", data=body, headers={"Content-Type": kind}))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT ?o { <http://example.org/s7> ?p ?o }", 200),
        ("SELECT ?o { <http://example.org/s7> ?p }", 400),
        ("SELECT ?o { <http://example.org/s7> x:p ?o }", 400),
        ("SELECT ?o { SERVICE <http://example.org/> { ?s ?p ?o } }", 400),
        ("SELECT ?o { ?s ?p 'not ended }", 400),
    ],
)
def test_a_long_query_is_read_by_a_worker(fast: Served, slow: FlaskClient, query: str, status: int) -> None:
    parameters = {"query": f"{query} # {'x' * 3000}"}
    fast_answer, slow_answer = (client.get("/sparql", query_string=parameters) for client in (fast, slow))
    assert fast_answer.status_code == status
    assert plain(fast_answer) == plain(slow_answer)


def test_a_failing_application_does_not_stop_the_loop(generation: Path) -> None:
    pool = QueryPool(LIMITS)
    app = make_app(pool, generation)

    def broken(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/late":
            start("200 OK", [])
            return (b"x" * (1 << 17) if part < 2 else 1 // 0 for part in range(4))  # type: ignore[misc]
        if environ["PATH_INFO"] == "/broken":
            raise RuntimeError("on purpose")
        return app(environ, start)

    client = serve(broken, pool, lambda: generation, threads=1)
    try:
        for _ in range(3):
            assert client.get("/broken").status_code == 500
        with pytest.raises(http.client.IncompleteRead):
            client.get("/late")
        assert client.get("/sparql", {"query": SELECT}).status_code == 200
        assert client.get("/sparql", {"query": "SELECT"}).status_code == 400
    finally:
        client.close()


def test_a_download_is_offered_as_a_file(generation: Path) -> None:
    pool = QueryPool(LIMITS)
    client = serve(make_app(pool, generation), pool, lambda: generation, threads=1)
    try:
        parameters = {"query": SELECT, "format": "csv"}
        shown = [
            client.get("/sparql", variant, {}).headers["Content-Disposition"]
            for variant in (parameters, parameters | {"download": "1"})
        ]
        assert shown == ['inline; filename="query.csv"', 'attachment; filename="query.csv"']
    finally:
        client.close()


@pytest.mark.parametrize(
    "query", ["SELECT", "SELECT * { SERVICE <http://127.0.0.1:9/> {} }", SELECT + "{" * 9_000, SLOW]
)
def test_a_query_that_fails_is_answered_without_the_application(generation: Path, query: str) -> None:
    """Unless a browser asks, which is shown a page."""
    delegated: list[str] = []
    pool, parameters = QueryPool(Limits()), {"query": query} | ({"timeout": "0.5"} if query == SLOW else {})
    app = make_app(pool, generation)

    def counted(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        delegated.append(environ["HTTP_ACCEPT"])
        return app(environ, start)

    client = serve(counted, pool, lambda: generation, threads=1)
    try:
        answers = [client.get("/sparql", parameters, {"Accept": accept}) for accept in ("*/*", "text/html, */*;q=0.1")]
        assert delegated == ["text/html, */*;q=0.1"]
        assert answers[0].status_code == answers[1].status_code == (503 if query == SLOW else 400)
        assert answers[0].headers["Content-Type"] == "application/problem+json"
        assert "nonce" not in answers[0].headers["Content-Security-Policy"]
    finally:
        client.close()


def test_requests_beyond_the_threads_and_the_queue_are_refused(generation: Path) -> None:
    release, pool = threading.Event(), QueryPool(LIMITS)

    def waiting(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        release.wait(30)
        start("204 No Content", [])
        return []

    client = serve(waiting, pool, None, threads=1)
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(client.get("/").status_code)) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while len(answers) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert answers == [503, 503], "one is worked on, one waits"
    finally:
        release.set()
        for thread in threads:
            thread.join()
        client.close()
    assert answers == [503, 503, 204, 204]


def test_a_client_with_many_failures_is_delayed_and_others_are_not() -> None:
    backoff = FailureBackoff()
    first = [backoff.wait("a", 100.0) for _ in range(100)]
    assert first[:20] == [0.0] * 20
    assert first[20:] == sorted(first[20:])
    assert 0 < first[20] < first[25] < max(first) <= 1.0 + 1e-9
    assert backoff.wait("b", 100.0) == backoff.wait(None, 100.0) == 0.0
    assert backoff.wait("a", 100.5) < max(first)
    assert backoff.wait("a", 110.0) == 0.0, "it is over with time"


def test_any_number_of_clients_is_counted() -> None:
    backoff = FailureBackoff()
    assert max(backoff.wait(str(n), 100.0) for n in range(20_000)) == 0.0
    while backoff.wait("a", 100.0) == 0.0:
        continue
    assert backoff.wait("b", 100.0) == 0.0
