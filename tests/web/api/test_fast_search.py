"""The fast route answers a search, valid or not, with the same headers and body as Flask."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from graph.deadline import Deadline
from graph.errors import IndexUnusable
from search.types import Query
from web.api.fast_search import JsonSearch
from web.http.auth import ReadAccess
from web.http.fast_request import PlainRequest, RequestHead
from web.http.public_address import RequestAddress
from web.http.rendered_answer import Answer, flask_response
from web.services import Services

QUERY_STRINGS = [
    "q=access+to+finance",
    "q=T%C5%B5r%20Ll%C5%B7n&limit=3&offset=1&mode=lexical",
    "q=games&kind=passage&kind=entity&facets=1&recent=1&from=2015",
    "q=%FF%FEfinance",
    "q=caf\xe9",
    "q=games&limit=",
    "q=games&q=films",
    "q=",
    "",
    "q=!!!",
    "q=games&limit=ten",
    "q=games&limit=1000",
    "q=games&colour=red",
    "q=games&kind=film",
    "q=games&facets=yes",
]


def answer(
    search: Callable[[Query, Deadline], bytes], query_string: str, access: ReadAccess | None = None
) -> Answer | None:
    request = PlainRequest(
        "GET",
        query_string.encode(),
        RequestHead({b"host": b"localhost"}),
        b"",
        RequestAddress("http", "localhost", None),
    )
    return JsonSearch(search, access or ReadAccess(None)).answer(request, Deadline.after(60))


@pytest.mark.parametrize("query_string", QUERY_STRINGS)
def test_both_answers_are_alike(services: Services, client: FlaskClient, query_string: str) -> None:
    fast = answer(services.atlas.answer, query_string)
    assert fast is not None
    response, expected = flask_response(fast), client.get("/api/v1/search", query_string=query_string)
    assert response.status == expected.status
    headers = [
        {name: value for name, value in reply.headers if name != "Content-Length"} for reply in (response, expected)
    ]
    assert {name.lower(): value for name, value in headers[0].items()} == {
        name.lower(): value for name, value in headers[1].items()
    }
    bodies = [json.loads(reply.data) | {"took_ms": 0} for reply in (response, expected)]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("method", "path", "is_taken"),
    [("GET", b"/api/v1/search", True), ("POST", b"/api/v1/search", False), ("GET", b"/api/v1/searches", False)],
)
def test_only_searches_are_taken(method: str, path: bytes, is_taken: bool) -> None:
    assert JsonSearch(lambda _, __: b"", ReadAccess(None)).takes(method, path) is is_taken


def test_an_answer_that_a_browser_takes_for_a_page_may_load_nothing(client: FlaskClient) -> None:
    for path in ("/api/v1/search?q=games", "/api/v1/search?q=", "/api/v1/nothing", "/api/v1/complete?q=g", "/healthz"):
        assert client.get(path).headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize("error", [IndexUnusable("The index is damaged."), RuntimeError("on purpose")])
def test_a_search_that_fails_runs_once(error: Exception) -> None:
    queries: list[Query] = []

    def failing(query: Query, _: Deadline) -> bytes:
        queries.append(query)
        raise error

    failed = answer(failing, "q=games")
    assert failed is not None
    assert failed.status == (503 if isinstance(error, IndexUnusable) else 500)
    assert (b"content-type", b"application/problem+json") in failed.headers
    assert len(queries) == 1


def test_without_the_read_token_nothing_is_searched() -> None:
    queries: list[Query] = []

    def search(query: Query, _: Deadline) -> bytes:
        queries.append(query)
        return b"{}"

    assert answer(search, "q=games", ReadAccess("secret")) is None
    assert queries == []
