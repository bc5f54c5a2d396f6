from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

ID = "https://w3id.org/creative-atlas/id/"
SCALE_UP, DCMS, NESTA = f"{ID}programme/scale-up", f"{ID}organisation/dcms", f"{ID}organisation/nesta"


def test_search_gives_passages_with_their_document(client: FlaskClient) -> None:
    body = client.get("/api/v1/search?q=access+to+finance&kind=passage").get_json()
    assert body["query"] == "access to finance"
    first = body["hits"][0]
    assert "access to finance" in first["snippet"]["text"]
    assert first["document"]["id"] == "growth.txt"
    marked = [first["snippet"]["text"][start:end].lower() for start, end in first["snippet"]["highlights"]]
    assert {"access", "finance"} <= set(marked)
    explain = first["explain"]
    total = explain["lexical_weight"] * explain["lexical"] + explain["dense_weight"] * explain["dense"]
    assert total + sum(value for _, value in explain["boosts"]) == pytest.approx(first["score"], abs=1e-3)
    assert "facets" not in body


def test_facets_come_on_request_and_narrow(client: FlaskClient) -> None:
    body = client.get("/api/v1/search?q=creative&facets=1").get_json()
    counts = {value["value"]: value["count"] for value in body["facets"]["collection"]}
    assert set(counts) == {"mine", "starter"}
    narrowed = client.get("/api/v1/search?q=creative&collection=mine&limit=100").get_json()
    assert narrowed["total"] == len(narrowed["hits"]) == counts["mine"]
    assert {hit["document"]["id"] for hit in narrowed["hits"]} == {"growth.txt"}


def test_recency_is_an_option_that_shows(client: FlaskClient) -> None:
    plain = client.get("/api/v1/search?q=creative+scale-up&kind=passage&collection=starter").get_json()
    recent = client.get("/api/v1/search?q=creative+scale-up&kind=passage&collection=starter&recent=1").get_json()
    assert "recent" not in dict(plain["hits"][0]["explain"]["boosts"])
    assert dict(recent["hits"][0]["explain"]["boosts"])["recent"] > 0


def test_entities_are_hits_too(client: FlaskClient) -> None:
    body = client.get("/api/v1/search?q=creative+scale-up&kind=entity").get_json()
    assert body["hits"][0]["iri"] == SCALE_UP


def test_hits_name_their_entities(client: FlaskClient) -> None:
    body = client.get("/api/v1/search?q=creative+scale-up&limit=100").get_json()
    entities = [entity for hit in body["hits"] for entity in hit["entities"]]
    assert {tuple(entity) for entity in entities} == {("iri", "label", "kind")}
    for entity in {entity["iri"]: entity for entity in entities}.values():
        known = client.get(f"/api/v1/terms?iri={quote(entity['iri'], safe='')}").get_json()
        assert (entity["label"], entity["kind"]) == (known["label"], known["kind"])
    kinds = {entity["iri"]: entity["kind"] for entity in entities}
    assert (kinds[SCALE_UP], kinds[DCMS]) == ("Programme", "ca:Organisation")


def test_offset_goes_on_where_limit_stopped(client: FlaskClient) -> None:
    every = client.get("/api/v1/search?q=creative&limit=4").get_json()
    second_page = client.get("/api/v1/search?q=creative&limit=2&offset=2").get_json()
    assert [hit["iri"] for hit in second_page["hits"]] == [hit["iri"] for hit in every["hits"][2:4]]
    past = client.get("/api/v1/search?q=creative&offset=5000")
    assert (past.status_code, past.get_json()["hits"]) == (200, [])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "“q” is missing"),
        ("?q=%20", "“q” is missing"),
        ("?q=a&limit=-1", "limit -1"),
        ("?q=a&limit=1000000000", "limit 1000000000"),
        ("?q=a&limit=ten", "whole number"),
        ("?q=a&offset=-5", "offset -5"),
        ("?q=a&mode=magic", "magic"),
        ("?q=a&kind=thing", "thing"),
        ("?q=a&from=yesterday", "yesterday"),
        ("?q=a&colour=red", "colour"),
        ("?q=" + "x" * 100_000, "characters"),
    ],
)
def test_bad_requests_are_explained(client: FlaskClient, query: str, words: str) -> None:
    answer = client.get("/api/v1/search" + query)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == 400
    assert words in problem["detail"]


@pytest.mark.parametrize(
    "text", ["???", '"unbalanced', "\x01\x02 creative", "مرحبا", "🎮 games", "a" * 1999, "AND OR NOT", "-"]
)
def test_odd_queries_are_answered(client: FlaskClient, text: str) -> None:
    answer = client.get("/api/v1/search", query_string={"q": text})
    assert answer.status_code in (200, 400)
    assert answer.get_json()


def test_entity_with_facts_and_evidence(client: FlaskClient) -> None:
    body = client.get("/api/v1/entity", query_string={"iri": SCALE_UP}).get_json()
    (group,) = (g for g in body["groups"] if g["label"] == "fundedBy")
    (fact,) = group["facts"]
    assert fact["value"] == {"kind": "iri", "value": DCMS, "label": "Department for Culture, Media and Sport"}
    assert [e["kind"] for e in fact["evidence"]] == ["cited", "cited"]
    assert [f["value"]["label"] for f in body["disputed"]] == ["Nesta"]


def test_unknown_entity_names_the_nearest(client: FlaskClient) -> None:
    answer = client.get("/api/v1/entity", query_string={"iri": f"{ID}organisation/nestor"})
    assert answer.status_code == 404
    assert NESTA in [near["iri"] for near in answer.get_json()["nearest"]]


def test_completion(client: FlaskClient) -> None:
    body = client.get("/api/v1/complete?q=crea").get_json()
    assert SCALE_UP in [item["iri"] for item in body]
    assert client.get("/api/v1/complete?q=").get_json() == []


def test_neighbours_and_path(client: FlaskClient) -> None:
    body = client.get("/api/v1/neighbours", query_string={"iri": SCALE_UP}).get_json()
    assert {node["iri"] for node in body["nodes"]} >= {SCALE_UP, DCMS}
    assert {"from": SCALE_UP, "to": DCMS} in [{k: e[k] for k in ("from", "to")} for e in body["edges"]]
    path = client.get("/api/v1/path", query_string={"from": DCMS, "to": SCALE_UP}).get_json()
    assert (path["found"], path["length"]) == (True, 1)
    none = client.get("/api/v1/path", query_string={"from": NESTA, "to": SCALE_UP}).get_json()
    assert (none["found"], none["path"]) == (False, [])


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    assert client.get("/api/v1/nothing").mimetype == "application/problem+json"
    answer = client.post("/api/v1/search?q=a")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json()["generation"] == 2


def test_a_query_of_a_megabyte_is_refused(client: FlaskClient) -> None:
    for size in (1_000_000, 3_000_000):
        answer = client.post("/sparql", data="SELECT * {}" + " " * size, content_type="application/sparql-query")
        assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
