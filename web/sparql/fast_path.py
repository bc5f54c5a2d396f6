"""SPARQL queries answered in the event loop, without Flask.

Flask, Werkzeug and a thread take longer than a point look-up. So what nearly every client sends is answered here: one
query by GET or by either form of POST, with `format=` and `timeout=` at most. `FastQueries` delegates the rest
to Flask: other parameters, conditional requests, browsers, long Accept headers, results to be compressed or spooled.
A result that is there already travels with the delegated request, so that no query runs twice.
"""

from __future__ import annotations

import asyncio
import binascii
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from graph.errors import AtlasError, HomeError
from graph.sparql.formats import Format
from graph.sparql.pool.pool import QueryPool
from graph.sparql.pool.request import QueryContext, QueryRequest, make_request, to_query_result
from graph.sparql.pool.result_cache import CachedResult
from graph.sparql.pool.task import Cancellation
from graph.sparql.syntax.guard import Form, Guarded
from web.http.auth import ReadAccess
from web.http.cors import CLOSED, Cors
from web.http.fast_request import PlainRequest, RequestHead
from web.http.negotiation import names_html
from web.http.public_address import endpoint_base
from web.http.rendered_answer import Answer
from web.sparql.failure_backoff import FailureBackoff
from web.sparql.parameters import client_of, parse_seconds
from web.sparql.response import MIN_COMPRESSED_BYTES, OUTCOME, cached_answer, error_answer, shared_headers

__all__ = ["MAX_ENCODED_BYTES", "Delegated", "Evaluation", "FastQueries"]

MAX_ENCODED_BYTES: Final = 200_000
"""Bytes of an encoded query: three for each byte of the longest query that is accepted."""

_FORM: Final = b"application/x-www-form-urlencoded"
_DIRECT: Final = b"application/sparql-query"
_MAX_ACCEPT_BYTES: Final = 1_024
_MAX_PARAMETERS: Final = 32
_KEPT_REQUESTS: Final = 256
_DELEGATED_PARAMETERS: Final = frozenset(
    (b"update", b"query-id", b"id", b"download", b"default-graph-uri", b"named-graph-uri", b"using-graph-uri",
     b"using-named-graph-uri")
)  # fmt: skip
"""Parameters that Flask has to see. Others, but for `query`, `format` and `timeout`, have no meaning."""

_DELEGATED_HEADERS: Final = frozenset((b"if-none-match", b"x-query-id", b"content-encoding"))


class Delegated(NamedTuple):
    """Flask is to answer; `environ` goes into the environment of the request."""

    environ: dict[str, Any]


class _Query(NamedTuple):
    text: str
    format: str | None
    seconds: float | None


class Evaluation(NamedTuple):
    """A query that needs a worker: its request, or none yet where a worker has to read the long text first.

    `failure`: the query is refused already; the answer waits a moment where its client fails again and again.
    """

    request: PlainRequest
    query: _Query
    query_request: QueryRequest | None = None
    content_type: str = ""
    failure: AtlasError | None = None


class _Choice(NamedTuple):
    context: QueryContext
    content_type: str


@dataclass(slots=True, eq=False)
class _Known:
    """A request that came more than once, and the answer to it with the result that is in the cache."""

    request: QueryRequest
    content_type: str
    result: CachedResult
    answer: Answer


