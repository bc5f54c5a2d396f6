"""The search index follows the graph: what the manifest says of it, and that searches find what was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.build import build
from graph.starter.load import load
from graph.writer import no_progress
from search.carry import Behind, behind, catch_up
from search.types import Query
from tests.support.folder import write_folder
from tests.update.conftest import TOKEN, update
from web.app import create_app
from web.compose import Services, compose
from web.settings import Settings

DCMS = "https://w3id.org/creative-atlas/id/organisation/dcms"
PREFIXES = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX : <http://e/> "


@pytest.fixture
def services(tmp_path: Path, cache: Path) -> Iterator[Services]:
    """A whole atlas with its index; nothing follows by itself, so that each step can be looked at."""
    made = compose(replace(Settings(home=tmp_path / "atlas", cache=cache), token=TOKEN))
    with made.writer(no_progress).session() as session:
        build(session, load(write_folder(tmp_path / "data")), built={})
    made.writes.then = lambda: None
    yield made
    made.close()


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services).test_client()


def lag(services: Services) -> Behind:
    found = behind(services.home.require())
    assert found is not None
    return found


def found(services: Services, text: str) -> list[str]:
    return [hit.iri for hit in services.atlas.search(Query(text=text, limit=5)).hits]


def follow(services: Services) -> None:
    with services.writer(no_progress).session() as session:
        while behind(services.home.require()) is not None:
            catch_up(session, services.home)


def test_the_manifest_says_what_the_index_does_not_know(client: FlaskClient, services: Services) -> None:
    first = services.home.require().name
    assert behind(services.home.require()) is None
    update(client, "INSERT DATA { <http://e/a> <http://e/p> <http://e/b> }")
    named = "INSERT DATA { GRAPH <http://e/g> { <http://e/d> <http://e/p> 1 } }"
    update(client, f"DELETE DATA {{ <http://e/c> <http://e/p> 1 }} ; {named}")
    assert lag(services) == Behind(first, frozenset({"http://e/a", "http://e/b", "http://e/c"}))
    update(client, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s = <http://e/a>) }")
    assert (lag(services).as_of, lag(services).everything) == (first, True)
    assert found(services, "Nesta"), "meanwhile the old index answers"


def test_named_entities_are_indexed_again(client: FlaskClient, services: Services) -> None:
    before = services.home.require().manifest()["index"]["units"]
    update(client, PREFIXES + 'INSERT DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    assert "http://e/lab" not in found(services, "zeppelin laboratory")
    follow(services)
    assert found(services, "zeppelin laboratory")[0] == "http://e/lab"
    assert services.home.require().manifest()["index"]["units"] == before + 1
    update(client, PREFIXES + 'DELETE DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    follow(services)
    assert "http://e/lab" not in found(services, "zeppelin laboratory")
    assert services.home.require().manifest()["index"]["units"] == before


def test_what_nobody_named_is_found_by_comparing(client: FlaskClient, services: Services) -> None:
    before = services.home.require().manifest()["index"]["units"]
    rename = 'DELETE { ?s rdfs:label ?l } INSERT { ?s rdfs:label "Ministry of Zeppelins" } WHERE { ?s rdfs:label ?l '
    update(client, PREFIXES + rename + f"FILTER(?s = <{DCMS}>) }}")
    update(client, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(STRENDS(STR(?s), '/nesta')) }")
    follow(services)
    assert found(services, "ministry of zeppelins")[0] == DCMS
    assert services.home.require().manifest()["index"]["units"] == before - 1
    assert not any(iri.endswith("/nesta") for iri in found(services, "Nesta"))


def test_a_touched_passage_stays(client: FlaskClient, services: Services) -> None:
    passage = next(
        iter(services.live.view().snapshot.passages(next(services.live.view().snapshot.documents()).iri))
    ).iri
    before = services.home.require().manifest()["index"]["units"]
    update(client, f"INSERT DATA {{ <{passage}> <https://schema.org/mentions> <{DCMS}> }}")
    follow(services)
    assert services.home.require().manifest()["index"]["units"] == before
    assert passage in found(services, "pilot programme paid for by the Department")


def test_a_server_follows_by_itself(client: FlaskClient, services: Services) -> None:
    services.writes.then = services.follower.poke
    update(client, PREFIXES + 'INSERT DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    until(lambda: behind(services.home.require()) is None)
    assert found(services, "zeppelin laboratory")[0] == "http://e/lab"


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
