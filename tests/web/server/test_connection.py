"""One connection over a real socket: requests at once, in pieces, half, slow, abandoned."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import quote

import pytest

from tests.support.echo_site import FORM, SLOW, ServedMaker, get, look_up, until_closed
from tests.support.served import Served
from tests.support.waiting import wait_until


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


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/other"])
@pytest.mark.parametrize("head", ["HTTP/1.1\r\nHost: x\r\nConnection: close", "HTTP/1.0\r\nHost: x", "HTTP/1.0"])
def test_connections_of_one_request_are_closed(served: Served, path: str, head: str) -> None:
    with served.connect() as connection:
        connection.sendall(f"GET {path} {head}\r\n\r\n".encode())
        answers = until_closed(connection)
    assert answers.startswith((b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n"))
    assert b"\r\ndate: " in answers


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"GET /spar", b""),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
        (b"POST /sparql HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: 9\r\n\r\nquery", b"HTTP/1.1 408"),
        (b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nquery", b"HTTP/1.1 408"),
        (b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + b"x" * 70_000, b"HTTP/1.1 408"),
    ],
)
def test_a_request_that_does_not_go_on_is_ended(impatient: Served, sent: bytes, status: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(sent)
        answer = until_closed(connection)
    assert answer[: len(status)] == status and bool(answer) == bool(status)


def test_slow_bodies_leave_the_places_to_others(make_served: ServedMaker) -> None:
    """Two threads, and two places to wait for one: eight clients send a byte from time to time."""
    server = make_served(body_seconds=1.0)
    head = b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    connections = [server.connect() for _ in range(8)]
    try:
        for connection in connections:
            connection.sendall(head)
        begun = time.monotonic()
        while time.monotonic() - begun < 0.8:
            for connection in connections:
                connection.sendall(b"x")
            assert server.get("/others").status_code == 200
            time.sleep(0.1)
        answers = [connection.recv(100) for connection in connections]
        assert time.monotonic() - begun < 20, "a byte from time to time gives no more time"
        assert all(answer.startswith(b"HTTP/1.1 408") for answer in answers)
    finally:
        for connection in connections:
            connection.close()
        server.close()


def test_an_idle_connection_is_closed(impatient: Served) -> None:
    with impatient.connect() as connection:
        connection.sendall(get("/once"))
        assert b"GET /once" in until_closed(connection)


@pytest.mark.parametrize("address", ["/long", "/sparql?query=" + quote("SELECT * { ?a ?b ?c . ?d ?e ?f }")])
def test_a_reader_that_takes_nothing_is_cut_off(make_served: ServedMaker, address: str) -> None:
    """It has the only place for a connection, until the kernel gives it up: it hears nothing of that."""
    server = make_served(query_seconds=60.0, sending_seconds=2.0, stuck_seconds=2.0, connections=1)
    with server.connect() as reader:
        reader.settimeout(60)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(get(address))
        assert reader.recv(1)
        with server.connect() as other:
            other.settimeout(60)
            other.sendall(get("/other", "Connection: close\r\n"))
            assert b"GET /other" in until_closed(other)
    server.close()


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"], ids=["idle", "half a head"])
def test_connections_beyond_the_limit_wait_for_a_place(impatient: Served, beginning: bytes) -> None:
    connections = [impatient.connect() for _ in range(6)]
    try:
        for connection in connections:
            connection.sendall(beginning)
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


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_ends_when_its_client_leaves(make_served: ServedMaker, method: str) -> None:
    """Long before its time is over; and the next query has its place."""
    query = f"query={quote(SLOW)}"
    body = query.encode() if method == "POST" else b""
    head = f"{method} /sparql{'' if body else '?' + query} HTTP/1.1\r\nHost: x\r\n".encode()
    server = make_served(query_seconds=60.0)
    try:
        with server.connect() as connection:
            connection.sendall(head + FORM + (b"Content-Length: %d\r\n" % len(body) if body else b"") + b"\r\n" + body)
            wait_until(lambda: server.load() == (1, 0))
        wait_until(lambda: server.load() == (0, 0))
        assert server.get(*look_up(98).split("?")).data == b"o\r\n98\r\n"
    finally:
        server.close()


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
