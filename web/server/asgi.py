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
from web.http.answered_hosts import HostPolicy
from web.http.fast_request import PlainRequest
from web.http.problems import make_problem, problem_answer
from web.http.public_address import AddressPolicy, RequestAddress
from web.http.rendered_answer import Answer
from web.server.asgi_types import BrokenBody, Receive, Request, Scope, Send, SlowBody, send_answer
from web.server.departure_watch import DepartureWatch
from web.server.request_head import CheckedHead, HeadCheck, answer_target
from web.server.threads import RequestThreads
from web.server.wsgi_bridge import WsgiBridge
from web.sparql.fast_path import Delegated, Evaluation, FastQueries

__all__ = ["AsgiApplication", "FastSearch"]

BODY_SECONDS: Final = 30.0
"""Seconds that a body may take, and more at `MIN_BODY_RATE_BYTES`."""

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
        hosts: HostPolicy | None = None,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._bridge, self._threads = bridge, threads
        self._queries, self._search = queries, search
        self._addresses = addresses or AddressPolicy()
        self._heads = HeadCheck(hosts)
        self._body_seconds = body_seconds
        self._departures = DepartureWatch()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        A failure before an answer begins is answered with a problem. A failure while an answer is sent is raised: the
        server then closes the connection, so that no client takes half an answer for a whole one.
        """
        request = Request(scope, receive, send, self._body_seconds)
        try:
            answer = await self._respond(request)
        except Exception as error:
            answer = _failure_answer(error)
            if request.is_begun:
                raise
        if answer is not None:
            await send_answer(request, answer)

    async def _respond(self, request: Request) -> Answer | None:
        """The answer; None where it is sent already, or nobody waits for it."""
        scope = request.scope
        checked = self._heads.verdict(scope)
        decided = checked.refusal or answer_target(scope)
        if decided is not None:
            return decided
        address = self._address(scope, checked)
        method, path = scope["method"], scope["raw_path"]
        body: bytes | None = None
        extra: dict[str, Any] = {}
        if checked.is_plain and path == b"/sparql" and self._queries is not None:
            plain = PlainRequest(method, scope["query_string"], checked.head, b"", address)
            ready = self._queries.ready(plain)
            if ready is not None:
                return ready
            if self._queries.takes(method, plain.headers):
                body = await _whole_body(request)
                begun = self._queries.begin(plain._replace(body=body) if body else plain)
                answer = await self._finished(self._queries, begun, request) if isinstance(begun, Evaluation) else begun
                if not isinstance(answer, Delegated):
                    return answer
                extra = answer.environ
        elif checked.is_plain and self._search is not None and self._search.takes(method, path):
            plain = PlainRequest(method, scope["query_string"], checked.head, b"", address)
            body = b""
            searched = await self._searched(partial(self._search.answer, plain, request.deadline), request)
            if searched is not None:
                return searched
        return await self._bridge.respond(request, address, body, extra)

    async def _finished(self, queries: FastQueries, begun: Evaluation, request: Request) -> Answer | Delegated:
        cancellation = Cancellation()
        self._departures.begin(request, cancellation.cancel)
        try:
            return await queries.finish(begun, cancellation)
        finally:
            self._departures.end(request)

    async def _searched(self, search: Callable[[], Answer | None], request: Request) -> Answer | None:
        with self._threads.place(), request.watched():
            return await self._threads.run(search, lambda: request.has_left)

    def _address(self, scope: Scope, checked: CheckedHead) -> RequestAddress:
        host = checked.host
        if not host:  # HTTP/1.0
            server, port = scope.get("server") or ("localhost", 80)
            host = f"[{server}]:{port}" if ":" in server else f"{server}:{port}"
        client = (scope.get("client") or (None,))[0]
        return self._addresses.resolve(checked.head.fields, host, client, scope["scheme"])


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
