"""A served site with SPARQL and an application that answers with the request in words, and raw requests to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from flask import Flask
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.served import Served
from web.http.auth import ReadAccess
from web.http.error_handlers import install_errors
from web.server.asgi import AsgiApplication
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge
from web.sparql import endpoint
from web.sparql.fast_path import FastQueries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SLOW = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answers with the request in words; `/long` answers without end."""
    body = environ["wsgi.input"].read()
    answer = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['REMOTE_ADDR']} {len(body)}".encode()
    if environ["PATH_INFO"] == "/long":
        start("200 OK", [])
        return endless(environ["long.ended"])
    start("200 OK", [("Content-Type", "text/plain")])
    return [answer]


def endless(ended: threading.Event) -> Iterator[bytes]:
    try:
        while True:
            yield b"x" * 100_000
    finally:
        ended.set()


@pytest.fixture(scope="module")
def ended() -> threading.Event:
    return threading.Event()


@pytest.fixture(scope="module")
def echo_generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "000001"
    folder.mkdir()
    store = Store(str(folder / "graph"))
    store.extend(Quad(NamedNode(f"http://e/{n}"), NamedNode("http://e/p"), Literal(str(n))) for n in range(200))
    store.flush()
    return folder


ServedMaker = Callable[..., Served]


@pytest.fixture(scope="module")
def make_served(echo_generation: Path, ended: threading.Event) -> ServedMaker:
    def make(
        *, body_seconds: float = 30.0, sending_seconds: float = 60.0, query_seconds: float = 2.0, **options: Any
    ) -> Served:
        pool = QueryPool(Limits(timeout=query_seconds, workers=1))
        site = Flask(__name__)
        install_errors(site)
        site.register_blueprint(endpoint.blueprint(pool, lambda: echo_generation))

        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/sparql":
                return site(environ, start)
            return app(environ | {"long.ended": ended}, start)

        threads = RequestThreads(2)
        queries = FastQueries(pool, lambda: echo_generation, endpoint.negotiate, ReadAccess(None))
        bridge = WsgiBridge(application, threads, sending_seconds)
        return Served(AsgiApplication(bridge, threads, queries=queries, body_seconds=body_seconds), pool, **options)

    return make


@pytest.fixture(scope="module")
def served(make_served: ServedMaker) -> Iterator[Served]:
    server = make_served()
    yield server
    server.close()


@pytest.fixture(scope="module")
def impatient(make_served: ServedMaker) -> Iterator[Served]:
    """A server whose time limits are a second, and which takes three connections."""
    server = make_served(body_seconds=1.0, sending_seconds=1.0, head_seconds=1.0, stuck_seconds=1.0, connections=3)
    yield server
    server.close()


def look_up(number: int) -> str:
    return f"/sparql?format=csv&query={quote(f'SELECT ?o {{ <http://e/{number}> <http://e/p> ?o }}')}"


def get(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


def until_closed(connection: socket.socket) -> bytes:
    answers = bytearray()
    try:
        while part := connection.recv(1 << 16):
            answers += part
    except ConnectionResetError:
        pass
    return bytes(answers)
