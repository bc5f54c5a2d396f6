from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.entities.entity_facts import find, nearest, view
from graph.entities.network import degree, neighbourhood, shortest_path
from graph.errors import UnknownEntity
from graph.model import Fact
from graph.storage.snapshot import Snapshot
from tests.support.small import ex


def test_view_shows_facts_with_their_claims(snapshot: Snapshot) -> None:
    entity = view(snapshot, ex("radar").value)
    assert entity.label == "Creative Radar"
    (group,) = entity.groups
    assert (group.direction, group.total) == ("out", 1)
    (fact,) = group.facts
    assert fact.value.label == "Creative PEC"
    assert [evidence.source.title for evidence in fact.evidence] == ["Source official", "Source blog"]
    assert fact.strength == "official"


def test_a_passage_is_called_by_its_document_and_place() -> None:
    facts = """
    @prefix x: <http://e/> . @prefix dcterms: <http://purl.org/dc/terms/> .
    @prefix ca: <https://w3id.org/creative-atlas/ontology#> .
    x:paper dcterms:title "A paper" . x:paper-p0 dcterms:isPartOf x:paper ; ca:index 0 .
    x:odd dcterms:isPartOf x:paper ; ca:index "first" . x:itself dcterms:isPartOf x:itself ; ca:index 1 .
    """
    store = ox.Store()
    store.load(facts.encode(), ox.RdfFormat.TURTLE)
    labels = [Snapshot(store).label(f"http://e/{name}") for name in ("paper-p0", "odd", "itself", "paper")]
    assert labels == ["A paper, passage 1", "odd", "itself", "A paper"]


def test_a_blank_label_is_none() -> None:
    facts = """
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    <urn:a> rdfs:label "", "Second", " " . <urn:b> rdfs:label "" ; skos:prefLabel "Preferred" .
    <http://e/c> rdfs:label " " .
    """
    store = ox.Store()
    store.load(facts.encode(), ox.RdfFormat.TURTLE)
    assert [Snapshot(store).label(iri) for iri in ("urn:a", "urn:b", "http://e/c")] == ["Second", "Preferred", "c"]


def test_claims_that_are_not_accepted_are_disputed(snapshot: Snapshot) -> None:
    entity = view(snapshot, ex("radar").value)
    (claimed,) = entity.disputed
    assert (claimed.value.label, claimed.asserted, claimed.strength) == ("Nesta", False, "weak")
    shown = [fact.value.label for group in entity.groups for fact in group.facts]
    assert "Nesta" not in shown


def test_background_is_never_shown_as_sourced(snapshot: Snapshot) -> None:
    facts: list[Fact] = [f for g in view(snapshot, ex("nesta").value).groups for f in g.facts]
    (fact,) = (f for f in facts if f.value.label == "London")
    assert fact.strength == "background"
    assert [evidence.kind for evidence in fact.evidence] == ["background"]


def test_the_other_end_sees_the_same_edge(snapshot: Snapshot) -> None:
    entity = view(snapshot, ex("pec").value)
    (group,) = (g for g in entity.groups if g.direction == "in")
    assert [fact.value.label for fact in group.facts] == ["Creative Radar"]
    assert len(group.facts[0].evidence) == 2


@pytest.mark.parametrize("iri", ["https://example.org/none", "not an iri", "", "https://example.org/ <x>"])
def test_an_unknown_iri_is_an_error(snapshot: Snapshot, iri: str) -> None:
    with pytest.raises(UnknownEntity):
        view(snapshot, iri)


def test_find_by_name_in_any_case(snapshot: Snapshot) -> None:
    assert find(snapshot, "creative pec") == ex("pec").value
    assert find(snapshot, ex("pec").value) == ex("pec").value
    with pytest.raises(UnknownEntity) as caught:
        find(snapshot, "Creativ Raddar")
    assert caught.value.nearest[0] == (ex("radar").value, "Creative Radar")


def test_nearest_is_bounded_on_hostile_names(snapshot: Snapshot) -> None:
    assert len(nearest(snapshot, "Creative " * 100_000)) <= 5


def test_neighbours_and_paths(snapshot: Snapshot) -> None:
    around = neighbourhood(snapshot, ex("radar").value)
    assert sorted(data["label"] for _, data in around.nodes(data=True)) == ["Creative PEC", "Creative Radar"]
    path = shortest_path(snapshot, ex("pec").value, ex("radar").value)
    assert path == ((ex("radar").value, "http://purl.org/dc/terms/publisher", ex("pec").value),)
    assert shortest_path(snapshot, ex("radar").value, ex("london").value) is None
    assert shortest_path(snapshot, ex("radar").value, ex("radar").value) == ()
    assert degree(snapshot, ex("radar").value) == 1
