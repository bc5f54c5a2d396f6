"""A short way for plain SPARQL requests, in the event loop and in front of the application.

Flask, Werkzeug and a thread take longer than a point look-up. So what nearly every client sends, one query by GET or
by either form of POST, with `format=` and `timeout=` at most, is answered without them and with the same headers: by
calls from the server's protocol to the pool and back, with no task and no future between. Anything else goes on to
the application: other parameters, conditions, browsers. So does a result to be compressed or spooled; it travels with
the request, so that the query is not run again. A query that fails is answered here: refused ones come in numbers.
"""

from __future__ import annotations

import asyncio
import binascii
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from graph.errors import AtlasError, HomeError
from graph.sparql.formats import Format
from graph.sparql.pool.cache import CachedResult
from graph.sparql.pool.pool import QueryPool
from graph.sparql.pool.request import QueryContext, QueryRequest, make_request, to_query_result
from graph.sparql.syntax.guard import Form
from web.sparql.failure_backoff import FailureBackoff
from web.sparql.response import COMPRESSED_FROM, OUTCOME, failed, head_of

__all__ = ["DIRECT", "FORM", "LONGEST", "FastQueries", "Query", "Request"]

LONGEST: Final = 200_000
"""Bytes of an encoded query: three for each byte of the longest that is taken."""

FORM: Final = b"application/x-www-form-urlencoded"
DIRECT: Final = b"application/sparql-query"
_MEANT: Final = frozenset(
    (b"update", b"query-id", b"id", b"download", b"default-graph-uri", b"named-graph-uri", b"using-graph-uri",
     b"using-named-graph-uri")
)  # fmt: skip
"""Parameters that the application has to see. Others, but for `query`, `format` and `timeout`, mean nothing."""

_CONDITIONS: Final = frozenset((b"if-none-match", b"x-query-id", b"expect", b"content-encoding"))


class Request(Protocol):
    """What the server's protocol keeps of one request, and how it is answered: by one call of either method."""

    headers: dict[bytes, bytes]
    """By their names in lower case; none came twice."""

    client: str | None
    """Its address."""

    def respond(self, head: bytes, body: bytes) -> None:
        """`head` is all of it but the date and the empty line."""

    def hand_on(self, extra: dict[str, Any]) -> None:
        """The application is to answer; `extra` is for its environment."""


class Query(NamedTuple):
    """What a plain request asks for."""

    text: str
    format: str | None
    timeout: float | None


class _Choice(NamedTuple):
    context: QueryContext
    content_type: str


