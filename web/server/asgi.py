"""The ASGI application: checks each request's head, answers SPARQL queries and JSON searches, leaves the rest to Flask.

SPARQL queries are answered in the event loop, JSON searches on the threads that Flask runs on too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

from graph.deadline import Deadline
from graph.errors import Overloaded
from graph.sparql.pool.task import Cancellation
from web.http.fast_request import PlainRequest
from web.http.problems import make_problem, problem_answer
from web.http.public_address import AddressPolicy, RequestAddress, valid_host
from web.http.rendered_answer import Answer
from web.server.asgi_types import BrokenBody, Receive, Request, Scope, Send, SlowBody, send_answer
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge
from web.sparql.fast_path import Delegated, FastQueries

__all__ = ["MAX_HEAD_BYTES", "AsgiApplication", "FastSearch"]

MAX_HEAD_BYTES: Final = 32 << 10
"""Bytes of an address, and of all header fields together."""

BODY_SECONDS: Final = 30.0
"""Seconds that a client may let pass between two parts of its body."""

MAX_ACCEPT_BYTES: Final = 4 << 10
"""Bytes of an Accept header: reading one of 30 kB takes Werkzeug a tenth of a second, and no client sends one."""

_FIELD_BYTES: Final = 4
"""Bytes of a header field beside its name and value."""

log = logging.getLogger(__name__)


class FastSearch(Protocol):
    """Answers searches of the JSON API, in a thread."""

    def takes(self, method: str, path: bytes) -> bool:
        """Whether the request is a search."""

    def answer(self, request: PlainRequest, deadline: Deadline) -> Answer | None:
        """None where Flask is to answer."""


class AsgiApplication:
    """Knows HTTP only. `queries` and `search` are optional: without them Flask answers everything."""

    def __init__(
        self,
        bridge: WsgiBridge,
        threads: RequestThreads,
        *,
        queries: FastQueries | None = None,
        search: FastSearch | None = None,
        addresses: AddressPolicy | None = None,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._bridge, self._threads = bridge, threads
        self._queries, self._search = queries, search
        self._addresses = addresses or AddressPolicy()
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        A failure before an answer begins is answered with a problem. A failure while an answer is sent is raised: the
        server then closes the connection, so that no client takes half an answer for a whole one.
        """
        is_begun = False

        async def mark_and_send(message: Any) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._respond(scope, receive, mark_and_send)
        except Exception as error:
            refusal = _failure_answer(error)
            if is_begun:
                raise
            if refusal is not None:
                await send_answer(send, refusal)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        refusal = _refuse_head(scope, headers)
        if refusal is not None:
            await send_answer(send, refusal)
            return
        address = self._address(scope, headers)
        request = Request(scope, receive, self._body_seconds)
        body: bytes | None = None
        extra: dict[str, Any] = {}
        path, is_plain = scope["raw_path"], len(headers) == len(scope["headers"])
        if is_plain and path == b"/sparql" and self._queries and self._queries.takes(scope["method"], headers):
            body = await _whole_body(request)
            plain = PlainRequest(scope["method"], scope["query_string"], headers, body, address)
            cancellation = Cancellation()
            with request.watched_later(cancellation.cancel):
                answer = await self._queries.answer(plain, cancellation)
            if not isinstance(answer, Delegated):
                await send_answer(send, answer)
                return
            extra = answer.environ
        elif is_plain and self._search is not None and self._search.takes(scope["method"], path):
            plain = PlainRequest(scope["method"], scope["query_string"], headers, b"", address)
            body = b""
            searched = await self._searched(partial(self._search.answer, plain, request.deadline), request)
            if searched is not None:
                await send_answer(send, searched)
                return
        await self._bridge.respond(request, send, address, body, extra)

    async def _searched(self, search: Callable[[], Answer | None], request: Request) -> Answer | None:
        with self._threads.place(), request.watched():
            return await self._threads.run(search, lambda: request.has_left)

    def _address(self, scope: Scope, headers: dict[bytes, bytes]) -> RequestAddress:
        server, port = scope.get("server") or ("localhost", 80)
        host = headers.get(b"host", b"").decode("latin-1")
        if not host:  # HTTP/1.0
            host = f"[{server}]:{port}" if ":" in server else f"{server}:{port}"
        client = (scope.get("client") or (None,))[0]
        scheme = scope["scheme"]
        return self._addresses.resolve(headers, valid_host(scheme, host) or host, client, scheme)


def _failure_answer(error: Exception) -> Answer | None:
    """The answer to a request that failed; None where its client has left. What nobody expects is logged."""
    match error:
        case Overloaded():
            return problem_answer(error)
        case SlowBody():
            return make_problem(408, "request-timeout", "Request Timeout", "The body of the request did not come.")
        case BrokenBody():
            detail = "The body of the request broke off, or its chunks are malformed."
            return make_problem(400, "bad-request", "Bad Request", detail)
        case ConnectionError():
            return None
    log.error("a request ended without a whole answer", exc_info=error)
    return make_problem(500, "internal", "Something went wrong", "The error was logged. Try again later.")


async def _whole_body(request: Request) -> bytes:
    """The body of a request whose Content-Length is bounded. Raises `SlowBody` and `BrokenBody`."""
    if request.scope["method"] == "GET":
        return b""
    parts, more = bytearray(), True
    while more:
        part, more = await request.read()
        parts += part
    return bytes(parts)


def _refuse_head(scope: Scope, headers: dict[bytes, bytes]) -> Answer | None:
    """The refusal of a head that is too long, or that does not name one host (RFC 9112 §3.2)."""
    fields = scope["headers"]
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_HEAD_BYTES:
        advice = "Send the query by POST." if scope["raw_path"] == b"/sparql" else "Make it shorter."
        detail = f"The address is longer than {MAX_HEAD_BYTES:,} bytes. {advice}"
        return make_problem(414, "uri-too-long", "URI Too Long", detail)
    if sum(len(name) + len(value) + _FIELD_BYTES for name, value in fields) > MAX_HEAD_BYTES:
        detail = f"The header fields are longer than {MAX_HEAD_BYTES:,} bytes together."
        return make_problem(431, "request-header-fields-too-large", "Request Header Fields Too Large", detail)
    if sum(len(value) for name, value in fields if name == b"accept") > MAX_ACCEPT_BYTES:
        detail = f"The Accept header is longer than {MAX_ACCEPT_BYTES:,} bytes."
        return make_problem(431, "request-header-fields-too-large", "Request Header Fields Too Large", detail)
    host = headers.get(b"host", b"")
    if len(headers) < len(fields) and sum(name == b"host" for name, _ in fields) > 1:
        return make_problem(400, "bad-request", "Bad Request", "The request has more than one Host header.")
    is_old = scope["http_version"] in ("1", "1.0")
    if (host or not is_old) and valid_host(scope["scheme"], host.decode("latin-1")) is None:
        return make_problem(400, "bad-request", "Bad Request", "The request has no valid Host header.")
    return None
