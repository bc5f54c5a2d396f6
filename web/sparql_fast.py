"""A short way for the plainest SPARQL request: GET with a query and nothing else.

Flask and Werkzeug take about a millisecond of a request, three times what a point look-up takes. So what nearly every
client sends, `GET /sparql?query=…` with an Accept header, is answered in front of them, with the same headers. Anything
else goes on to the application: other parameters and methods, conditions, browsers. So do a query that failed and a
result to be compressed or spooled; the outcome travels with the request, so that the query is not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from graph.errors import AtlasError
from graph.sparql.formats import Format
from graph.sparql.pool import QueryPool
from web.sparql_answer import COMPRESSED_FROM, headers_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["OUTCOME", "FastQueries"]

OUTCOME: Final = "creative_atlas.sparql_outcome"
"""The key of a request's environment under which the application finds the error or the result of the query."""

_CONDITIONS: Final = ("HTTP_IF_NONE_MATCH", "HTTP_X_QUERY_ID")
_LONGEST: Final = 16_384


class FastQueries:
    """WSGI: answers plain queries, and passes everything else on to `application`.

    `negotiate` is how the endpoint chooses a format, `client` whom it counts by an address.
    """

    def __init__(
        self,
        application: WSGIApplication,
        pool: QueryPool,
        generation: Callable[[], Path],
        negotiate: Callable[[str, str | None, MIMEAccept], tuple[Format, str]],
        client: Callable[[str | None], str | None],
    ) -> None:
        self._application = application
        self._pool, self._generation, self._client = pool, generation, client

        @lru_cache(maxsize=256)
        def chosen(form: str, accept: str) -> tuple[Format, str] | None:
            if "text/html" in accept.lower():
                return None
            try:
                return negotiate(form, None, parse_accept_header(accept, MIMEAccept))
            except HTTPException:
                return None

        self._chosen = chosen

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/sparql" and environ["REQUEST_METHOD"] == "GET":
            answer = self._answer(environ)
            if answer is not None:
                body, headers = answer
                start_response("200 OK", headers)
                return [body]
        return self._application(environ, start_response)

    def _answer(self, environ: dict[str, Any]) -> tuple[bytes, list[tuple[str, str]]] | None:
        """The body and its headers; None where the application is to answer."""
        raw = environ["QUERY_STRING"]
        if not raw.startswith("query=") or "&" in raw or len(raw) > _LONGEST or not raw.isascii():
            return None
        if any(name in environ for name in _CONDITIONS) or not environ.get("HTTP_HOST") or environ.get("SCRIPT_NAME"):
            return None
        try:
            text = unquote_plus(raw[6:], errors="strict")
            choice = self._chosen(self._pool.check(text).form, environ.get("HTTP_ACCEPT", ""))
        except (AtlasError, UnicodeDecodeError):
            return None
        if choice is None:
            return None
        return self._run(environ, text, *choice)

    def _run(
        self, environ: dict[str, Any], text: str, wanted: Format, content_type: str
    ) -> tuple[bytes, list[tuple[str, str]]] | None:
        base = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}/sparql"
        client = self._client(environ.get("REMOTE_ADDR"))
        try:
            result = self._pool.run(self._generation(), text, media_type=wanted.media_type, base=base, client=client)
        except AtlasError as error:
            environ[OUTCOME] = error
            return None
        if result.spooled or (result.size >= COMPRESSED_FROM and "HTTP_ACCEPT_ENCODING" in environ):
            environ[OUTCOME] = result
            return None
        return result.read(), headers_of(result, wanted, content_type)
