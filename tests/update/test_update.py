"""`POST /update`: what it answers, what it changes, and that the next query sees it."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

from tests.update.conftest import BEARER, ask, update
from web.compose import Services

DIRECT = "application/sparql-update"


def post(client: FlaskClient, text: str | bytes, kind: str = DIRECT, **query: object) -> tuple[int, dict[str, object]]:
    answer = client.post("/update", data=text, content_type=kind, headers=BEARER, query_string=query)
    return answer.status_code, answer.get_json(force=True, silent=True) or {}


def test_the_next_query_sees_the_update(client: FlaskClient, services: Services) -> None:
    before = services.home.require().number
    answer = client.post("/update", data="INSERT DATA { <s> <p> 'v' }", content_type=DIRECT, headers=BEARER)
    assert (answer.status_code, answer.headers["X-Generation"]) == (204, f"{before + 1:06d}")
    assert ask(client, "ASK { <http://localhost/s> ?p 'v' }"), "the service's address is the base"


def test_a_form_does_the_same(client: FlaskClient) -> None:
    form = {"update": "INSERT DATA { <http://e/s> <http://e/p> 'é ✓' }"}
    assert client.post("/update", data=form, headers=BEARER).status_code == 204
    assert ask(client, "ASK { ?s ?p 'é ✓' }")


def test_operations_are_applied_whole_or_not_at_all(client: FlaskClient, services: Services) -> None:
    before = services.home.require().name
    text = "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> 1 } } ; CREATE GRAPH <http://e/g>"
    status, problem = post(client, text)
    assert status == 400
    assert "already exists" in str(problem["detail"])
    assert services.home.require().name == before
    assert ask(client, "ASK { GRAPH ?g { ?s ?p ?o } }") is False


def test_the_dataset_of_the_request(client: FlaskClient) -> None:
    assert (
        update(client, "PREFIX : <http://e/> INSERT DATA { GRAPH :g { :a :p 1 } GRAPH :h { :b :p 2 } :c :p 3 }") == 204
    )
    move = "PREFIX : <http://e/> INSERT { GRAPH :out { ?s :seen ?g } } WHERE { ?s :p ?o . GRAPH ?g { ?t :p 2 } }"
    assert post(client, move, **{"using-graph-uri": "http://e/g", "using-named-graph-uri": "http://e/h"})[0] == 204
    assert ask(
        client,
        "PREFIX : <http://e/> ASK { GRAPH :out { :a :seen :h } FILTER NOT EXISTS { GRAPH :out { :c :seen ?x } } }",
    )
    assert post(client, "PREFIX : <http://e/> DELETE WHERE { :c ?p ?o }", **{"using-graph-uri": "http://e/g"})[0] == 204
    assert ask(client, "PREFIX : <http://e/> ASK { :c :p 3 }"), "the pattern was matched in g alone"


@pytest.mark.parametrize("text", [
    "WITH <http://e/g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "INSERT { ?s ?p 1 } USING <http://e/g> WHERE { ?s ?p ?o }",
])  # fmt: skip
def test_a_dataset_given_twice(text: str, client: FlaskClient) -> None:
    status, problem = post(client, text, **{"using-graph-uri": "http://e/g"})
    assert (status, problem["line"]) == (400, 1)
    assert post(client, text)[0] == 204, "without one in the request it is fine"


@pytest.mark.parametrize("bad", ["relative", "http://e/>; DROP ALL", "http://e/ x"])
def test_a_graph_of_the_dataset_must_be_an_iri(bad: str, client: FlaskClient) -> None:
    assert post(client, "DELETE WHERE { ?s ?p ?o }", **{"using-graph-uri": bad})[0] == 400


def test_syntax_errors_say_where(client: FlaskClient) -> None:
    status, problem = post(client, "PREFIX : <http://e/>\nINSERT DATA { :a :b }")
    assert status == 400
    assert str(problem["type"]).endswith("/query-syntax")
    assert problem["line"] == 2
    assert str(post(client, "SELECT * {}")[1]["detail"]).startswith("Line 1, column 1: This is a query")


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("text/plain", b"CLEAR ALL", 415), ("application/sparql-query", b"ASK {}", 415), ("application/json", b"{}", 415),
    (f"{DIRECT}; charset=utf-16", "CLEAR ALL".encode("utf-16"), 415), (DIRECT, b"CLEAR \xff", 400),
    ("application/x-www-form-urlencoded", b"update=CLEAR%20\xff", 400), ("application/x-www-form-urlencoded", b"", 400),
    ("application/x-www-form-urlencoded", b"update=CLEAR+ALL&update=CLEAR+ALL", 400),
])  # fmt: skip
def test_other_ways_of_sending_are_refused(kind: str, body: bytes, status: int, client: FlaskClient) -> None:
    assert post(client, body, kind)[0] == status


@pytest.mark.parametrize("kind", [DIRECT, "application/x-www-form-urlencoded"])
def test_a_packed_update_is_refused(kind: str, client: FlaskClient) -> None:
    headers = {**BEARER, "Content-Encoding": "gzip"}
    answer = client.post("/update", data=gzip.compress(b"CLEAR ALL"), content_type=kind, headers=headers)
    assert answer.status_code == 415
    assert "Content-Encoding" in answer.get_json(force=True)["detail"]


def test_get_is_not_a_way_to_update(client: FlaskClient) -> None:
    assert client.get("/update?update=CLEAR%20ALL", headers=BEARER).status_code == 405
    assert client.post("/update?update=CLEAR%20ALL", headers=BEARER).status_code == 400


def test_load_silent_loads_nothing_and_succeeds(client: FlaskClient) -> None:
    assert (
        update(client, "LOAD SILENT <http://127.0.0.1:9/x> INTO GRAPH <http://e/g> ; INSERT DATA { <a:b> <a:c> 7 }")
        == 204
    )
    assert ask(client, "ASK { ?s ?p 7 FILTER NOT EXISTS { GRAPH <http://e/g> { ?a ?b ?c } } }")
