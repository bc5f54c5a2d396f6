"""`POST /update`: what it answers, what it changes, and that the next query sees it."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

from tests.support.writable_services import BEARER, ask, update
from web.services import Services

DIRECT = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"


def post(
    writable_client: FlaskClient, text: str | bytes, kind: str = DIRECT, **query: object
) -> tuple[int, dict[str, object]]:
    answer = writable_client.post("/update", data=text, content_type=kind, headers=BEARER, query_string=query)
    return answer.status_code, answer.get_json(force=True, silent=True) or {}


def test_the_next_query_sees_the_update(writable_client: FlaskClient, writable_services: Services) -> None:
    before = writable_services.home.require().number
    answer = writable_client.post("/update", data="INSERT DATA { <s> <p> 'v' }", content_type=DIRECT, headers=BEARER)
    assert (answer.status_code, answer.headers["X-Generation"]) == (204, f"{before + 1:06d}")
    assert ask(writable_client, "ASK { <http://localhost/s> ?p 'v' }"), "the service's address is the base"


def test_a_form_does_the_same(writable_client: FlaskClient) -> None:
    form = {"update": "INSERT DATA { <http://e/s> <http://e/p> 'é ✓' }"}
    assert writable_client.post("/update", data=form, headers=BEARER).status_code == 204
    assert ask(writable_client, "ASK { ?s ?p 'é ✓' }")


def test_operations_are_applied_whole_or_not_at_all(writable_client: FlaskClient, writable_services: Services) -> None:
    before = writable_services.home.require().name
    text = "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> 1 } } ; CREATE GRAPH <http://e/g>"
    status, problem = post(writable_client, text)
    assert status == 400
    assert "already exists" in str(problem["detail"])
    assert writable_services.home.require().name == before
    assert ask(writable_client, "ASK { GRAPH ?g { ?s ?p ?o } }") is False


def test_the_dataset_of_the_request(writable_client: FlaskClient) -> None:
    assert (
        update(
            writable_client, "PREFIX : <http://e/> INSERT DATA { GRAPH :g { :a :p 1 } GRAPH :h { :b :p 2 } :c :p 3 }"
        )
        == 204
    )
    move = "PREFIX : <http://e/> INSERT { GRAPH :out { ?s :seen ?g } } WHERE { ?s :p ?o . GRAPH ?g { ?t :p 2 } }"
    assert (
        post(writable_client, move, **{"using-graph-uri": "http://e/g", "using-named-graph-uri": "http://e/h"})[0]
        == 204
    )
    assert ask(
        writable_client,
        "PREFIX : <http://e/> ASK { GRAPH :out { :a :seen :h } FILTER NOT EXISTS { GRAPH :out { :c :seen ?x } } }",
    )
    assert (
        post(writable_client, "PREFIX : <http://e/> DELETE WHERE { :c ?p ?o }", **{"using-graph-uri": "http://e/g"})[0]
        == 204
    )
    assert ask(writable_client, "PREFIX : <http://e/> ASK { :c :p 3 }"), "the pattern was matched in g alone"


@pytest.mark.parametrize("text", [
    "WITH <http://e/g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "INSERT { ?s ?p 1 } USING <http://e/g> WHERE { ?s ?p ?o }",
])  # fmt: skip
def test_a_dataset_given_twice(text: str, writable_client: FlaskClient) -> None:
    status, problem = post(writable_client, text, **{"using-graph-uri": "http://e/g"})
    assert (status, problem["line"]) == (400, 1)
    assert post(writable_client, text)[0] == 204, "without one in the request it is fine"


@pytest.mark.parametrize("bad", ["relative", "http://e/>; DROP ALL", "http://e/ x"])
def test_a_graph_of_the_dataset_must_be_an_iri(bad: str, writable_client: FlaskClient) -> None:
    assert post(writable_client, "DELETE WHERE { ?s ?p ?o }", **{"using-graph-uri": bad})[0] == 400


def test_syntax_errors_say_where(writable_client: FlaskClient) -> None:
    status, problem = post(writable_client, "PREFIX : <http://e/>\nINSERT DATA { :a :b }")
    assert status == 400
    assert str(problem["type"]).endswith("/query-syntax")
    assert problem["line"] == 2
    assert str(post(writable_client, "SELECT * {}")[1]["detail"]).startswith("Line 1, column 1: This is a query")


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("text/plain", b"CLEAR ALL", 415), ("application/sparql-query", b"ASK {}", 415), ("application/json", b"{}", 415),
    (f"{DIRECT}; charset=utf-16", "CLEAR ALL".encode("utf-16"), 415), (DIRECT, b"CLEAR \xff", 400),
    ("application/x-www-form-urlencoded", b"update=CLEAR%20\xff", 400), ("application/x-www-form-urlencoded", b"", 400),
    ("application/x-www-form-urlencoded", b"update=CLEAR+ALL&update=CLEAR+ALL", 400),
])  # fmt: skip
def test_other_ways_of_sending_are_refused(kind: str, body: bytes, status: int, writable_client: FlaskClient) -> None:
    assert post(writable_client, body, kind)[0] == status


@pytest.mark.parametrize("kind", [DIRECT, "application/x-www-form-urlencoded"])
def test_a_compressed_update_is_refused(kind: str, writable_client: FlaskClient) -> None:
    headers = {**BEARER, "Content-Encoding": "gzip"}
    answer = writable_client.post("/update", data=gzip.compress(b"CLEAR ALL"), content_type=kind, headers=headers)
    assert answer.status_code == 415
    assert "Content-Encoding" in answer.get_json(force=True)["detail"]


def test_an_update_by_get_is_refused(writable_client: FlaskClient) -> None:
    assert writable_client.get("/update?update=CLEAR%20ALL", headers=BEARER).status_code == 405
    assert writable_client.post("/update?update=CLEAR%20ALL", headers=BEARER).status_code == 400


def test_load_silent_loads_nothing_and_succeeds(writable_client: FlaskClient) -> None:
    assert (
        update(
            writable_client,
            "LOAD SILENT <http://127.0.0.1:9/x> INTO GRAPH <http://e/g> ; INSERT DATA { <a:b> <a:c> 7 }",
        )
        == 204
    )
    assert ask(writable_client, "ASK { ?s ?p 7 FILTER NOT EXISTS { GRAPH <http://e/g> { ?a ?b ?c } } }")


@pytest.mark.parametrize(
    ("kind", "body"),
    [(DIRECT, ""), (DIRECT, " \n"), (FORM, "update=")],
)
def test_an_empty_update_is_refused(writable_client: FlaskClient, kind: str, body: str) -> None:
    """It changes nothing, so it is rather one that was lost on its way."""
    answer = writable_client.post("/update", data=body, content_type=kind, headers=BEARER)
    assert (answer.status_code, "empty" in answer.text) == (400, True)


@pytest.mark.parametrize(("text", "words"), [
    ("INSERT { ?s <http://e/q> ?n } WHERE { ?s <http://e/p> ?v BIND (REPLACE(?v, ?v, 'x') AS ?n) }", ["computed"]),
    ("INSERT DATA { <http://e/s> <http://e/p> 99999999999999999999 }", ["64 bits"]),
    ("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER REGEX(?o, '(a)\\\\1') FILTER (?o > 99999999999999999999) }",
     ["64 bits", "back-references"]),
])  # fmt: skip
def test_an_update_warns_of_what_the_engine_does_otherwise(
    writable_client: FlaskClient, text: str, words: list[str]
) -> None:
    for dataset in ({}, {"using-graph-uri": "http://e/g"}):
        answer = writable_client.post("/update", data=text, content_type=DIRECT, headers=BEARER, query_string=dataset)
        assert answer.status_code == 204
        assert all(word in answer.headers["X-Atlas-Warning"] for word in words)
    standard = "CREATE SILENT GRAPH <http://e/g>"
    answer = writable_client.post("/update", data=standard, content_type=DIRECT, headers=BEARER)
    assert answer.status_code == 204 and "X-Atlas-Warning" not in answer.headers


def test_an_update_is_mended_as_a_query_is(writable_client: FlaskClient) -> None:
    text = "INSERT { <http://e/s> <http://e/p> ?v } WHERE { BIND (REPLACE('ab', '(a)', '$1x') AS ?v) }"
    for dataset in ({}, {"using-graph-uri": "http://e/g"}):
        assert post(writable_client, text, **dataset)[0] == 204
        assert ask(writable_client, "ASK { <http://e/s> <http://e/p> 'axb' }")
        assert post(writable_client, "DELETE WHERE { ?s <http://e/p> ?o }")[0] == 204