class FastQueries:
    """`generation` names the live generation, `negotiate` is how the endpoint chooses a format, `client` whom it counts
    by an address. All methods are called in the loop of the pool."""

    def __init__(
        self,
        pool: QueryPool,
        generation: Callable[[], Path],
        negotiate: Callable[[str, str | None, MIMEAccept], tuple[Format, str]],
        client: Callable[[str | None], str | None],
    ) -> None:
        self._pool, self._generation, self._negotiate, self._client = pool, generation, negotiate, client
        self._live: Path | None = None
        self._choice = lru_cache(maxsize=256)(self._choose)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pace = FailureBackoff()

    def plain(
        self, headers: dict[bytes, bytes], raw: bytes, body: bytes = b"", *, direct: bool = False
    ) -> Query | None:
        """The query of a request to the endpoint, `raw` being the part of its address after the question mark and
        `body` a form or, if `direct`, the query itself. None where the application has to look at it."""
        if len(raw) > LONGEST or b"host" not in headers:
            return None
        if not _CONDITIONS.isdisjoint(headers):
            return None
        return _asked(raw, body, direct=direct)

    def take(self, request: Request, query: Query) -> None:
        """Answer it, or hand it on, now or later."""
        client = self._client(request.client)
        try:
            guarded = self._pool.check_short(query.text)
            if guarded is None:
                self._begin(self._long(request, query, client))
                return
            choice = self._chosen(request, guarded.form, query.format)
            if choice is None:
                request.hand_on({})
                return
            asked = make_request(guarded, choice.context)
            kept = self._pool.cached(asked)
            if kept is None:
                self._begin(self._run(request, query, asked, choice.content_type, client, query.timeout))
                return
        except AtlasError as error:
            self.refuse(request, query, error)
            return
        _answer(request, asked, choice.content_type, kept, cached=True)

    def _chosen(self, request: Request, form: Form, name: str | None) -> _Choice | None:
        live = self._generation()
        if live is not self._live:
            self._choice.cache_clear()
            self._live = live
        headers = request.headers
        return self._choice(live, form, name, headers.get(b"accept", b""), headers[b"host"])

    def _choose(self, live: Path, form: Form, name: str | None, accept: bytes, host: bytes) -> _Choice | None:
        text = accept.decode("latin-1")
        if name is None and "text/html" in text.lower():
            return None
        try:
            wanted, content_type = self._negotiate(form, name, parse_accept_header(text, MIMEAccept))
        except HTTPException:
            return None
        base = f"http://{host.decode('latin-1')}/sparql"
        return _Choice(self._pool.context(live, form, wanted.media_type, base=base), content_type)

    def refuse(self, request: Request, query: Query, error: AtlasError) -> None:
        """Answer a query that failed, unless it came from a browser, which is shown the page to write queries on, or
        for a generation that is gone, in whose stead the application looks for the next."""
        page = query.format is None and b"text/html" in request.headers.get(b"accept", b"").lower()
        if page or isinstance(error, HomeError):
            request.hand_on({OUTCOME: error})
            return
        loop = asyncio.get_running_loop()
        wait = self._pace.wait(self._client(request.client), loop.time())
        if wait:
            loop.call_later(wait, request.respond, *failed(error))
        else:
            request.respond(*failed(error))

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself holds it weakly
        task.add_done_callback(self._tasks.discard)

    async def _long(self, request: Request, query: Query, client: str | None) -> None:
        """A query that a worker has to read before it is run."""
        began = time.monotonic()
        try:
            guarded = await self._pool.check_async(query.text, client, query.timeout)
            choice = self._chosen(request, guarded.form, query.format)
            if choice is None:
                request.hand_on({})
                return
            asked = make_request(guarded, choice.context)
            left = self._pool.limits.seconds(query.timeout, time.monotonic() - began)
        except AtlasError as error:
            self.refuse(request, query, error)
            return
        await self._run(request, query, asked, choice.content_type, client, left)

    async def _run(
        self,
        request: Request,
        query: Query,
        asked: QueryRequest,
        content_type: str,
        client: str | None,
        timeout: float | None,
    ) -> None:
        try:
            result = await self._pool.run_async(asked, client=client, timeout=timeout, any_order=True)
        except AtlasError as error:
            self.refuse(request, query, error)
            return
        if result.spooled:
            request.hand_on({OUTCOME: result})
            return
        kept = CachedResult(result.kind, result.rows, result.ms, result.read())
        _answer(request, asked, content_type, kept, cached=result.cached)


def _answer(request: Request, asked: QueryRequest, content_type: str, kept: CachedResult, *, cached: bool) -> None:
    if len(kept.body) >= COMPRESSED_FROM and b"accept-encoding" in request.headers:
        request.hand_on({OUTCOME: to_query_result(asked, kept, cached=cached)})
    else:
        request.respond(head_of(asked, content_type, kept, cached=cached), kept.body)


def _asked(raw: bytes, body: bytes, *, direct: bool) -> Query | None:
    """The query, its format and its timeout; None for what is not plain."""
    try:
        found = _parameters(raw if direct or not body else raw + b"&" + body)
        if found is None:
            return None
        if direct:
            if "query" in found:
                return None
            found["query"] = body.decode()
        text = found.get("query")
        seconds = float(found["timeout"]) if "timeout" in found else None
    except ValueError:
        return None
    if text is None or (seconds is not None and not 0 < seconds < float("inf")):
        return None
    return Query(text, found.get("format"), seconds)


def _parameters(raw: bytes) -> dict[str, str] | None:
    """By name; None where one that means something comes twice or is not for here. Raises ValueError for bad UTF-8."""
    found: dict[str, str] = {}
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        if name == b"query":
            if "query" in found:
                return None
            found["query"] = _decoded(value)
        elif b"%" in name or b"+" in name or name in _MEANT:
            return None
        elif name in (b"format", b"timeout"):
            key = name.decode()
            if key in found:
                return None
            found[key] = _decoded(value)
    return found


def _decoded(value: bytes) -> str:
    """As `urllib.parse.unquote_plus` of ASCII, in a tenth of its time: quoted-printable (RFC 2045 §6.7), whose decoder
    is in C, differs in its sign only. Raises ValueError where any of them would guess."""
    if not value.isascii() or b"\n" in value or b"\r" in value:
        raise ValueError("not encoded")
    made = binascii.a2b_qp(value.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"="))
    if len(made) != len(value) - 2 * value.count(b"%"):
        raise ValueError("a percent sign without two digits")
    return made.decode()
