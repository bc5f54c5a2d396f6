"""Searches of the JSON API, answered without Flask.

Flask's routing, request and response cost as much as reading the query, linking it and passing it to a process
together. A search that fails is answered here too, by the shared problem renderer: it never runs twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

import werkzeug.urls  # noqa: F401  registers how bytes that are no UTF-8 are kept

from graph.deadline import Deadline
from graph.errors import AtlasError
from search.types import Query
from web.api.routes import search_query
from web.http.auth import ReadAccess
from web.http.fast_request import PlainRequest
from web.http.problems import make_problem, problem_answer
from web.http.rendered_answer import Answer, encode_headers
from web.http.security_headers import DATA_HEADERS

__all__ = ["JsonSearch"]

_PATH: Final = b"/api/v1/search"
_HEADERS: Final = (*encode_headers(("Content-Type", "application/json")), *DATA_HEADERS)

log = logging.getLogger(__name__)


class JsonSearch:
    """`search` gives the JSON of a query's results, by the deadline; `access` decides who may read."""

    def __init__(self, search: Callable[[Query, Deadline], bytes], access: ReadAccess) -> None:
        self._search, self._access = search, access

    def takes(self, method: str, path: bytes) -> bool:
        """Whether this is a request for a search."""
        return method == "GET" and path == _PATH

    def answer(self, request: PlainRequest, deadline: Deadline) -> Answer | None:
        """The answer; None where Flask has to ask for the read token. Blocks until the search is done."""
        authorization = request.headers.get(b"authorization")
        if not self._access.allows(None if authorization is None else authorization.decode("latin-1")):
            return None
        try:
            body = self._search(search_query(_parameters(request.query_string)), deadline)
        except AtlasError as error:
            return problem_answer(error)
        except Exception:
            log.exception("a search failed")
            return make_problem(500, "internal", "Something went wrong", "The error was logged. Try again later.")
        return Answer(200, (*_HEADERS, (b"content-length", str(len(body)).encode())), body)


def _parameters(query_string: bytes) -> dict[str, list[str]]:
    parameters: dict[str, list[str]] = {}
    text = query_string.decode("utf-8", "replace")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"):
        parameters.setdefault(name, []).append(value)
    return parameters
