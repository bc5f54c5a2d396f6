"""A short way for plain SPARQL requests, in the event loop and in front of the application.

Flask, Werkzeug and a thread take longer than a point look-up. So what nearly every client sends, one query by GET or
by either form of POST, with `format=` and `timeout=` at most, is answered without them and with the same headers.
Anything else goes on to the application: other parameters, conditions, browsers. So do a query that failed and a
result to be compressed or spooled; the outcome travels with the request, so that the query is not run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header, parse_options_header

from graph.errors import AtlasError
from graph.sparql.formats import Format
from graph.sparql.pool import QueryPool
from graph.sparql.result import QueryResult
from web.sparql_answer import COMPRESSED_FROM, headers_of
from web.sparql_outcome import OUTCOME

if TYPE_CHECKING:
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

__all__ = ["FastQueries"]

_LONGEST: Final = 200_000
"""Characters of an encoded query: three for each byte of the longest that is taken."""

_BODY_SECONDS: Final = 30.0
_FORM: Final = "application/x-www-form-urlencoded"
_DIRECT: Final = "application/sparql-query"
_MEANT: Final = frozenset(
    ("update", "query-id", "id", "default-graph-uri", "named-graph-uri", "using-graph-uri", "using-named-graph-uri")
)
"""Parameters that the application has to see. Others, but for `query`, `format` and `timeout`, mean nothing."""

_CHARACTERS: Final = {
    f"{number:02x}".translate({97 + each: char for each, char in enumerate(chars)}): chr(number)
    for number in range(256)
    for chars in ("abcdef", "ABCDEF")
}
"""What a percent sign and two digits stand for, as Latin-1."""

Extra = dict[str, Any]
"""For the environment of the request, if it goes on to the application."""


class FastQueries:
    """`generation` names the live generation, `negotiate` is how the endpoint chooses a format, `client` whom it counts
    by an address."""

    def __init__(
        self,
        pool: QueryPool,
        generation: Callable[[], Path],
        negotiate: Callable[[str, str | None, MIMEAccept], tuple[Format, str]],
        client: Callable[[str | None], str | None],
    ) -> None:
        self._pool, self._generation, self._client = pool, generation, client

        @lru_cache(maxsize=256)
        def chosen(form: str, name: str | None, accept: str) -> tuple[Format, str] | None:
            if name is None and "text/html" in accept.lower():
                return None
            try:
                return negotiate(form, name, parse_accept_header(accept, MIMEAccept))
            except HTTPException:
                return None

        self._chosen = chosen

    async def answer(self, scope: Scope, protocol: HTTPProtocol) -> tuple[Extra, bytes | None] | None:
        """None once it is answered; else what the application is to be given: the outcome, and the body if it was
        read."""
        extra: Extra = {}
        headers, body = scope.headers, None
        raw = scope.query_string
        if len(raw) > _LONGEST or "if-none-match" in headers or "x-query-id" in headers:
            return extra, None
        if scope.method == "POST":
            kind, options = parse_options_header(headers.get("content-type") or "")
            length = headers.get("content-length") or ""
            if kind not in (_FORM, _DIRECT) or options or not length.isdecimal() or int(length) > _LONGEST:
                return extra, None
            body = await asyncio.wait_for(protocol(), _BODY_SECONDS)
            asked = _asked(raw, body, direct=kind == _DIRECT)
        elif scope.method == "GET":
            asked = _asked(raw, b"", direct=False)
        else:
            return extra, None
        if asked is not None:
            done = await self._run(scope, protocol, extra, *asked)
            if done:
                return None
        return extra, body

    async def _run(
        self, scope: Scope, protocol: HTTPProtocol, extra: Extra, text: str, name: str | None, timeout: float | None
    ) -> bool:
        client = self._client(scope.client.rpartition(":")[0])
        try:
            guarded = await self._pool.examine(text, client)
            choice = self._chosen(guarded.form, name, scope.headers.get("accept") or "")
            if choice is None:
                return False
            wanted, content_type = choice
            result = await self._pool.answer(
                self._generation(), guarded, media_type=wanted.media_type, client=client, timeout=timeout,
                base=f"{scope.scheme}://{scope.authority}/sparql",
            )  # fmt: skip
        except AtlasError as error:
            extra[OUTCOME] = error
            return False
        if _left(result, scope):
            extra[OUTCOME] = result
            return False
        protocol.response_bytes(200, headers_of(result, wanted, content_type), result.read())
        return True


def _left(result: QueryResult, scope: Scope) -> bool:
    """Whether the application is to send it."""
    return result.spooled or (result.size >= COMPRESSED_FROM and "accept-encoding" in scope.headers)


def _asked(raw: str, body: bytes, *, direct: bool) -> tuple[str, str | None, float | None] | None:
    """The query, its format and its timeout; None for what is not plain."""
    try:
        if direct:
            found = _parameters(raw)
            if found is None or "query" in found:
                return None
            found["query"] = body.decode()
        else:
            found = _parameters(f"{raw}&{body.decode('ascii')}" if body else raw)
        if found is None or "query" not in found:
            return None
        seconds = float(found["timeout"]) if "timeout" in found else None
    except ValueError:
        return None
    if seconds is not None and not 0 < seconds < float("inf"):
        return None
    return found["query"], found.get("format"), seconds


def _parameters(raw: str) -> dict[str, str] | None:
    """By name; None where one that means something comes twice or is not for here. Raises ValueError for bad UTF-8."""
    if not raw.isascii():
        return None
    found: dict[str, str] = {}
    for part in raw.split("&"):
        name, _, value = part.partition("=")
        if "%" in name or "+" in name or name in found or name in _MEANT:
            return None
        if name in ("query", "format", "timeout"):
            found[name] = _decoded(value)
    return found


def _decoded(value: str) -> str:
    """As `urllib.parse.unquote_plus` of ASCII, in a third of its time. Raises ValueError where that would guess."""
    first, *rest = value.replace("+", " ").split("%")
    if not rest:
        return first
    try:
        raw = first + "".join([_CHARACTERS[part[:2]] + part[2:] for part in rest])
    except KeyError:
        raise ValueError("a percent sign without two digits") from None
    return raw.encode("latin-1").decode()
