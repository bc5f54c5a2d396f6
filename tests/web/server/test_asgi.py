"""Fast routes and Flask behind one ASGI application: the same base, the same protection, the same work only once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from graph.deadline import Deadline
from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.event_loop import run_coroutine
from tests.support.query_pool import make_generation
from tests.support.served import Served
from web.api.fast_search import JsonSearch
from web.http import security_headers
from web.http.answered_hosts import HostPolicy
from web.http.auth import ReadAccess, install_read_token
from web.http.cors import CLOSED, Cors
from web.http.error_handlers import install_errors
from web.http.fast_request import PlainRequest
from web.http.public_address import AddressPolicy
from web.http.rendered_answer import Answer
from web.http.request_deadline import request_deadline
from web.server.asgi import AsgiApplication
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge
from web.sparql import endpoint
from web.sparql.fast_path import FastQueries
from web.sparql.response import EXPOSED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RELATIVE = {"query": "SELECT (<x> AS ?iri) {}", "format": "csv"}
READ_TOKEN = "read-me"
CSV = "text/csv; charset=utf-8"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

Site = tuple[Served, list[str]]


@pytest.fixture
def make_site(generation: Path) -> Iterator[Callable[..., Site]]:
    """Serves the SPARQL endpoint; also gives the list of the addresses that Flask saw."""
    sites: list[Served] = []

    def make(
        access: ReadAccess | None = None,
        addresses: AddressPolicy | None = None,
        hosts: HostPolicy | None = None,
        cors: Cors = CLOSED,
    ) -> Site:
        pool, paths = QueryPool(Limits(workers=1)), list[str]()
        access = access or ReadAccess(None)
        app = Flask(__name__)
        app.json.sort_keys = False  # type: ignore[attr-defined]  # as the application has it
        security_headers.install(app)
        install_errors(app)
        install_read_token(app, access)
        app.register_blueprint(endpoint.blueprint(pool, lambda: generation, cors=cors))

        def counted(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            paths.append(f"{environ['PATH_INFO']} {environ['REMOTE_ADDR']}")
            return app(environ, start)

        threads = RequestThreads(2)
        queries = FastQueries(pool, lambda: generation, endpoint.negotiate, access, cors)
        application = AsgiApplication(
            WsgiBridge(counted, threads),
            threads,
            queries=queries,
            search=JsonSearch(lambda query, _: f'"{query.text}"'.encode(), access),
            addresses=addresses,
            hosts=hosts,
        )
        sites.append(Served(application, pool))
        return sites[-1], paths

    yield make
    for site in sites:
        site.close()


@pytest.mark.parametrize(
    ("host", "base"), [("example.org:80", "http://example.org"), ("example.org:8000", "http://example.org:8000")]
)
def test_both_routes_resolve_a_relative_iri_alike(make_site: Callable[..., Site], host: str, base: str) -> None:
    site, paths = make_site()
    fast = site.get("/sparql", RELATIVE, {"Host": host})
    slow = site.get("/sparql", RELATIVE, {"Host": host, "X-Query-Id": "one"})
    assert len(paths) == 1, "the second one went to Flask"
    assert fast.data == slow.data == f"iri\r\n{base}/x\r\n".encode()
    assert fast.headers["ETag"] == slow.headers["ETag"]


def test_both_routes_use_the_public_address(make_site: Callable[..., Site]) -> None:
    site, _ = make_site(addresses=AddressPolicy("https://atlas.example.org", "127.0.0.1"))
    for headers in ({}, {"X-Query-Id": "one"}):
        assert site.get("/sparql", RELATIVE, headers).data == b"iri\r\nhttps://atlas.example.org/x\r\n"


def test_the_trusted_proxy_names_the_client(make_site: Callable[..., Site]) -> None:
    site, paths = make_site(addresses=AddressPolicy(trusted_proxy="127.0.0.1"))
    site.get("/nothing", headers={"X-Forwarded-For": "203.0.113.7"})
    untrusted, untrusted_paths = make_site()
    untrusted.get("/nothing", headers={"X-Forwarded-For": "203.0.113.7"})
    assert (paths, untrusted_paths) == (["/nothing 203.0.113.7"], ["/nothing 127.0.0.1"])


def test_a_protected_atlas_answers_queries_and_searches_without_flask(make_site: Callable[..., Site]) -> None:
    site, paths = make_site(ReadAccess(READ_TOKEN, "write-me"))
    for secret in (READ_TOKEN, "write-me"):
        answer = site.get("/sparql", {"query": "ASK {}"}, {"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
    assert paths == []
    searched = site.get("/api/v1/search", {"q": "games"}, {"Authorization": f"Bearer {READ_TOKEN}"})
    assert (searched.data, paths) == (b'"games"', [])


def test_an_answer_that_is_ready_is_for_the_same_request_only(make_site: Callable[..., Site]) -> None:
    """From the third time on nothing of a request is read again; whatever differs in it counts."""
    site, paths = make_site(ReadAccess(READ_TOKEN))
    allowed = {"Authorization": f"Bearer {READ_TOKEN}", "Accept": "text/csv"}
    answers = [site.get("/sparql", RELATIVE, allowed) for _ in range(4)]
    for later in answers[2:]:
        same = [[field for field in answer.headers if field[0] != "date"] for answer in (answers[1], later)]
        assert same[0] == same[1] and later.data == answers[0].data
    assert paths == []
    assert site.get("/sparql", RELATIVE, {"Accept": "text/csv"}).status_code == 401
    assert site.get("/sparql", RELATIVE, allowed | {"Authorization": "Bearer wrong"}).status_code == 401
    assert b"other.example" in site.get("/sparql", RELATIVE, allowed | {"Host": "other.example"}).data
    query = {"query": RELATIVE["query"]}
    assert [site.get("/sparql", query, allowed).headers["Content-Type"] for _ in range(3)] == [CSV] * 3
    in_json = allowed | {"Accept": "application/sparql-results+json"}
    assert [site.get("/sparql", query, in_json).data[:1] for _ in range(3)] == [b"{"] * 3


def test_an_answer_that_is_ready_is_of_the_live_generation(tmp_path: Path) -> None:
    generations = [make_generation(tmp_path / f"00000{n}", n) for n in (1, 2)]
    live = [generations[0]]
    pool, threads = QueryPool(Limits(workers=1)), RequestThreads(1)
    queries = FastQueries(pool, lambda: live[0], endpoint.negotiate, ReadAccess(None), CLOSED)
    site = Served(AsgiApplication(WsgiBridge(no_application, threads), threads, queries=queries), pool)
    try:
        for generation, count in zip(generations, (b"1", b"2"), strict=True):
            live[0] = generation
            bodies = {site.get("/sparql", {"query": COUNT, "format": "csv"}).data for _ in range(4)}
            assert bodies == {b"n\r\n" + count + b"\r\n"}
    finally:
        site.close()


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/api/v1/search?q=games", "/nothing"])
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Nonsense", "Basic bm9ib2R5Og=="])
def test_without_the_token_nothing_is_answered(make_site: Callable[..., Site], path: str, authorization: str) -> None:
    site, _ = make_site(ReadAccess(READ_TOKEN))
    refused = site.get(path, headers={"Authorization": authorization, "Accept": "application/json"})
    assert refused.status_code == 401
    assert "Bearer" in str(refused.headers.getlist("WWW-Authenticate"))


@pytest.mark.parametrize(
    ("cors", "fields"),
    [(CLOSED, [None, None, "same-origin"]), (Cors(is_open=True), ["*", EXPOSED, "cross-origin"])],
    ids=["closed", "open"],
)
def test_both_routes_tell_pages_of_other_sites_alike(
    make_site: Callable[..., Site], cors: Cors, fields: list[str | None]
) -> None:
    site, _ = make_site(cors=cors)
    names = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Cross-Origin-Resource-Policy")
    for query in ("ASK {}", "ASK {}", "ASK", "SELECT * { ?s ?p ?o }"):
        for headers in ({}, {"X-Query-Id": "one"}, {"Accept-Encoding": "gzip"}):
            answer = site.get("/sparql", {"query": query}, headers)
            assert [answer.headers.get(name) for name in names] == fields


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/api/v1/search?q=games", "/nothing"])
def test_a_foreign_host_is_answered_by_no_route(make_site: Callable[..., Site], path: str) -> None:
    """Whatever a proxy is said to have forwarded: a page under a rebound name can send those headers."""
    addresses = AddressPolicy("https://atlas.example.org", "127.0.0.1")
    site, paths = make_site(addresses=addresses, hosts=HostPolicy(["atlas.example.org"]))
    forged = {"Host": "rebind.example", "X-Forwarded-Host": "localhost", "Accept": "application/json"}
    for _ in range(2):
        refused = site.get(path, headers=forged)
        assert (refused.status_code, paths) == (421, [])
        assert site.get(path, headers={"Origin": "https://rebind.example"}).status_code == 403
    assert site.get(path, headers={"Host": "atlas.example.org", "Accept": "application/json"}).status_code != 421


def test_a_very_long_accept_header_is_refused(make_site: Callable[..., Site]) -> None:
    """Reading one of 30 kB takes a tenth of a second, in which Python does nothing else."""
    site, paths = make_site()
    long = {"Accept": ",".join(f"a/b{n};q=0.1" for n in range(1_000))}
    assert [site.get(path, headers=long).status_code for path in ("/sparql?query=ASK%7B%7D", "/nothing")] == [431, 431]
    assert paths == []


@pytest.mark.parametrize(
    ("parameters", "headers"),
    [
        ("query=ASK%7B%7D", {"Accept": ",".join(f"a/b{n};q=0.1" for n in range(100))}),
        ("&".join(["query=ASK%7B%7D", *(f"x{n}=1" for n in range(1_000))]), {}),
    ],
    ids=["Accept", "parameters"],
)
def test_long_lists_are_not_read_in_the_loop(
    make_site: Callable[..., Site], parameters: str, headers: dict[str, str]
) -> None:
    site, paths = make_site()
    assert site.get("/sparql", parameters, headers).status_code in (200, 406)
    assert len(paths) == 1


def test_a_query_is_guarded_once(make_site: Callable[..., Site], generation: Path) -> None:
    """A long query is read by a worker: the endpoint passes the verdict on instead of asking for it again."""
    checks: list[str] = []

    class CountingPool(QueryPool):
        def check(self, query: str, client: str | None = None, timeout: float | None = None):  # type: ignore[no-untyped-def]
            checks.append(query)
            return super().check(query, client, timeout)

    app = Flask(__name__)
    with CountingPool(Limits(workers=1)) as pool:
        app.register_blueprint(endpoint.blueprint(pool, lambda: generation))
        first = app.test_client().get("/sparql", query_string={"query": "ASK {}"})
        tag = {"If-None-Match": first.headers["ETag"]}
        repeated = app.test_client().get("/sparql", query_string={"query": "ASK {}"}, headers=tag)
    assert (first.status_code, repeated.status_code, len(checks)) == (200, 304, 2)


@pytest.mark.parametrize("is_search", [False, True])
def test_work_of_a_client_that_has_left_is_not_begun(is_search: bool) -> None:
    """Its request waits while the only thread is busy, and it leaves before that is free."""
    paths: list[str] = []
    begun, release = threading.Event(), threading.Event()

    def work(path: str) -> None:
        paths.append(path)
        begun.set()
        release.wait(20)

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        work(environ["PATH_INFO"])
        start("204 No Content", [])
        return []

    class Search:
        def takes(self, method: str, path: bytes) -> bool:
            return is_search

        def answer(self, request: PlainRequest, _: Deadline) -> Answer:
            work(request.query_string.decode())
            return Answer(204, (), b"")

    async def main() -> None:
        threads = RequestThreads(1)
        asgi = AsgiApplication(WsgiBridge(application, threads), threads, search=Search())
        busy = asyncio.ensure_future(asgi(scope("busy"), receiver(), ignore))
        await asyncio.to_thread(begun.wait, 20)
        left = asyncio.Event()
        abandoned = asyncio.ensure_future(asgi(scope("abandoned"), receiver(left), ignore))
        await left.wait()
        release.set()
        await asyncio.gather(busy, abandoned)

    run_coroutine(main())
    assert paths == ["busy"]


@pytest.mark.parametrize("is_search", [False, True])
def test_the_deadline_of_a_request_is_cancelled_when_its_client_leaves(is_search: bool) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    def work(deadline: Deadline) -> None:
        begun.set()
        end = time.monotonic() + 20
        while not deadline.cancelled and time.monotonic() < end:
            time.sleep(0.01)
        if deadline.cancelled:
            cancelled.set()

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        work(request_deadline(environ))
        start("204 No Content", [])
        return []

    class Search:
        def takes(self, method: str, path: bytes) -> bool:
            return is_search

        def answer(self, request: PlainRequest, deadline: Deadline) -> Answer:
            work(deadline)
            return Answer(204, (), b"")

    async def main() -> None:
        threads, left = RequestThreads(1), asyncio.Event()
        asgi = AsgiApplication(WsgiBridge(application, threads), threads, search=Search())

        async def receive() -> Any:
            await asyncio.to_thread(begun.wait, 20)
            return await stock()

        stock = receiver(left)
        await asgi(scope("left"), receive, ignore)

    run_coroutine(main())
    assert cancelled.is_set()


def test_a_query_whose_client_leaves_is_ended_and_its_slot_is_free(generation: Path) -> None:
    """The query would take much longer than the test."""
    query = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"

    async def main() -> None:
        loop, threads = asyncio.get_running_loop(), RequestThreads(1)
        with QueryPool(Limits(workers=1)) as pool:
            pool.attach(loop)
            queries = FastQueries(pool, lambda: generation, endpoint.negotiate, ReadAccess(None))
            asgi = AsgiApplication(WsgiBridge(no_application, threads), threads, queries=queries)
            request_scope = scope("/sparql") | {"query_string": urlencode({"query": query}).encode()}

            async def receive() -> Any:
                while not pool.busy():
                    await asyncio.sleep(0.01)
                return {"type": "http.disconnect"}

            await asyncio.wait_for(asgi(request_scope, receive, ignore), 20)
            assert pool.load() == (0, 0)

    run_coroutine(main())


def no_application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    raise AssertionError("Flask is not asked")


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http", "method": "GET", "http_version": "1.1", "scheme": "http", "raw_path": path.encode(),
        "query_string": path.encode(), "headers": [(b"host", b"x")], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }  # fmt: skip


def receiver(left: asyncio.Event | None = None) -> Callable[[], Any]:
    """Messages of a client without a body. With an event it leaves at once and sets that; else it stays."""
    messages = iter([{"type": "http.request"}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        message = next(messages)
        if message["type"] == "http.disconnect":
            if left is None:
                await asyncio.Event().wait()
            else:
                left.set()
        return message

    return receive


async def ignore(_: Any) -> None:
    return