class FastQueries:
    """Answers plain SPARQL requests. All methods are called in the event loop of the pool.

    `generation` names the live generation at each request; `negotiate` is how the endpoint chooses a format;
    `access` decides who may read; `cors`: whether pages of other sites may.
    """

    def __init__(
        self,
        pool: QueryPool,
        generation: Callable[[], Path],
        negotiate: Callable[[str, str | None, MIMEAccept], tuple[Format, str]],
        access: ReadAccess,
        cors: Cors = CLOSED,
    ) -> None:
        self._pool, self._generation, self._negotiate, self._access = pool, generation, negotiate, access
        self._live: Path | None = None
        self._choice = lru_cache(maxsize=256)(self._choose)
        self._known: dict[tuple[bytes, RequestHead, str, str], _Known] = {}
        self._backoff = FailureBackoff()
        self._shared_headers = shared_headers(cors)

    @staticmethod
    def takes(method: str, headers: dict[bytes, bytes]) -> bool:
        """Whether a request to the endpoint may be a plain query, as far as its head tells."""
        if not _DELEGATED_HEADERS.isdisjoint(headers) or len(headers.get(b"accept", b"")) > _MAX_ACCEPT_BYTES:
            return False
        if method == "GET":
            return b"content-length" not in headers and b"transfer-encoding" not in headers
        length = headers.get(b"content-length", b"")
        return (
            method == "POST"
            and headers.get(b"content-type", b"").lower().strip() in (_FORM, _DIRECT)
            and length.isdigit()
            and len(length) <= len(str(MAX_ENCODED_BYTES))
            and int(length) <= MAX_ENCODED_BYTES
        )

    def ready(self, request: PlainRequest) -> Answer | None:
        """The answer to a request that came before just like this, if its result is in the cache."""
        known = self._known.get(_key(request))
        if known is None or request.method != "GET" or not self._is_live():
            return None
        result = self._pool.cached(known.request)
        if result is None:
            return None
        if result is not known.result:
            known.result = result
            known.answer = cached_answer(
                known.request, known.content_type, result, cached=True, shared=self._shared_headers
            )
        return known.answer

    def begin(self, request: PlainRequest) -> Answer | Delegated | Evaluation:
        """The answer to a request that `takes` let pass, where no worker is needed for it; else what `finish` takes."""
        headers = request.headers
        if not self._access.allows(_text(headers.get(b"authorization"))):
            return Delegated({})  # Flask asks for the token
        query = _read_query(request)
        if query is None or (query.format is None and names_html(headers.get(b"accept", b"").decode("latin-1"))):
            return Delegated({})
        try:
            guarded = self._pool.check_short(query.text)
            return Evaluation(request, query) if guarded is None else self._begin(request, query, guarded)
        except HomeError:
            return Delegated({})  # Flask looks for the next generation
        except AtlasError as error:
            return Evaluation(request, query, failure=error)

    async def finish(self, evaluation: Evaluation, cancellation: Cancellation | None = None) -> Answer | Delegated:
        """The answer to a request that has begun. `cancellation` ends its query."""
        client = client_of(evaluation.request.address.client)
        try:
            return await self._finish(evaluation, client, cancellation)
        except HomeError:
            return Delegated({})
        except AtlasError as error:
            seconds = self._backoff.wait(client, asyncio.get_running_loop().time())
            if seconds:
                await asyncio.sleep(seconds)
            return error_answer(error, self._shared_headers)

    def _begin(self, request: PlainRequest, query: _Query, guarded: Guarded) -> Answer | Delegated | Evaluation:
        choice = self._chosen(request, guarded, query.format)
        if choice is None:
            return Delegated({})
        query_request = make_request(guarded, choice.context)
        present = self._pool.at_once(query_request)
        if present is None:
            return Evaluation(request, query, query_request, choice.content_type)
        result, is_cached = present
        answer = self._deliver(request, query_request, choice.content_type, result, cached=is_cached)
        if is_cached and isinstance(answer, Answer):
            self._keep(request, _Known(query_request, choice.content_type, result, answer))
        return answer

    async def _finish(
        self, evaluation: Evaluation, client: str | None, cancellation: Cancellation | None
    ) -> Answer | Delegated:
        if evaluation.failure is not None:
            raise evaluation.failure
        seconds = evaluation.query.seconds
        if evaluation.query_request is None:  # a worker has to read it first
            text, began = evaluation.query.text, time.monotonic()
            guarded = await self._pool.check_async(text, client, seconds, cancellation)
            begun = self._begin(evaluation.request, evaluation.query, guarded)
            if not isinstance(begun, Evaluation):
                return begun
            evaluation = begun
            seconds = self._pool.limits.seconds(seconds, time.monotonic() - began)
        query_request = evaluation.query_request
        assert query_request is not None  # noqa: S101  `_begin` made it
        result = await self._pool.evaluate(
            query_request, client=client, timeout=seconds, any_order=True, cancellation=cancellation
        )
        if result.spooled:
            return Delegated({OUTCOME: result})
        fresh = CachedResult(result.kind, result.rows, result.ms, result.read())
        return self._deliver(evaluation.request, query_request, evaluation.content_type, fresh, cached=False)

    def _deliver(
        self,
        request: PlainRequest,
        query_request: QueryRequest,
        content_type: str,
        result: CachedResult,
        *,
        cached: bool,
    ) -> Answer | Delegated:
        if len(result.body) >= MIN_COMPRESSED_BYTES and b"accept-encoding" in request.headers:
            return Delegated({OUTCOME: to_query_result(query_request, result, cached=cached)})
        return cached_answer(query_request, content_type, result, cached=cached, shared=self._shared_headers)

    def _keep(self, request: PlainRequest, known: _Known) -> None:
        if request.method != "GET" or len(known.answer.body) >= MIN_COMPRESSED_BYTES:
            return
        if len(self._known) >= _KEPT_REQUESTS:
            del self._known[next(iter(self._known))]
        self._known[_key(request)] = known

    def _is_live(self) -> bool:
        """Whether the generation of the last request is still the live one."""
        try:
            return self._generation() is self._live
        except HomeError:
            return False

    def _chosen(self, request: PlainRequest, guarded: Guarded, name: str | None) -> _Choice | None:
        live = self._generation()
        if live is not self._live:
            self._choice.cache_clear()
            self._known.clear()
            self._live = live
        address = request.address
        return self._choice(
            live, guarded.form, name, accept=request.headers.get(b"accept", b""), scheme=address.scheme,
            host=address.host,
        )  # fmt: skip

    def _choose(
        self, live: Path, form: Form, name: str | None, *, accept: bytes, scheme: str, host: str
    ) -> _Choice | None:
        """None where no format will do: Flask says which there are."""
        try:
            wanted, content_type = self._negotiate(
                form, name, parse_accept_header(accept.decode("latin-1"), MIMEAccept)
            )
        except HTTPException:
            return None
        context = self._pool.context(live, form, wanted.media_type, base=endpoint_base(scheme, host))
        return _Choice(context, content_type)


