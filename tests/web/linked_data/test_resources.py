from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from rdflib import Graph, URIRef

NAME = "programme/scale-up"
IRI = URIRef(f"https://w3id.org/creative-atlas/id/{NAME}")
DCMS = URIRef("https://w3id.org/creative-atlas/id/organisation/dcms")


@pytest.mark.parametrize(
    ("accept", "target"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", f"/page/{NAME}"),
        ("text/turtle", f"/data/{NAME}"),
        ("text/turtle;charset=utf-8", f"/data/{NAME}"),
        ("application/ld+json, text/html;q=0.5", f"/data/{NAME}"),
        ("", f"/page/{NAME}"),
    ],
)
def test_an_entity_redirects_by_accept(client: FlaskClient, accept: str, target: str) -> None:
    answer = client.get(f"/id/{NAME}", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(target)
    assert "Accept" in answer.headers["Vary"]


def test_an_entity_in_an_unsupported_type(client: FlaskClient) -> None:
    assert client.get(f"/id/{NAME}", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize(
    ("accept", "syntax"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
    ],
)
def test_every_syntax_says_the_same(client: FlaskClient, accept: str, syntax: str) -> None:
    answer = client.get(f"/data/{NAME}", headers={"Accept": accept})
    assert answer.mimetype == accept
    graph = Graph().parse(data=answer.get_data(), format=syntax)
    assert (IRI, None, DCMS) in graph
    plain = Graph().parse(data=client.get(f"/data/{NAME}.nt").get_data(), format="nt")
    assert set(graph) == set(plain)


def test_unchanged_data_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get(f"/data/{NAME}")
    again = client.get(f"/data/{NAME}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_an_unknown_entity_has_no_data(client: FlaskClient) -> None:
    answer = client.get("/data/programme/none")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
