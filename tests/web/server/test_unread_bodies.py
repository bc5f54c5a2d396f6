"""Answers that do not wait for the body of their request: a client that still sends has them all the same."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.echo_site import get, until_closed
from tests.support.event_loop import run_coroutine
from tests.support.served import Served
from web.http.rendered_answer import Answer
from web.server.asgi_types import MAX_DROPPED_BYTES, Request, send_answer

PART = b"x" * (64 << 10)


def upload(served: Served, path: str, *, is_chunked: bool) -> int:
    """The status of the answer to a body of 12 MB, which urllib sends to its end before it reads."""
    parts: Any = (PART for _ in range(192))
    address = f"http://127.0.0.1:{served.port}{path}"
    request = urllib.request.Request(address, parts if is_chunked else PART * 192, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as error, urllib.request.urlopen(request, timeout=60):
        pass
    with error.value as answer:
        assert answer.read().startswith(b"{")
        return answer.code


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(("path", "status"), [("/sparql", 405), ("/sparql?" + "x" * 40_000, 414)])
def test_a_refusal_reaches_a_client_that_sends_its_whole_body_first(
    served: Served, path: str, status: int, is_chunked: bool
) -> None:
    for _ in range(3):
        assert upload(served, path, is_chunked=is_chunked) == status


def test_the_next_request_on_the_connection_is_answered(served: Served) -> None:
    head = b"PUT /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (10 * len(PART))
    with served.connect() as connection:
        connection.sendall(head + 10 * PART + get("/next", "Connection: close\r\n"))
        answers = until_closed(connection)
    assert answers.startswith(b"HTTP/1.1 405") and b"GET /next" in answers


def test_a_client_that_waits_for_leave_to_send_has_its_refusal_at_once(served: Served) -> None:
    head = b"PUT /sparql?%b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n"
    with served.connect() as connection:
        connection.settimeout(3)
        connection.sendall(head % (b"x" * 40_000))
        assert connection.recv(100).startswith(b"HTTP/1.1 414")


@pytest.mark.parametrize("parts", [3, None], ids=["whole", "endless"])
def test_a_body_is_dropped_up_to_a_bound(parts: int | None) -> None:
    sent: list[Any] = []
    received = 0

    def bodies() -> Iterator[Any]:
        nonlocal received
        while True:
            received += 1
            yield {"type": "http.request", "body": PART, "more_body": received != parts}

    messages = bodies()

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        scope = {"type": "http", "method": "PUT", "headers": [(b"transfer-encoding", b"chunked")]}
        await send_answer(Request(scope, receive, send, 30.0), Answer(401, (), b"no"))

    run_coroutine(main())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert received == (parts or MAX_DROPPED_BYTES // len(PART))
