"""Framing of requests over a real socket: offers to upgrade, malformed and long heads, lengths and chunks."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

import pytest

from tests.support.echo_site import FORM, get, look_up, until_closed
from tests.support.served import Served

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
    (b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n", b"400"),
    (b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
    (b"PROPFIND /sparql HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
    (b"TRACE /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
    (b"CONNECT localhost:80 HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
    (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
    (b"POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", b"400"),
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


@pytest.mark.parametrize(
    ("coding", "status"),
    [("chunked", 200), ("Chunked", 200), ("gzip, chunked", 501), ("gzip,chunked", 501),
     ("gzip\r\nTransfer-Encoding: chunked", 501), ("identity, chunked", 501), ("chunked, chunked", 400)],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/sparql", "/body"])
def test_a_transfer_coding_beside_chunks_is_refused(served: Served, path: str, coding: str, status: int) -> None:
    """Ignored, it would leave a body that is another than the client means (RFC 9112 §6.1)."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nTransfer-Encoding: {coding}"
    with served.connect() as connection:
        connection.sendall(f"{head}\r\nConnection: close\r\n\r\n6\r\nASK {{}}\r\n0\r\n\r\n".encode())
        answers = until_closed(connection)
    assert answers.startswith(b"HTTP/1.1 %d" % status)
    assert answers.count(b"HTTP/1.1 ") == 1


def test_options_of_the_whole_server(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers = until_closed(connection)
    assert answers.startswith(b"HTTP/1.1 204")
    assert b"\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" in answers


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
