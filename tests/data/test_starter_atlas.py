"""Invariants of the built starter atlas: evidence, shapes, dates, links."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import networkx as nx
import pyoxigraph as ox
import pytest

from graph.entities.entity_facts import view
from graph.entities.network import full_network
from graph.linking.entity_names import NOT_LINKED
from graph.metadata.shacl import validate
from graph.model import Fact
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.seed_data.turtle import read_blocks
from graph.storage.generations import Home
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.vocabulary import PREFIXES, expand
from graph.write.writer import Writer
from tests.support.paths import ROOT
from tests.support.small import NoIndex

DATA = ROOT / "data"
ID = PREFIXES["id"]


def _entities(snapshot: Snapshot) -> set[str]:
    """IRIs of the entities that are listed and linked."""
    classes: dict[str, set[str]] = defaultdict(set)
    for quad in snapshot.store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            classes[quad.subject.value].add(quad.object.value)
    return {iri for iri, own in classes.items() if not own & NOT_LINKED and iri.startswith(ID)}


@pytest.fixture(scope="module")
def entities(starter_snapshot: Snapshot) -> set[str]:
    return _entities(starter_snapshot)


@pytest.fixture(scope="module")
def facts(starter_snapshot: Snapshot, entities: set[str]) -> list[Fact]:
    """Every fact that the page of an entity shows from its own end."""
    return [
        fact
        for iri in sorted(entities)
        for group in view(starter_snapshot, iri).groups
        if group.direction == "out"
        for fact in group.facts
    ]


def test_the_shapes_hold(starter_snapshot: Snapshot) -> None:
    assert validate(starter_snapshot, DATA / "shapes.ttl").violations == ()


def test_every_entity_has_a_label_a_type_and_a_claim(starter_snapshot: Snapshot, entities: set[str]) -> None:
    claimed = {
        quad.object.value
        for quad in starter_snapshot.store.quads_for_pattern(None, term("rdf:subject"), None, None)
        if isinstance(quad.object, ox.NamedNode)
    }
    schema = {
        block.subject.value for block in read_blocks(DATA / "ontology.ttl")
    }  # concepts of the ontology need no source
    listed = entities - schema
    assert len(listed) > 1000
    assert [iri for iri in sorted(listed) if starter_snapshot.value(iri, "rdfs:label") is None] == []
    assert sorted(listed - claimed) == []


def test_background_never_looks_sourced(facts: list[Fact], starter_snapshot: Snapshot) -> None:
    """No fact with background knowledge alone is shown as sourced."""
    assert len(facts) > 5000
    for fact in facts:
        for evidence in fact.evidence:
            assert (evidence.kind == "background") == (evidence.source.reliability == "memory")
            assert evidence.kind != "background" or evidence.quote is None
        if fact.evidence and all(evidence.kind == "background" for evidence in fact.evidence):
            assert fact.strength == "background", fact
    assert any(fact.strength == "background" for fact in facts)


def test_every_fact_rests_on_a_claim(facts: list[Fact]) -> None:
    """Without the lists of sources, every fact of an entity has evidence."""
    without_evidence = [fact for fact in facts if not fact.evidence and fact.predicate != expand("dcterms:source")]
    assert {fact.predicate for fact in without_evidence} == set()


def test_the_notes_are_no_evidence(starter_snapshot: Snapshot) -> None:
    """No claim rests on a text of our own, by any property."""
    notes = {document.iri for document in starter_snapshot.documents()}
    assert len(notes) > 100
    for quad in starter_snapshot.store.quads_for_pattern(None, term("rdf:subject"), None, None):
        assert getattr(quad.graph_name, "value", "") not in notes
    for name in ("prov:wasDerivedFrom", "ca:textOf", "ca:quotedIn"):
        for quad in starter_snapshot.store.quads_for_pattern(None, term(name), None, None):
            ends = {getattr(end, "value", "").partition("/p")[0] for end in (quad.subject, quad.object)}
            assert not ends & notes
    kinds = {getattr(q.object, "value", "") for n in notes for q in starter_snapshot.store.quads_for_pattern(
        ox.NamedNode(n), term("rdf:type"), None, DEFAULT)}  # fmt: skip
    assert expand("ca:Source") not in kinds
    ours = [iri for iri in starter_snapshot.subjects("rdf:type", expand("ca:Source"))
            if "creative atlas" in (starter_snapshot.value(iri, "dcterms:publisher") or "").casefold()]  # fmt: skip
    assert ours == []


def test_dates_are_in_order(starter_snapshot: Snapshot) -> None:
    pairs = []
    for first, last in (("schema:startDate", "schema:endDate"), ("ca:validFrom", "ca:validTo")):
        for quad in starter_snapshot.store.quads_for_pattern(None, term(last), None, None):
            ends = getattr(quad.object, "value", "")
            for start in starter_snapshot.store.quads_for_pattern(quad.subject, term(first), None, quad.graph_name):
                begins = getattr(start.object, "value", "")
                shared = min(len(begins), len(ends))
                pairs.append((begins[:shared] <= ends[:shared], quad.subject, begins, ends))
    assert len(pairs) > 20
    assert [pair for pair in pairs if not pair[0]] == []


def test_every_iri_of_ours_is_described(starter_snapshot: Snapshot) -> None:
    """Each object of a fact or a claim has a type."""
    typed = {quad.subject for quad in starter_snapshot.store.quads_for_pattern(None, term("rdf:type"), None, None)}
    undescribed = {
        quad.object.value
        for quad in starter_snapshot.store
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(ID) and quad.object not in typed
    }
    assert undescribed == set()


def test_nearly_all_entities_are_connected(starter_snapshot: Snapshot) -> None:
    graph = full_network(starter_snapshot)
    parts = sorted(nx.weakly_connected_components(graph), key=len, reverse=True)
    assert len(parts[0]) / len(graph) > 0.95


def test_two_builds_of_the_data_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Sorted N-Quads are canonical, because there is no blank node."""
    builds = []
    for name in ("first", "second"):
        home = Home(tmp_path / name)
        with Writer(home, NoIndex()).session() as session:
            build(session, load(DATA), built={})
        quads = list(Snapshot.open(home.require()).store)
        assert not [quad for quad in quads if isinstance(quad.subject, ox.BlankNode)]
        builds.append(sorted(map(str, quads)))
    assert builds[0] == builds[1]