def _key(request: PlainRequest) -> tuple[bytes, RequestHead, str, str]:
    return request.query_string, request.head, request.address.scheme, request.address.host


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _read_query(request: PlainRequest) -> _Query | None:
    """The query, its format and its timeout; None for what is not plain."""
    direct = request.headers.get(b"content-type", b"").lower().strip() == _DIRECT and request.method == "POST"
    form = request.body if request.method == "POST" and not direct else b""
    raw = request.query_string + b"&" + form if form else request.query_string
    if raw.count(b"&") >= _MAX_PARAMETERS:
        return None
    try:
        parameters = _parameters(raw)
        if parameters is None:
            return None
        if direct:
            if "query" in parameters:
                return None
            parameters["query"] = request.body.decode()
        text = parameters.get("query")
        seconds = parse_seconds(parameters.get("timeout"))
    except ValueError:
        return None
    return None if text is None else _Query(text, parameters.get("format"), seconds)


def _parameters(raw: bytes) -> dict[str, str] | None:
    """By name; None where one that has a meaning comes twice or is not for here. Raises ValueError for bad UTF-8."""
    parameters: dict[str, str] = {}
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        if name in (b"query", b"format", b"timeout"):
            key = name.decode()
            if key in parameters:
                return None
            parameters[key] = _decoded(value)
        elif b"%" in name or b"+" in name or name in _DELEGATED_PARAMETERS:
            return None
    return parameters


def _decoded(value: bytes) -> str:
    """As `urllib.parse.unquote_plus` of ASCII, in a tenth of its time: quoted-printable (RFC 2045 §6.7), whose decoder
    is in C, differs in its sign only. Raises ValueError where either of them would guess."""
    if not value.isascii() or b"\n" in value or b"\r" in value:
        raise ValueError("not encoded")
    decoded = binascii.a2b_qp(value.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"="))
    if len(decoded) != len(value) - 2 * value.count(b"%"):
        raise ValueError("a percent sign without two digits")
    return decoded.decode()
