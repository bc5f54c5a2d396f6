"""Heads and queries that take long to read, up to the limits: each is answered, and none breaks the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from graph.sparql.limits import Limits
from graph.sparql.pool.pool import QueryPool
from tests.support.event_loop import run_coroutine
from web.http.answered_hosts import HostPolicy
from web.http.auth import ReadAccess
from web.http.public_address import AddressPolicy
from web.server.asgi import AsgiApplication
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge
from web.sparql import endpoint
from web.sparql.fast_path import MAX_ENCODED_BYTES, FastQueries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONG = 32_000
ASK = b"query=ASK%7B%7D"
FORM = (b"content-type", b"application/x-www-form-urlencoded")
HEADS: dict[str, tuple[bytes, list[tuple[bytes, bytes]], bytes]] = {
    "many fields": (ASK, [(b"x-%d" % n, b"y" * 300) for n in range(95)], b""),
    "many hosts forwarded": (ASK, [(b"x-forwarded-for", b"1," * (LONG // 2))], b""),
    "long accept for queries": (ASK, [(b"accept", b",".join(b"a/b%d;q=0.1" % n for n in range(90))[:1024])], b""),
    "quotes in accept": (ASK, [(b"accept", (b'a/b;c="\\"' * 200)[:1024])], b""),
    "separators in accept": (ASK, [(b"accept", (b"a/b;" * 300)[:1024])], b""),
    "longest accept": (ASK, [(b"accept", b",".join(b"a/b%d;q=0.1" % n for n in range(400))[:4096])], b""),
    "bearer": (ASK, [(b"authorization", b"Bearer " + b"=" * LONG)], b""),
    "basic": (ASK, [(b"authorization", b"Basic " + b"QUFB" * (LONG // 4))], b""),
    "parameters in authorization": (ASK, [(b"authorization", b"Digest " + b'a="b",' * (LONG // 6))], b""),
    "content type": (ASK, [(b"content-type", b"a/b;" * (LONG // 4)), (b"content-length", b"0")], b""),
    "transfer codings": (ASK, [(b"transfer-encoding", b"chunked" + b", " * (LONG // 2))], b""),
    "origins": (ASK, [(b"origin", b"http://[" + b":" * LONG)], b""),
    "empty parameters": (b"&" * LONG, [], b""),
    "parameters": (b"a=1&" * (LONG // 4) + ASK, [], b""),
    "percent signs": (b"query=" + b"%" * LONG, [], b""),
    "escapes": (b"query=" + b"%20" * (LONG // 3), [], b""),
    "short query of braces": (b"query=" + quote("{" * 2_048).encode(), [], b""),
    "short query of quotes": (b"query=" + quote("'" * 2_048).encode(), [], b""),
    "short query of prefixes": (b"query=" + quote("PREFIX a:<b:> " * 146 + "ASK{}").encode(), [], b""),
    "short query of comments": (b"query=" + quote("#\n" * 1_000 + "ASK{}").encode(), [], b""),
    "short query of brackets": (b"query=" + quote("ASK{?a ?b " + "[" * 1_000 + "]" * 1_000 + "}").encode(), [], b""),
    "long form": (b"", [FORM], b"query=" + b"%0A" * (MAX_ENCODED_BYTES // 3 - 4)),
    "long form of parameters": (b"", [FORM], b"a&" * (MAX_ENCODED_BYTES // 2 - 4)),
}


def no_application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    start("204 No Content", [])
    return []


def receiver(body: bytes) -> Callable[[], Any]:
    """Messages of a client that sends its body at once, and stays."""
    messages = iter([{"type": "http.request", "body": body}])

    async def receive() -> Any:
        message = next(messages, None)
        if message is None:
            await asyncio.Event().wait()
        return message

    return receive


@pytest.mark.parametrize("name", HEADS)
def test_a_head_up_to_the_limits_is_answered(generation: Path, name: str) -> None:
    query, fields, body = HEADS[name]
    length = [(b"content-length", b"%d" % len(body))] if body else []
    scope = {
        "type": "http", "method": "POST" if body else "GET", "http_version": "1.1", "scheme": "http",
        "raw_path": b"/sparql", "query_string": query, "headers": [(b"host", b"localhost"), *fields, *length],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def main() -> None:
        with QueryPool(Limits(workers=1)) as pool:
            pool.attach(asyncio.get_running_loop())
            access = ReadAccess("secret" if "authorization" in str(fields) else None)
            threads = RequestThreads(1)
            application = AsgiApplication(
                WsgiBridge(no_application, threads),
                threads,
                queries=FastQueries(pool, lambda: generation, endpoint.negotiate, access),
                addresses=AddressPolicy(trusted_proxy="127.0.0.1"),
                hosts=HostPolicy(["atlas.example.org"]),
            )
            await application(scope, receiver(body), send)

    run_coroutine(main())
    assert len(statuses) == 1 and statuses[0] < 500
