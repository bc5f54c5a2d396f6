"""Two thousand generated requests on one server: bytes of one request never answer as another."""

from __future__ import annotations

import random
import re
import socket
import time
from dataclasses import dataclass

import pytest

from tests.support.echo_site import until_closed
from tests.support.served import Served

CONNECTIONS = 250
REQUESTS = 8
"""On each connection."""

UPGRADES = ("", "", "", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: upgrade\r\nUpgrade: websocket\r\n")
ANSWER = re.compile(rb"([A-Z]+) (/own/\d+/\d+) 127\.0\.0\.1 (\d+)(?=HTTP/1\.1 |$)")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as bytes, and what the application has to say to it."""

    data: bytes
    answer: tuple[bytes, bytes, bytes]


def make_request(dice: random.Random, name: str) -> Sent:
    """A request whose body looks like requests, like chunks, or like nothing."""
    method = dice.choice(["GET", "POST", "PUT", "PATCH", "DELETE"])
    smuggled = f"GET /smuggled/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    parts = [smuggled, b"0\r\n\r\n", b"5\r\nhello\r\n", b"\r\n\r\n", dice.randbytes(dice.randrange(300)), b"\x00" * 70]
    body = b"".join(dice.choices(parts, k=dice.randrange(1, 6)))
    if dice.random() < 0.03:
        body += smuggled * 2_000
    head = f"{method} {name} HTTP/1.1\r\nHost: x\r\n{dice.choice(UPGRADES)}"
    match dice.choice(["none", "length", "chunks"]):
        case "none":
            body, framing, framed = b"", "", b""
        case "length":
            framing, framed = f"Content-Length: {len(body)}\r\n", body
        case _:
            framing, framed = "Transfer-Encoding: chunked\r\n", chunked(dice, body)
    data = f"{head}{framing}\r\n".encode() + framed
    return Sent(data, (method.encode(), name.encode(), str(len(body)).encode()))


def chunked(dice: random.Random, body: bytes) -> bytes:
    """The body in chunks of any size, with extensions and trailers here and there."""
    framed, start = bytearray(), 0
    while start < len(body):
        part = body[start : start + dice.choice([1, 7, 100, 70_000])]
        framed += b"%x%b\r\n%b\r\n" % (len(part), dice.choice([b"", b"", b";name=value"]), part)
        start += len(part)
    return bytes(framed) + b"0\r\n" + dice.choice([b"", b"", b"Trailer: GET /smuggled HTTP/1.1\r\n"]) + b"\r\n"


def deliver(dice: random.Random, connection: socket.socket, data: bytes) -> None:
    """At once, or in up to ten pieces cut anywhere."""
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.choice([0, 0, 1, 3, 9])))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        connection.sendall(data[start:end])


@pytest.mark.parametrize("seed", range(5))
def test_each_request_is_answered_once_and_nothing_else_is(served: Served, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(CONNECTIONS // 5):
        requests = [make_request(dice, f"/own/{number}/{place}") for place in range(REQUESTS)]
        end = b"GET /own/0/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with served.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            deliver(dice, connection, b"".join(sent.data for sent in requests) + end)
            answers = until_closed(connection)
        assert ANSWER.findall(answers) == [*(sent.answer for sent in requests), (b"GET", b"/own/0/0", b"0")]
        assert b"smuggled" not in answers


@pytest.mark.parametrize("seed", range(5))
def test_a_request_that_is_cut_off_is_answered_by_nothing_of_its_own(served: Served, seed: int) -> None:
    """The client stops somewhere, with or without an end of its stream."""
    dice = random.Random(100 + seed)
    for number in range(20):
        sent = make_request(dice, f"/own/{number}/0")
        with served.connect() as connection:
            connection.sendall(sent.data[: dice.randrange(len(sent.data))])
            connection.shutdown(dice.choice([socket.SHUT_WR, socket.SHUT_RDWR]))
            answers = until_closed(connection)
        assert b"smuggled" not in answers and b"200 OK" not in answers
    deadline = time.monotonic() + 20
    while served.get("/after").data != b"GET /after 127.0.0.1 0":  # 503 until the server has noticed all ends
        assert time.monotonic() < deadline
        time.sleep(0.05)
