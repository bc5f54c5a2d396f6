"""The search index follows the graph: what the manifest says of it, and that searches find what was written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.writer import Session, no_progress
from search.indexing.catch_up import catch_up_apart
from search.indexing.indexer import SearchIndexer
from search.indexing.lag import IndexLag, behind, catch_up
from search.types import Query
from tests.support.folder import write_folder
from tests.support.writable_services import TOKEN, update
from web.app import create_app
from web.services import Services, compose
from web.settings import Settings

DCMS = "https://w3id.org/creative-atlas/id/organisation/dcms"
PREFIXES = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX : <http://e/> "


@pytest.fixture
def writable_services(tmp_path: Path, cache: Path) -> Iterator[Services]:
    """A whole atlas with its index; nothing follows by itself, so that each step can be looked at."""
    made = compose(replace(Settings(home=tmp_path / "atlas", cache=cache), token=TOKEN))
    with made.writer(no_progress).session() as session:
        build(session, load(write_folder(tmp_path / "data")), built={})
    made.writes.then = lambda: None
    yield made
    made.close()


@pytest.fixture
def writable_client(writable_services: Services) -> FlaskClient:
    return create_app(writable_services).test_client()


def lag(writable_services: Services) -> IndexLag:
    found = behind(writable_services.home.require())
    assert found is not None
    return found


def found(writable_services: Services, text: str) -> list[str]:
    return [hit.iri for hit in writable_services.atlas.search(Query(text=text, limit=5)).hits]


def follow(writable_services: Services) -> None:
    with writable_services.writer(no_progress).session() as session:
        while behind(writable_services.home.require()) is not None:
            catch_up(session, writable_services.home)


def test_the_manifest_says_what_the_index_does_not_know(
    writable_client: FlaskClient, writable_services: Services
) -> None:
    first = writable_services.home.require().name
    assert behind(writable_services.home.require()) is None
    update(writable_client, "INSERT DATA { <http://e/a> <http://e/p> <http://e/b> }")
    named = "INSERT DATA { GRAPH <http://e/g> { <http://e/d> <http://e/p> 1 } }"
    update(writable_client, f"DELETE DATA {{ <http://e/c> <http://e/p> 1 }} ; {named}")
    made = int(first)
    assert lag(writable_services) == IndexLag(
        first, {"http://e/a": made + 1, "http://e/b": made + 1, "http://e/c": made + 2}
    )
    update(writable_client, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s = <http://e/a>) }")
    assert lag(writable_services) == IndexLag(first, everything=made + 3)
    assert found(writable_services, "Nesta"), "meanwhile the old index answers"


def test_named_entities_are_indexed_again(writable_client: FlaskClient, writable_services: Services) -> None:
    before = writable_services.home.require().manifest()["index"]["units"]
    update(writable_client, PREFIXES + 'INSERT DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    assert "http://e/lab" not in found(writable_services, "zeppelin laboratory")
    follow(writable_services)
    assert found(writable_services, "zeppelin laboratory")[0] == "http://e/lab"
    assert writable_services.home.require().manifest()["index"]["units"] == before + 1
    update(writable_client, PREFIXES + 'DELETE DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    follow(writable_services)
    assert "http://e/lab" not in found(writable_services, "zeppelin laboratory")
    assert writable_services.home.require().manifest()["index"]["units"] == before


def test_what_nobody_named_is_found_by_comparing(writable_client: FlaskClient, writable_services: Services) -> None:
    before = writable_services.home.require().manifest()["index"]["units"]
    rename = 'DELETE { ?s rdfs:label ?l } INSERT { ?s rdfs:label "Ministry of Zeppelins" } WHERE { ?s rdfs:label ?l '
    update(writable_client, PREFIXES + rename + f"FILTER(?s = <{DCMS}>) }}")
    update(writable_client, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(STRENDS(STR(?s), '/nesta')) }")
    follow(writable_services)
    assert found(writable_services, "ministry of zeppelins")[0] == DCMS
    assert writable_services.home.require().manifest()["index"]["units"] == before - 1
    assert not any(iri.endswith("/nesta") for iri in found(writable_services, "Nesta"))


def test_a_touched_passage_stays(writable_client: FlaskClient, writable_services: Services) -> None:
    passage = next(
        iter(
            writable_services.live.view().snapshot.passages(
                next(writable_services.live.view().snapshot.documents()).iri
            )
        )
    ).iri
    before = writable_services.home.require().manifest()["index"]["units"]
    update(writable_client, f"INSERT DATA {{ <{passage}> <https://schema.org/mentions> <{DCMS}> }}")
    follow(writable_services)
    assert writable_services.home.require().manifest()["index"]["units"] == before
    assert passage in found(writable_services, "pilot programme paid for by the Department")


def apart(writable_services: Services, meanwhile: Callable[[], object]) -> bool:
    """One step of catching up, during which something happens."""

    @contextmanager
    def session() -> Iterator[Session]:
        meanwhile()
        with writable_services.writer(no_progress).session() as held:
            yield held

    return catch_up_apart(writable_services.home, SearchIndexer(writable_services.encoder), session)


def test_the_index_is_made_without_the_lock(writable_client: FlaskClient, writable_services: Services) -> None:
    """Writes go on while it is made, and what they touch is done in the next step; unknown ones start a new look."""
    lab = PREFIXES + 'INSERT DATA { :%s a :Laboratory ; rdfs:label "%s Zeppelin Laboratory" }'
    update(writable_client, lab % ("one", "First"))
    assert apart(writable_services, lambda: [update(writable_client, lab % (f"n{n}", f"Later {n}")) for n in range(6)])
    assert found(writable_services, "first zeppelin laboratory")[0] == "http://e/one"
    assert set(lag(writable_services).entities) == {"http://e/Laboratory", *(f"http://e/n{n}" for n in range(6))}
    held = writable_services.home.require()
    assert int(lag(writable_services).as_of) == held.number - 7, "as of the generation before those six"
    writable_services.live.view()
    assert b"http://e/n5" in writable_client.get("/sparql?query=SELECT * { ?s ?p 'Later 5 Zeppelin Laboratory' }").data
    assert apart(
        writable_services,
        lambda: update(writable_client, PREFIXES + "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s = :one) }"),
    )
    assert lag(writable_services).everything == writable_services.home.require().number - 1
    while apart(writable_services, lambda: None):
        pass
    assert behind(writable_services.home.require()) is None
    assert found(writable_services, "later 5 zeppelin laboratory")[0] == "http://e/n5"
    assert "http://e/one" not in found(writable_services, "first zeppelin laboratory")
    assert not list(writable_services.home.generations.glob("aside-*"))


def test_what_another_process_indexed_meanwhile_is_not_undone(
    writable_client: FlaskClient, writable_services: Services
) -> None:
    update(writable_client, PREFIXES + 'INSERT DATA { :a a :Yard ; rdfs:label "Airship Yard" }')
    assert apart(writable_services, lambda: follow(writable_services))
    assert behind(writable_services.home.require()) is None
    assert found(writable_services, "airship yard")[0] == "http://e/a"


def test_an_old_manifest_is_read(writable_services: Services) -> None:
    """Before the follower worked apart, entities came without the generation that touched them."""
    old = {"behind": {"as_of": "000003", "entities": ["http://e/a"], "everything": False, "after": ""}}
    assert IndexLag.of(old, 7) == IndexLag("000003", {"http://e/a": 7})
    old["behind"]["everything"] = True
    assert IndexLag.of(old, 7) == IndexLag("000003", {"http://e/a": 7}, 7)


def test_a_server_follows_by_itself(writable_client: FlaskClient, writable_services: Services) -> None:
    writable_services.writes.then = writable_services.follower.notify
    update(writable_client, PREFIXES + 'INSERT DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    until(lambda: behind(writable_services.home.require()) is None)
    assert found(writable_services, "zeppelin laboratory")[0] == "http://e/lab"


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
