"""The description says what the generation holds, in VoID and DCAT, on a page, and where VoID says to look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.metadata.dataset_description import describe_dataset, triples
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.storage.snapshot import DEFAULT, Snapshot
from graph.vocabulary import expand
from graph.write.writer import Session
from tests.support.folder import write_folder
from web.app import create_app
from web.services import compose
from web.settings import Settings

SITE = "http://localhost/"
ATLAS = ox.NamedNode(f"{SITE}dataset#atlas")


@pytest.fixture
def store(home: Home, session: Session, tmp_path: Path) -> ox.Store:
    build(session, load(write_folder(tmp_path / "data")), built={})
    live = home.require()
    described = ox.Store()
    snapshot = Snapshot.open(live)
    described.extend(ox.Quad(*triple) for triple in triples(describe_dataset(snapshot, live.manifest()), SITE))
    return described


def values(store: ox.Store, subject: ox.NamedNode, name: str) -> set[str]:
    quads = store.quads_for_pattern(subject, ox.NamedNode(expand(name)), None)
    return {getattr(quad.object, "value", "") for quad in quads}


def test_the_counts_are_those_of_the_graph(store: ox.Store, home: Home) -> None:
    live = Snapshot.open(home.require()).store
    facts = list(live.quads_for_pattern(None, None, None, DEFAULT))
    assert values(store, ATLAS, "void:triples") == {str(len(facts))}
    assert values(store, ATLAS, "void:distinctSubjects") == {str(len({q.subject for q in facts}))}
    assert values(store, ATLAS, "void:distinctObjects") == {str(len({q.object for q in facts}))}
    assert values(store, ATLAS, "void:properties") == {str(len({q.predicate for q in facts}))}
    claims = ox.NamedNode(f"{SITE}dataset#claims")
    assert values(store, claims, "void:triples") == {str(len(live) - len(facts))}


@pytest.mark.parametrize(("kind", "number"), [("class", "void:entities"), ("property", "void:triples")])
def test_partitions_add_up(store: ox.Store, home: Home, kind: str, number: str) -> None:
    live = Snapshot.open(home.require()).store
    partitions = values(store, ATLAS, f"void:{kind}Partition")
    assert partitions
    for partition in partitions:
        node = ox.NamedNode(partition)
        (partitioned,) = values(store, node, f"void:{kind}")
        pattern = (
            (None, ox.NamedNode(expand("rdf:type")), ox.NamedNode(partitioned))
            if kind == "class"
            else (None, ox.NamedNode(partitioned), None)
        )
        expected = sum(1 for _ in live.quads_for_pattern(*pattern, DEFAULT))
        assert values(store, node, number) == {str(expected)}


def test_it_has_no_blank_node_and_no_clock(store: ox.Store, home: Home) -> None:
    assert not [quad for quad in store if isinstance(quad.subject, ox.BlankNode)]
    assert not [quad for quad in store if "dateTime" in str(quad.object)]
    live = home.require()
    again = triples(describe_dataset(Snapshot.open(live), live.manifest()), SITE)
    assert sorted(map(str, again)) == sorted(str(quad.triple) for quad in store)


def test_background_is_no_source(home: Home, session: Session, tmp_path: Path) -> None:
    from tests.support.small import few_facts

    session.change(few_facts)
    description = describe_dataset(Snapshot.open(home.require()), {})
    assert [source.title for source in description.sources] == ["Source blog", "Source official"]
    assert description.starter is None


@pytest.fixture(scope="module")
def client(starter_home: Path, cache: Path) -> Iterator[FlaskClient]:
    services = compose(Settings(home=starter_home, cache=cache))
    yield create_app(services).test_client()
    services.close()


@pytest.mark.parametrize("path", ["/dataset", "/ontology"])
@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/html"),
        ("text/html", "text/html"),
        ("text/turtle", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("application/rdf+xml;q=0.9, text/html;q=0.5", "application/rdf+xml"),
    ],
)
def test_by_accept(client: FlaskClient, path: str, accept: str, media_type: str) -> None:
    response = client.get(path, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.mimetype == media_type
    assert "Accept" in response.headers["Vary"]
    if media_type != "text/html":
        assert list(ox.parse(response.data, ox.RdfFormat.from_media_type(media_type)))


@pytest.mark.parametrize("path", ["/dataset", "/ontology"])
def test_by_suffix_and_not_otherwise(client: FlaskClient, path: str) -> None:
    for suffix, form in (("ttl", ox.RdfFormat.TURTLE), ("nt", ox.RdfFormat.N_TRIPLES), ("rdf", ox.RdfFormat.RDF_XML)):
        first = client.get(f"{path}.{suffix}")
        assert list(ox.parse(first.data, form))
        again = client.get(f"{path}.{suffix}", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
    assert client.get(f"{path}.exe").status_code == 404
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize(
    ("accept", "target"),
    [(None, "/dataset.ttl"), ("text/html,*/*;q=0.8", "/dataset"), ("application/ld+json", "/dataset.jsonld")],
)
def test_well_known(client: FlaskClient, accept: str | None, target: str) -> None:
    response = client.get("/.well-known/void", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.headers["Location"]) == (302, target)


def test_every_name_in_the_description_exists(client: FlaskClient) -> None:
    described = ox.Store()
    described.load(client.get("/dataset.nt").data, format=ox.RdfFormat.N_TRIPLES)
    for name in ("void:sparqlEndpoint", "void:dataDump"):
        (address,) = values(described, ATLAS, name)
        assert address.startswith(SITE)
    query = client.get("/sparql", query_string={"query": "ASK { ?s ?p ?o }"}, headers={"Accept": "application/json"})
    assert query.get_json()["boolean"] is True
    for example in values(described, ATLAS, "void:exampleResource"):
        path = "/data/" + example.removeprefix("https://w3id.org/creative-atlas/id/")
        assert client.get(path).status_code == 200, example
    assert values(described, ATLAS, "dcterms:license") == {"https://creativecommons.org/licenses/by/4.0/"}


def test_the_page_says_whose_data_it_is(client: FlaskClient) -> None:
    page = client.get("/dataset").get_data(as_text=True)
    for licensor in ("Open Government", "GeoNames", "mySociety", "opensource.org/license/mit", "Creative PEC"):
        assert licensor.casefold().replace(" ", "-") in page.casefold() or licensor in page, licensor
