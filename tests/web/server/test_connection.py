"""What one connection may do: several requests at once, in pieces, half, too long, too slowly, or not at all."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from flask import Flask
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.served import Served
from web.http.error_handlers import install_errors
from web.server.connection import COMING_SECONDS
from web.server.front import Front
from web.server.wsgi_bridge import Bridge
from web.sparql import endpoint
from web.sparql.fast_path import FastQueries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SLOW = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Says what it was asked; `/long` answers without end."""
    body = environ["wsgi.input"].read()
    said = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['REMOTE_ADDR']} {len(body)}".encode()
    if environ["PATH_INFO"] == "/long":
        start("200 OK", [])
        return endless(environ["long.ended"])
    start("200 OK", [("Content-Type", "text/plain")])
    return [said]


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
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "000001"
    folder.mkdir()
    store = Store(str(folder / "graph"))
    store.extend(Quad(NamedNode(f"http://e/{n}"), NamedNode("http://e/p"), Literal(str(n))) for n in range(200))
    store.flush()
    return folder


@pytest.fixture(scope="module")
def make(generation: Path, ended: threading.Event) -> Callable[[int], Served]:
    def made(connections: int) -> Served:
        pool = QueryPool(Limits(timeout=2, workers=1))
        site = Flask(__name__)
        install_errors(site)
        site.register_blueprint(endpoint.blueprint(pool, lambda: generation))

        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/sparql":
                return site(environ, start)
            return app(environ | {"long.ended": ended}, start)

        fast = FastQueries(pool, lambda: generation, endpoint.negotiate, endpoint.client_of)
        return Served(Front(Bridge(application, 2)), fast, pool, connections)

    return made


@pytest.fixture(scope="module")
def served(make: Callable[[int], Served]) -> Iterator[Served]:
    served = make(200)
    yield served
    served.close()


def look_up(number: int) -> str:
    return f"/sparql?format=csv&query={quote(f'SELECT ?o {{ <http://e/{number}> <http://e/p> ?o }}')}"


def get(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


def until_closed(connection: socket.socket) -> bytes:
    came = bytearray()
    try:
        while part := connection.recv(1 << 16):
            came += part
    except ConnectionResetError:
        pass
    return bytes(came)


def test_answers_keep_the_order_of_the_requests(served: Served) -> None:
    """Plain ones, others and a body, all at once; the last one closes."""
    posted = b"POST /posted HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    query = b"query=ASK%7B%7D"
    form = b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: %d\r\n\r\n" % len(query) + query
    asked = [get(look_up(1)), get("/one"), get(look_up(2)), posted, get(look_up(3)), form, get("/two")]
    with served.connect() as connection:
        connection.sendall(b"".join(asked) + get(look_up(4), "Connection: close\r\n"))
        came = until_closed(connection)
    assert came.count(b"HTTP/1.1 200 OK\r\n") == 8
    places = [came.index(each) for each in (b"\r\n1\r\n", b"GET /one", b"\r\n2\r\n", b"POST /posted 127.0.0.1 3",
                                            b"\r\n3\r\n", b"true", b"GET /two",
                                            b"\r\n4\r\n")]  # fmt: skip
    assert places == sorted(places)


def test_a_slow_query_holds_back_the_answers_behind_it(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(get(f"/sparql?query={quote(SLOW)}") + get("/after", "Connection: close\r\n"))
        came = until_closed(connection)
    assert came.startswith(b"HTTP/1.1 ")
    assert came.index(b"query-timeout") < came.index(b"GET /after")


def test_more_requests_than_are_held_are_not_answered(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(get("/first") + get("/next") * 500)
        came = until_closed(connection)
    assert 2 <= came.count(b"HTTP/1.1 200 OK\r\n") <= 70
    assert b"connection: close" in came.rsplit(b"HTTP/1.1 200", 1)[1]


@pytest.mark.parametrize("size", [1, 7, 50])
def test_requests_in_pieces(served: Served, size: int) -> None:
    query = b"query=" + quote("SELECT ?o { <http://e/5> <http://e/p> ?o }").encode()
    form = b"POST /sparql?format=csv HTTP/1.1\r\nHost: x\r\n" + FORM
    form += b"Content-Length: %d\r\n\r\n" % len(query) + query
    chunks = b"POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    chunks += b"5\r\nhello\r\n6\r\n world\r\n0\r\nTrailing: 1\r\n\r\n"
    with served.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for data in (get(look_up(6)) + form, chunks):
            for start in range(0, len(data), size):
                connection.sendall(data[start : start + size])
        came = until_closed(connection)
    assert came.index(b"\r\n6\r\n") < came.index(b"\r\n5\r\n") < came.index(b"POST /chunks 127.0.0.1 11")


def test_fields_that_came_before_mean_the_same_again(served: Served) -> None:
    """Also behind a request whose field looked like one."""
    path = look_up(7).replace("format=csv&", "")
    with served.connect() as connection:
        for accept, shown in (("text/csv", b"o\r\n7"), ("application/sparql-results+xml", b"<sparql")) * 2:
            connection.sendall(get(path, f"Accept: {accept}\r\n"))
            assert shown in connection.recv(1 << 16)
        bare = get(path).replace(b"Host: x", b"X-After: y")
        connection.sendall(get(path, "Accept: text/csv\r\nX-Before: ")[:-2])
        assert served.get("/").status_code == 200  # that much has been read
        connection.sendall(bare)
        assert b"o\r\n7" in connection.recv(1 << 16)
        for request in (bare, get(path), get(path), bare):
            connection.sendall(request)
            assert b'{"head"' in connection.recv(1 << 16)
        connection.sendall(b"GET /sparql?query=ASK {} HTTP/1.1\r\nHost: x\r\n\r\n")
        assert until_closed(connection).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/other"])
@pytest.mark.parametrize("head", ["HTTP/1.1\r\nHost: x\r\nConnection: close", "HTTP/1.0\r\nHost: x", "HTTP/1.0"])
def test_clients_that_ask_once(served: Served, path: str, head: str) -> None:
    with served.connect() as connection:
        connection.sendall(f"GET {path} {head}\r\n\r\n".encode())
        came = until_closed(connection)
    assert came.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in came.lower()
    assert b"\r\ndate: " in came


def test_expectations_upgrades_and_heads(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM + b"Expect: 100-continue\r\n"
                           b"Content-Length: 15\r\n\r\n")  # fmt: skip
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"query=ASK%7B%7D")
        assert b'"boolean":true' in connection.recv(1 << 16)
        connection.sendall(get(look_up(1), "Connection: Upgrade\r\nUpgrade: h2c\r\n") + get(look_up(2)))
        came = b""
        while b"\r\n2\r\n" not in came:
            came += connection.recv(1 << 16)
        assert b"\r\n1\r\n" in came
        connection.sendall(b"HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert until_closed(connection).endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HELLO\r\n\r\n", b"400"),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (600 << 10), b"431"),
        (b"GET /" + b"x" * (600 << 10), b"431"),
        (b"GET /?q=" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET /sparql?query=" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 101 + b"\r\n", b"431"),
    ],
)
def test_what_is_not_taken(served: Served, sent: bytes, status: bytes) -> None:
    with served.connect() as connection:
        with suppress(OSError):
            connection.sendall(sent)
        came = until_closed(connection)
    assert came == b"" or came.startswith(b"HTTP/1.1 " + status)
    assert served.get("/").status_code == 200


