"""Tokens: which requests may write, and which may read."""

from __future__ import annotations

import base64

import pytest
from flask.testing import FlaskClient

from tests.support.writable_services import BEARER, TOKEN, ServiceMaker, update
from web.app import create_app
from web.http.auth import ReadAccess

WRITES = [
    ("POST", "/update"), ("PUT", "/graph-store?default"), ("POST", "/graph-store"), ("DELETE", "/graph-store?default"),
    ("PATCH", "/graph-store?default"), ("PUT", "/graph-store/a/path"),
]  # fmt: skip
READ = "a-token-for-readers"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_write_without_a_token_is_refused(method: str, path: str, writable_client: FlaskClient) -> None:
    answer = writable_client.open(path, method=method, data=b"CLEAR ALL", content_type="application/sparql-update")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer tök"},
        basic("anyone", TOKEN),
        {"Authorization": TOKEN},
    ],
)
def test_another_token_is_refused(headers: dict[str, str], writable_client: FlaskClient) -> None:
    answer = writable_client.post(
        "/update", data="CLEAR ALL", content_type="application/sparql-update", headers=headers
    )
    assert answer.status_code == 401


def test_the_token_allows_writing(writable_client: FlaskClient) -> None:
    assert update(writable_client, "INSERT DATA { <a> <b> 1 }") == 204


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_without_a_configured_token_every_write_is_refused(method: str, path: str, make_services: ServiceMaker) -> None:
    closed = create_app(make_services(token=None)).test_client()
    answer = closed.open(path, method=method, data=b"", headers=BEARER)
    assert answer.status_code == 403
    problem = answer.get_json(force=True)
    assert problem["type"].endswith("/writes-disabled")
    assert "CREATIVE_ATLAS_TOKEN" in problem["detail"]
    assert "restart" in problem["detail"]


@pytest.mark.parametrize("path", ["/sparql?query=ASK%20{}", "/graph-store?default", "/api/v1/complete?q=a", "/browse"])
def test_a_read_token_protects_every_page(path: str, make_services: ServiceMaker) -> None:
    app = create_app(make_services(read_token=READ)).test_client()
    answer = app.get(path)
    assert answer.status_code == 401
    schemes = [value.split()[0] for value in answer.headers.getlist("WWW-Authenticate")]
    assert schemes == ["Basic", "Bearer"]
    for headers in (basic("wrong", "wrong"), basic(READ, ""), {"Authorization": "Bearer wrong"}):
        assert app.get(path, headers=headers).status_code == 401


def test_the_read_token_allows_reading_by_both_schemes_and_no_writing(make_services: ServiceMaker) -> None:
    app = create_app(make_services(read_token=READ)).test_client()
    for headers in (basic("", READ), basic("anyone", READ), {"Authorization": f"Bearer {READ}"}, BEARER):
        assert app.get("/sparql?query=ASK%20{}", headers=headers).status_code == 200
    reader = {"Authorization": f"Bearer {READ}"}
    refused = app.post("/update", data="CLEAR ALL", content_type="application/sparql-update", headers=reader)
    assert refused.status_code == 401
    assert update(app, "INSERT DATA { <a> <b> 1 }") == 204


def test_health_and_preflights_need_no_token(make_services: ServiceMaker) -> None:
    app = create_app(make_services(read_token=READ)).test_client()
    assert app.get("/healthz").status_code == 200
    assert app.options("/sparql").status_code == 204


@pytest.mark.parametrize("token", ["abc=def", 'a="b", c=d', "tök en;%41", "=", "x" * 500])
def test_a_token_of_any_characters_works(token: str, make_services: ServiceMaker) -> None:
    """By both schemes, for reading and for writing, in each part of the server that asks for it."""
    header = f"Bearer {token}".encode().decode("latin-1")
    assert ReadAccess(token).allows(header) and ReadAccess(token).allows(basic("any", token)["Authorization"])
    assert not ReadAccess(token).allows(header + "x")
    client = create_app(make_services(token=token)).test_client()
    answer = client.post(
        "/update",
        data="INSERT DATA { <a> <b> 1 }",
        content_type="application/sparql-update",
        headers={"Authorization": header},
    )
    assert answer.status_code == 204
