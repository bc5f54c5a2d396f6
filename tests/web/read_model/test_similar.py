"""Similar entities and passages, by their texts, by their links, or by both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.entities.shared_neighbours import similar_entities, similar_passages
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from web.app import create_app
from web.services import compose
from web.settings import Settings

EX = "https://example.org/"
INGAME = "https://w3id.org/creative-atlas/id/cluster/ingame"


@pytest.fixture(scope="module")
def starter(starter_home: Path, cache: Path) -> Iterator[FlaskClient]:
    services = compose(Settings(home=starter_home, cache=cache))
    yield create_app(services).test_client()
    services.close()


def small() -> Snapshot:
    """a and b share a rare and a common neighbour, a and c the common one alone."""
    store = ox.Store()
    rows = [("a", "rare"), ("b", "rare"), ("a", "common"), ("b", "common"), ("c", "common")]
    rows += [(f"x{n}", "common") for n in range(5)]
    rows += [(name, "everything") for name in ("a", "lone")] + [(f"y{n}", "everything") for n in range(300)]
    for subject, obj in rows:
        store.add(ox.Quad(ox.NamedNode(EX + subject), ox.NamedNode(EX + "linked"), ox.NamedNode(EX + obj)))
    return Snapshot(store)


def test_rare_shared_neighbours_say_most() -> None:
    similar = similar_entities(small(), f"{EX}a", 3)
    assert similar[0].iri == f"{EX}b"
    assert [name.removeprefix(EX) for name in similar[0].shared] == ["rare", "common"]
    assert similar[0].score > similar[1].score == similar[2].score
    assert {entity.iri for entity in similar_entities(small(), f"{EX}a", 100)}.isdisjoint(
        {f"{EX}a", f"{EX}lone", f"{EX}rare"}
    )


def test_no_neighbours_nothing_alike() -> None:
    assert similar_entities(small(), f"{EX}nobody", 5) == ()
    assert similar_passages(small(), f"{EX}a", 5) == ()


def test_an_entry_names_others_of_its_kind_with_the_reason(starter: FlaskClient) -> None:
    similar = starter.get("/api/v1/similar", query_string={"iri": INGAME, "limit": 8}).get_json()
    assert len(similar) == 8
    assert {entity["kind"] for entity in similar} <= {"R&D cluster", "creative cluster", "cluster"}
    assert INGAME not in {entity["iri"] for entity in similar}
    for entity in similar:
        assert entity["basis"] in ("text", "graph", "both")
        assert (entity["text"] is not None) == (entity["basis"] in ("text", "both"))
        assert bool(entity["shared"]) == (entity["basis"] in ("graph", "both"))
        assert all(shared.keys() == {"iri", "label", "kind"} for shared in entity["shared"])
    assert "both" in {entity["basis"] for entity in similar}
    page = starter.get("/page/cluster/ingame").text
    assert "Similar entries" in page and "by its text and its links" in page


def test_a_passage_names_passages_of_other_texts(starter: FlaskClient, starter_home: Path) -> None:
    snapshot = Snapshot.open(Home(starter_home).require())
    document = next(candidate for candidate in snapshot.documents() if candidate.passages > 1)
    first = snapshot.passages(document.iri)[0]
    similar = starter.get("/api/v1/similar", query_string={"iri": first.iri}).get_json()
    assert similar and all(item["snippet"] for item in similar)
    assert first.iri not in {item["iri"] for item in similar}
    page = starter.get("/documents/similar", query_string={"iri": first.iri})
    assert page.status_code == 200 and "by its text" in page.text
    reading = starter.get(f"/entity?iri={document.iri}", follow_redirects=True).text
    assert "/documents/similar?iri=" in reading
    assert starter.get("/documents/similar?iri=urn:none").status_code == 404
