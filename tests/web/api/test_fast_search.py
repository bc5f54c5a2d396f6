"""A search of the API is answered without the application as it is with it, and so is what is wrong with one."""

from __future__ import annotations

import json

import pytest
from werkzeug.test import Client

from web.api.fast_search import FastSearches
from web.app import create_app
from web.services import Services

ASKED = [
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


@pytest.mark.parametrize("asked", ASKED)
def test_both_ways_say_the_same(services: Services, asked: str) -> None:
    application = create_app(services)
    wanted, found = (
        Client(each).get("/api/v1/search", query_string=asked)
        for each in (application, FastSearches(application, services.atlas))
    )
    assert found.status == wanted.status
    assert found.content_type == wanted.content_type
    assert dict(found.headers).keys() == dict(wanted.headers).keys()
    said = [json.loads(each.data) | {"took_ms": 0} for each in (wanted, found)]
    assert said[0] == said[1]


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/search"), ("GET", "/api/v1/searches"), ("GET", "/")])
def test_anything_else_goes_to_the_application(services: Services, method: str, path: str) -> None:
    application = create_app(services)
    wanted, found = (
        Client(each).open(path, method=method).status
        for each in (application, FastSearches(application, services.atlas))
    )
    assert found == wanted


def test_the_page_of_an_answer_may_load_nothing(services: Services) -> None:
    found = Client(FastSearches(create_app(services), services.atlas)).get("/api/v1/search?q=games")
    assert found.status_code == 200
    assert "default-src 'none'" in found.headers["Content-Security-Policy"]
    assert found.headers["X-Content-Type-Options"] == "nosniff"
