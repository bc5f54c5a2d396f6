"""One connection over a real socket: requests at once, in pieces, half, too long, slow, hostile."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from flask import Flask
from pyoxigraph import Literal, NamedNode, Quad, Store

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.served import Served
from web.http.answer import Answer
from web.http.auth import ReadAccess
from web.http.error_handlers import install_errors
from web.http.plain_request import PlainRequest
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
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "000001"
    folder.mkdir()
    store = Store(str(folder / "graph"))
    store.extend(Quad(NamedNode(f"http://e/{n}"), NamedNode("http://e/p"), Literal(str(n))) for n in range(200))
    store.flush()
    return folder


ServedMaker = Callable[..., Served]


@pytest.fixture(scope="module")
def make(generation: Path, ended: threading.Event) -> ServedMaker:
    def made(*, body_seconds: float = 30.0, sending_seconds: float = 60.0, **options: Any) -> Served:
        pool = QueryPool(Limits(timeout=2, workers=1))
        site = Flask(__name__)
        install_errors(site)
        site.register_blueprint(endpoint.blueprint(pool, lambda: generation))

        def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/sparql":
                return site(environ, start)
            return app(environ | {"long.ended": ended}, start)

        threads = RequestThreads(2)
        queries = FastQueries(pool, lambda: generation, endpoint.negotiate, ReadAccess(None))
        bridge = WsgiBridge(application, threads, sending_seconds)
        return Served(AsgiApplication(bridge, threads, queries=queries, body_seconds=body_seconds), pool, **options)

    return made


@pytest.fixture(scope="module")
def served(make: ServedMaker) -> Iterator[Served]:
    served = make()
    yield served
    served.close()


@pytest.fixture(scope="module")
def impatient(make: ServedMaker) -> Iterator[Served]:
    """A server whose time limits are a second, and which takes three connections."""
    served = make(body_seconds=1.0, sending_seconds=1.0, head_seconds=1.0, stuck_seconds=1.0, connections=3)
    yield served
    served.close()


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


def test_answers_keep_the_order_of_the_requests(served: Served) -> None:
    """Plain ones, others and a body, all at once; the last one closes."""
    posted = b"POST /posted HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    query = b"query=ASK%7B%7D"
    form = b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: %d\r\n\r\n" % len(query) + query
    requests = [get(look_up(1)), get("/one"), get(look_up(2)), posted, get(look_up(3)), form, get("/two")]
    with served.connect() as connection:
        connection.sendall(b"".join(requests) + get(look_up(4), "Connection: close\r\n"))
        answers = until_closed(connection)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 8
    places = [answers.index(part) for part in (b"\r\n1\r\n", b"GET /one", b"\r\n2\r\n", b"POST /posted 127.0.0.1 3",
                                            b"\r\n3\r\n", b"true", b"GET /two",
                                            b"\r\n4\r\n")]  # fmt: skip
    assert places == sorted(places)


def test_a_slow_query_holds_back_the_answers_behind_it(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(get(f"/sparql?query={quote(SLOW)}") + get("/after", "Connection: close\r\n"))
        answers = until_closed(connection)
    assert answers.startswith(b"HTTP/1.1 ")
    assert answers.index(b"query-timeout") < answers.index(b"GET /after")


def test_many_requests_at_once_are_all_answered(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(get("/next") * 500 + get("/last", "Connection: close\r\n"))
        answers = until_closed(connection)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 501
    assert answers.endswith(b"GET /last 127.0.0.1 0")


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
        answers = until_closed(connection)
    assert answers.index(b"\r\n6\r\n") < answers.index(b"\r\n5\r\n") < answers.index(b"POST /chunks 127.0.0.1 11")


def test_fields_of_the_request_before_are_forgotten(served: Served) -> None:
    path = look_up(7).replace("format=csv&", "")
    with served.connect() as connection:
        for accept, shown in (("text/csv", b"o\r\n7"), ("application/sparql-results+xml", b"<sparql")) * 2:
            connection.sendall(get(path, f"Accept: {accept}\r\n"))
            assert shown in connection.recv(1 << 16)
            connection.sendall(get(path))
            assert b'{"head"' in connection.recv(1 << 16)


SMUGGLED = get("/sparql?query=SELECT%20(4711%20AS%20%3Fsmuggled)%7B%7D")
UPGRADES = (
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
    "Connection: Upgrade\r\nUpgrade: h2c\r\n",
    "Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "Connection: Upgrade\r\nUpgrade: TLS/1.3\r\n",
    "Upgrade: h2c\r\n",
)
"""Offers of another protocol, as curl --http2, Java's HttpClient, browsers and others make them."""


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_with_an_offer_to_upgrade_arrives_whole_and_is_no_request(
    served: Served, upgrade: str, is_chunked: bool, method: str
) -> None:
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(SMUGGLED)}"
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED) if is_chunked else SMUGGLED
    head = f"{method} /body HTTP/1.1\r\nHost: x\r\n{upgrade}{framing}\r\n\r\n".encode()
    with served.connect() as connection:
        connection.sendall(head + body + get("/last", "Connection: close\r\n"))
        answers = until_closed(connection)
    assert b"%b /body 127.0.0.1 %d" % (method.encode(), len(SMUGGLED)) in answers
    assert answers.count(b"HTTP/1.1 ") == 2
    assert b"4711" not in answers


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_a_query_with_an_offer_to_upgrade_is_answered(served: Served, upgrade: str) -> None:
    query = b"SELECT ?o { <http://e/5> <http://e/p> ?o }"
    for kind, body in (("application/sparql-query", query), ("application/x-www-form-urlencoded",
                       b"query=" + quote(query).encode())):  # fmt: skip
        head = f"POST /sparql?format=csv HTTP/1.1\r\nHost: x\r\n{upgrade}Content-Type: {kind}\r\n"
        with served.connect() as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            answer = until_closed(connection)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"o\r\n5\r\n")


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/other"])
@pytest.mark.parametrize("head", ["HTTP/1.1\r\nHost: x\r\nConnection: close", "HTTP/1.0\r\nHost: x", "HTTP/1.0"])
def test_connections_of_one_request_are_closed(served: Served, path: str, head: str) -> None:
    with served.connect() as connection:
        connection.sendall(f"GET {path} {head}\r\n\r\n".encode())
        answers = until_closed(connection)
    assert answers.startswith((b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n"))
    assert b"\r\ndate: " in answers


def test_expect_continue_upgrade_and_head(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM + b"Expect: 100-continue\r\n"
                           b"Content-Length: 15\r\n\r\n")  # fmt: skip
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"query=ASK%7B%7D")
        assert b'"boolean":true' in connection.recv(1 << 16)
        connection.sendall(get(look_up(1), "Connection: Upgrade\r\nUpgrade: h2c\r\n") + get(look_up(2)))
        answers = b""
        while b"\r\n2\r\n" not in answers:
            answers += connection.recv(1 << 16)
        assert b"\r\n1\r\n" in answers
        connection.sendall(b"HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert until_closed(connection).endswith(b"\r\n\r\n")


MALFORMED = [
    (b"HELLO\r\n\r\n", b"400"),
    (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"400"),
    (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400"),
    (b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a b/<script>\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", b"431"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (600 << 10) + b"\r\n\r\n", b"431"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 101 + b"\r\n", b"431"),
    (b"GET /" + b"x" * (600 << 10) + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"4"),
    (b"GET /?q=" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
    (b"GET /sparql?query=" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
    (b"GET /sparql?query=ASK {} HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
]


@pytest.mark.parametrize(("sent", "status"), MALFORMED)
def test_a_malformed_request_is_refused(served: Served, sent: bytes, status: bytes) -> None:
    with served.connect() as connection:
        answer = b""
        with suppress(OSError):  # where more was sent than was read, a reset may destroy the answer on its way
            connection.sendall(sent)
            answer = connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 " + status) or (answer == b"" and len(sent) > 500_000)
    assert served.get("/").status_code == 200


def test_a_length_beside_chunks_does_not_count(served: Served) -> None:
    """RFC 9112 §6.3: the chunks frame the body, and the connection ends."""
    with served.connect() as connection:
        head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"0\r\n\r\n" + SMUGGLED)
        answers = until_closed(connection)
    assert answers.count(b"HTTP/1.1 ") == 1
    assert b"4711" not in answers


@pytest.mark.parametrize(("address", "by_post"), [(b"/sparql?query=", True), (b"/api/v1/search?q=", False)])
def test_a_long_address_is_advised_to_post_only_where_that_works(served: Served, address: bytes, by_post: bool) -> None:
    with served.connect() as connection:
        connection.sendall(b"GET " + address + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = connection.recv(1 << 16)
    assert b"uri-too-long" in answers and (b"POST" in answers) is by_post


def test_a_malformed_request_does_not_destroy_the_answer_before_it(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(get(look_up(77)) + b"\x00rubbish\r\n\r\n")
        assert b"\r\n77\r\n" in until_closed(connection)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"GET /spar", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
        (b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: 9\r\n\r\nquery", b"HTTP/1.1 408"),
        (b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nquery", b"HTTP/1.1 408"),
    ],
)
def test_a_request_that_does_not_go_on_is_ended(impatient: Served, sent: bytes, status: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(sent)
        assert until_closed(connection).startswith(status)


def test_an_idle_connection_is_closed(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(get("/once"))
        assert b"GET /once" in until_closed(connection)


@pytest.mark.parametrize("address", ["/long", "/sparql?query=" + quote("SELECT * { ?a ?b ?c . ?d ?e ?f }")])
def test_a_reader_that_takes_nothing_is_cut_off(impatient: Served, ended: threading.Event, address: str) -> None:
    ended.clear()
    with impatient.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(get(address))
        assert connection.recv(1)
        if address == "/long":
            assert ended.wait(20), "the application was stopped"
        assert impatient.get("/").status_code == 200


def test_connections_beyond_the_limit_wait_for_a_place(impatient: Served) -> None:
    connections = [impatient.connect() for _ in range(6)]
    try:
        assert impatient.get("/after").data == b"GET /after 127.0.0.1 0"
    finally:
        for connection in connections:
            connection.close()


def test_clients_that_leave(served: Served, ended: threading.Event) -> None:
    ended.clear()
    for path in (f"/sparql?query={quote(SLOW)}", look_up(99), "/long", "/"):
        with served.connect() as connection:
            connection.sendall(get(path))
            if path == "/long":
                assert connection.recv(1)  # work that has not begun would not be begun
    assert ended.wait(20)
    assert served.get(*look_up(98).split("?")).data == b"o\r\n98\r\n"


def test_two_connections_get_their_own_answers(served: Served) -> None:
    """Two connections whose queries wait for one worker: each has its own answer."""
    wrong: list[int] = []

    def ask(first: int) -> None:
        with served.connect() as connection:
            for number in range(first, first + 40):
                connection.sendall(get(look_up(number)))
                if f"\r\n{number}\r\n".encode() not in connection.recv(1 << 16):
                    wrong.append(number)

    threads = [threading.Thread(target=ask, args=(first,)) for first in (100, 150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


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

        def answer(self, request: PlainRequest) -> Answer:
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

    asyncio.run(main())
    assert paths == ["busy"]


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
