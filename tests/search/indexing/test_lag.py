"""The search index catches up with the graph, and the manifest records its lag."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.writer import Session, no_progress
from search.indexing.catch_up import catch_up_outside_lock
from search.indexing.indexer import SearchIndexer
from search.indexing.lag import IndexLag, catch_up, lag_of
from search.types import Query
from tests.support.folder import write_folder
from tests.support.waiting import wait_until
from tests.support.writable_services import TOKEN, update
from web.app import create_app
from web.services import Services, compose
from web.settings import Settings

DCMS = "https://w3id.org/creative-atlas/id/organisation/dcms"
PREFIXES = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX : <http://e/> "


@pytest.fixture
def writable_services(tmp_path: Path, cache: Path) -> Iterator[Services]:
    """A whole atlas with its index. Nothing catches up by itself, so that each step can be tested."""
    services = compose(replace(Settings(home=tmp_path / "atlas", cache=cache), token=TOKEN))
    with services.writer(no_progress).session() as session:
        build(session, load(write_folder(tmp_path / "data")), built={})
    services.writes.then = lambda: None
    yield services
    services.close()


@pytest.fixture
def writable_client(writable_services: Services) -> FlaskClient:
    return create_app(writable_services).test_client()


def lag(writable_services: Services) -> IndexLag:
    index_lag = lag_of(writable_services.home.require())
    assert index_lag is not None
    return index_lag


def hits(writable_services: Services, text: str) -> list[str]:
    """The IRIs of the first hits."""
    return [hit.iri for hit in writable_services.atlas.search(Query(text=text, limit=5)).hits]


def catch_up_fully(writable_services: Services) -> None:
    with writable_services.writer(no_progress).session() as session:
        while lag_of(writable_services.home.require()) is not None:
            catch_up(session, writable_services.home)


def test_the_manifest_records_what_the_index_lacks(writable_client: FlaskClient, writable_services: Services) -> None:
    first = writable_services.home.require().name
    assert lag_of(writable_services.home.require()) is None
    update(writable_client, "INSERT DATA { <http://e/a> <http://e/p> <http://e/b> }")
    named = "INSERT DATA { GRAPH <http://e/g> { <http://e/d> <http://e/p> 1 } }"
    update(writable_client, f"DELETE DATA {{ <http://e/c> <http://e/p> 1 }} ; {named}")
    number = int(first)
    assert lag(writable_services) == IndexLag(
        first, {"http://e/a": number + 1, "http://e/b": number + 1, "http://e/c": number + 2}
    )
    update(writable_client, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s = <http://e/a>) }")
    assert lag(writable_services) == IndexLag(first, everything=number + 3)
    assert hits(writable_services, "Nesta"), "meanwhile the old index answers"


def test_named_entities_are_indexed_again(writable_client: FlaskClient, writable_services: Services) -> None:
    before = writable_services.home.require().manifest()["index"]["units"]
    update(writable_client, PREFIXES + 'INSERT DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    assert "http://e/lab" not in hits(writable_services, "zeppelin laboratory")
    catch_up_fully(writable_services)
    assert hits(writable_services, "zeppelin laboratory")[0] == "http://e/lab"
    assert writable_services.home.require().manifest()["index"]["units"] == before + 1
    update(writable_client, PREFIXES + 'DELETE DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    catch_up_fully(writable_services)
    assert "http://e/lab" not in hits(writable_services, "zeppelin laboratory")
    assert writable_services.home.require().manifest()["index"]["units"] == before


def test_changes_of_unknown_entities_are_found_by_a_sweep(
    writable_client: FlaskClient, writable_services: Services
) -> None:
    before = writable_services.home.require().manifest()["index"]["units"]
    rename = 'DELETE { ?s rdfs:label ?l } INSERT { ?s rdfs:label "Ministry of Zeppelins" } WHERE { ?s rdfs:label ?l '
    update(writable_client, PREFIXES + rename + f"FILTER(?s = <{DCMS}>) }}")
    update(writable_client, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(STRENDS(STR(?s), '/nesta')) }")
    catch_up_fully(writable_services)
    assert hits(writable_services, "ministry of zeppelins")[0] == DCMS
    assert writable_services.home.require().manifest()["index"]["units"] == before - 1
    assert not any(iri.endswith("/nesta") for iri in hits(writable_services, "Nesta"))


def test_a_changed_passage_stays(writable_client: FlaskClient, writable_services: Services) -> None:
    passage = next(
        iter(
            writable_services.live.view().snapshot.passages(
                next(writable_services.live.view().snapshot.documents()).iri
            )
        )
    ).iri
    before = writable_services.home.require().manifest()["index"]["units"]
    update(writable_client, f"INSERT DATA {{ <{passage}> <https://schema.org/mentions> <{DCMS}> }}")
    catch_up_fully(writable_services)
    assert writable_services.home.require().manifest()["index"]["units"] == before
    assert passage in hits(writable_services, "pilot programme paid for by the Department")


def catch_up_once(writable_services: Services, meanwhile: Callable[[], object]) -> bool:
    """One step of catching up outside the lock, during which `meanwhile` is called."""

    @contextmanager
    def session() -> Iterator[Session]:
        meanwhile()
        with writable_services.writer(no_progress).session() as opened:
            yield opened

    return catch_up_outside_lock(writable_services.home, SearchIndexer(writable_services.encoder), session)


def test_writes_go_on_while_the_index_is_made(writable_client: FlaskClient, writable_services: Services) -> None:
    """The next step indexes what they changed; a change of unknown entities starts a new sweep."""
    lab = PREFIXES + 'INSERT DATA { :%s a :Laboratory ; rdfs:label "%s Zeppelin Laboratory" }'
    update(writable_client, lab % ("one", "First"))
    assert catch_up_once(
        writable_services, lambda: [update(writable_client, lab % (f"n{n}", f"Later {n}")) for n in range(6)]
    )
    assert hits(writable_services, "first zeppelin laboratory")[0] == "http://e/one"
    assert set(lag(writable_services).entities) == {"http://e/Laboratory", *(f"http://e/n{n}" for n in range(6))}
    live = writable_services.home.require()
    assert int(lag(writable_services).as_of) == live.number - 7, "as of the generation before those six"
    writable_services.live.view()
    assert b"http://e/n5" in writable_client.get("/sparql?query=SELECT * { ?s ?p 'Later 5 Zeppelin Laboratory' }").data
    assert catch_up_once(
        writable_services,
        lambda: update(writable_client, PREFIXES + "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?s = :one) }"),
    )
    assert lag(writable_services).everything == writable_services.home.require().number - 1
    while catch_up_once(writable_services, lambda: None):
        pass
    assert lag_of(writable_services.home.require()) is None
    assert hits(writable_services, "later 5 zeppelin laboratory")[0] == "http://e/n5"
    assert "http://e/one" not in hits(writable_services, "first zeppelin laboratory")
    assert not list(writable_services.home.generations.glob("aside-*"))


def test_the_index_of_another_process_is_not_undone(writable_client: FlaskClient, writable_services: Services) -> None:
    update(writable_client, PREFIXES + 'INSERT DATA { :a a :Yard ; rdfs:label "Airship Yard" }')
    assert catch_up_once(writable_services, lambda: catch_up_fully(writable_services))
    assert lag_of(writable_services.home.require()) is None
    assert hits(writable_services, "airship yard")[0] == "http://e/a"


def test_a_manifest_of_an_earlier_version_is_read(writable_services: Services) -> None:
    """It lists entities without the generation that changed them."""
    old = {"behind": {"as_of": "000003", "entities": ["http://e/a"], "everything": False, "after": ""}}
    assert IndexLag.of(old, 7) == IndexLag("000003", {"http://e/a": 7})
    old["behind"]["everything"] = True
    assert IndexLag.of(old, 7) == IndexLag("000003", {"http://e/a": 7}, 7)


def test_a_server_catches_up_by_itself(writable_client: FlaskClient, writable_services: Services) -> None:
    writable_services.writes.then = writable_services.follower.notify
    update(writable_client, PREFIXES + 'INSERT DATA { :lab a :Laboratory ; rdfs:label "Quixotic Zeppelin Laboratory" }')
    wait_until(lambda: lag_of(writable_services.home.require()) is None)
    assert hits(writable_services, "zeppelin laboratory")[0] == "http://e/lab"