@pytest.mark.parametrize(("address", "by_post"), [(b"/sparql?query=", True), (b"/api/v1/search?q=", False)])
def test_only_what_takes_a_post_is_told_of_it(served: Served, address: bytes, by_post: bool) -> None:
    with served.connect() as connection:
        with suppress(OSError):
            connection.sendall(b"GET " + address + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        came = until_closed(connection)
    assert b"uri-too-long" in came and (b"POST" in came) is by_post


def test_rubbish_behind_a_query_waits_for_its_answer(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(get(look_up(77)) + b"\x00rubbish\r\n\r\n")
        assert b"\r\n77\r\n" in until_closed(connection)


def later(served: Served, seconds: int) -> None:
    """As if that many seconds had passed."""
    done = threading.Event()
    loop = served.loop

    def turn() -> None:
        for _ in range(seconds):
            served.server.clock.turn(served.server.server_state.connections)
        done.set()

    loop.call_soon_threadsafe(turn)
    assert done.wait(10)


@pytest.mark.parametrize(
    "sent", [b"", b"GET /spar", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM
             + b"Content-Length: 9\r\n\r\nquery"]
)  # fmt: skip
def test_those_who_do_not_go_on_are_sent_away(served: Served, sent: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(sent)
        assert served.get("/").status_code == 200  # what was sent has been read
        later(served, COMING_SECONDS - 5)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(10)
        later(served, 60)
        came = until_closed(connection)
    assert came.startswith(b"HTTP/1.1 408") if sent else came == b""


def test_one_who_reads_nothing_is_cut_off(served: Served, ended: threading.Event) -> None:
    ended.clear()
    with served.connect() as connection:
        connection.sendall(get("/long"))
        assert connection.recv(1)
        time.sleep(0.5)  # until nothing more fits between the two
        later(served, 70)
        assert ended.wait(20), "the application was told"
    assert served.get("/").status_code == 200


def test_clients_that_are_gone(served: Served, ended: threading.Event) -> None:
    ended.clear()
    for path in (f"/sparql?query={quote(SLOW)}", look_up(99), "/long", "/"):
        with served.connect() as connection:
            connection.sendall(get(path))
    assert ended.wait(20)
    assert served.get(*look_up(98).split("?")).data == b"o\r\n98\r\n"


def test_two_at_once(served: Served) -> None:
    """Two connections whose queries wait for one worker: each has its own answer."""
    wrong: list[int] = []

    def ask(first: int) -> None:
        with served.connect() as connection:
            for number in range(first, first + 40):
                connection.sendall(get(look_up(number)))
                if f"\r\n{number}\r\n".encode() not in connection.recv(1 << 16):
                    wrong.append(number)

    threads = [threading.Thread(target=ask, args=(first,)) for first in (100, 150)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []


def test_an_idle_connection_makes_room(make: Callable[[int], Served]) -> None:
    served = make(2)
    try:
        with served.connect() as idle, served.connect() as busy:
            busy.sendall(b"GET / HTTP/1.1\r\n")
            time.sleep(0.2)
            with served.connect() as third:
                third.sendall(get("/third"))
                assert b"GET /third" in third.recv(1 << 16)
                assert idle.recv(1) == b""
                third.sendall(b"GET / HTTP/1.1\r\n")
                time.sleep(0.2)
                with served.connect() as fourth:
                    assert until_closed(fourth).startswith(b"HTTP/1.1 503")
    finally:
        served.close()
