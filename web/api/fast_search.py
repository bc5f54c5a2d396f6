"""Searches of the JSON API without the application around them: its routing, request and response cost as much as
reading the query, finding what it names and handing it to a process together.

What goes wrong is asked of the application again, which has the words for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import werkzeug.urls  # noqa: F401  registers how bytes that are no UTF-8 are kept

from graph.errors import AtlasError
from web.api.routes import search_query
from web.http.security_headers import DATA_POLICY, FIXED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from web.read_model.live_reader import LiveAtlas

__all__ = ["FastSearches"]

_PATH: Final = "/api/v1/search"
_HEADERS: Final = [("Content-Type", "application/json"), *FIXED.items(), ("Content-Security-Policy", DATA_POLICY)]

log = logging.getLogger(__name__)


class FastSearches:
    """A WSGI application in front of `application`, for a service that everybody may read."""

    def __init__(self, application: WSGIApplication, atlas: LiveAtlas) -> None:
        self._application, self._atlas = application, atlas

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        body = None
        if environ["PATH_INFO"] == _PATH and environ["REQUEST_METHOD"] == "GET":
            body = self._answer(environ)
        if body is None:
            return self._application(environ, start)
        start("200 OK", [*_HEADERS, ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, environ: dict[str, Any]) -> bytes | None:
        """None where the application has to answer."""
        try:
            text = environ["QUERY_STRING"].encode("latin-1").decode()
            given: dict[str, list[str]] = {}
            for name, value in parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"):
                given.setdefault(name, []).append(value)
            return self._atlas.answer(search_query(given))
        except AtlasError:
            return None
        except Exception:
            log.debug("a search failed", exc_info=True)
            return None
