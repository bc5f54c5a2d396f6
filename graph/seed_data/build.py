"""Build of the starter atlas from a data folder, or update of an atlas to a newer folder.

What the folder asserts directly (ontology, sources, disagreements) is also written to a graph of its own, so that a
later build removes exactly that. Documents that people ingested and RDF that they loaded stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox

from graph.claims.acceptance import accept_graph, retract_graph
from graph.claims.purge import purge
from graph.iri import DEFAULT_BASE
from graph.linking.entity_names import build_gazetteer
from graph.model import Reading
from graph.quotes.propose import propose_again
from graph.seed_data.load import Starter
from graph.storage.generations import Generation
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.write.document_quads import remove_document
from graph.write.ingest import EXTRACTOR, describe, put_reading
from graph.write.writer import Changes, Progress, Session, no_progress

__all__ = ["COLLECTION", "STARTER_GRAPH", "build"]

COLLECTION: Final = "starter"
STARTER_GRAPH: Final = ox.NamedNode(f"{DEFAULT_BASE}graph/starter")

MAKER: Final = f"2.{EXTRACTOR}"
"""Version of the build. The first number rises when the same folder would give other triples, to build it again."""


def build(
    session: Session, starter: Starter, *, built: dict[str, str], progress: Progress = no_progress
) -> Generation | None:
    """Publish a generation with the starter data; None where the live one has this folder, built by this version.

    `built` is the entry `starter` of the live manifest, empty at first.

    >>> from graph.seed_data.load import load
    >>> from graph.storage.generations import Home
    >>> from graph.write.writer import NoIndex, Writer
    >>> _ = (folder / "ontology.ttl").write_text("<urn:P> a <http://www.w3.org/2002/07/owl#Class> .")
    >>> with Writer(Home(folder / "starter"), NoIndex()).session() as session:
    ...     build(session, load(folder), built={}).name
    '000001'
    """
    version = {"digest": starter.digest, "maker": MAKER}
    if built == version:
        return None

    def work(store: ox.Store) -> Changes:
        progress("removing the previous starter", 0, 0)
        _remove(store)
        progress("facts and claims", 0, len(starter.facts) + len(starter.claims))
        graphs = sorted({quad.graph_name for quad in starter.claims if quad.graph_name != DEFAULT}, key=str)
        facts = [*starter.facts, *(quad for quad in starter.claims if quad.graph_name == DEFAULT)]
        store.bulk_extend(quad for quad in starter.claims if quad.graph_name != DEFAULT)
        store.bulk_extend(facts)
        store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object, STARTER_GRAPH) for q in facts)
        for graph in graphs:
            if isinstance(graph, ox.NamedNode):
                accept_graph(store, graph)
        purge(store, session.suppressed)  # before the notes are linked to names
        _write_notes(store, starter, progress)
        propose_again(store, without=COLLECTION)
        return Changes(everything=True, notes={"starter": version})

    return session.change(work, progress=progress)


def _remove(store: ox.Store) -> None:
    """Remove what an earlier build wrote."""
    snapshot = Snapshot(store)
    for document in list(snapshot.documents()):
        if document.collection == COLLECTION:
            remove_document(store, document.iri)
    sources = [
        quad.subject
        for quad in store.quads_for_pattern(None, term("rdf:type"), term("ca:Source"), STARTER_GRAPH)
        if isinstance(quad.subject, ox.NamedNode)
    ]
    for source in sources:
        retract_graph(store, source)
    for quad in list(store.quads_for_pattern(None, None, None, STARTER_GRAPH)):
        store.remove(ox.Quad(quad.subject, quad.predicate, quad.object, DEFAULT))
    store.remove_graph(STARTER_GRAPH)


def _write_notes(store: ox.Store, starter: Starter, progress: Progress) -> None:
    snapshot = Snapshot(store)
    gazetteer = build_gazetteer(snapshot)
    named = {name: _named(store, kind) for name, kind in _KINDS.items()}
    for number, (_, reading) in enumerate(starter.readings):
        progress(reading.title, number, len(starter.readings))
        document = describe(reading, COLLECTION, None)
        put_reading(store, document, reading, gazetteer)
        store.extend(_about(document.iri, reading, named))


_KINDS: Final = {
    "dcterms:subject": "ca:Theme",
    "dcterms:spatial": "schema:Place",
    "dcterms:source": "ca:Source",
    "schema:about": None,
}


def _about(iri: str, reading: Reading, named: Mapping[str, Mapping[str, ox.NamedNode]]) -> list[ox.Quad]:
    """Subjects, places and sources that the front matter of a note names, as quads."""
    subject = ox.NamedNode(iri)
    return [
        ox.Quad(subject, term(predicate), named[predicate][name], DEFAULT)
        for predicate, names in (
            ("dcterms:subject", reading.themes),
            ("dcterms:spatial", reading.places),
            ("dcterms:source", reading.sources),
            ("schema:about", reading.about),
        )
        for name in names
        if name in named[predicate]
    ]


def _named(store: ox.Store, kind: str | None) -> dict[str, ox.NamedNode]:
    """Name → node, for the things of one class, by their identifiers and labels; shared names are left out.

    Without a class: all things, by their identifiers.
    """
    bearers: dict[str, set[ox.NamedNode]] = {}
    if kind is None:
        for quad in store.quads_for_pattern(None, term("dcterms:identifier"), None, DEFAULT):
            if isinstance(quad.subject, ox.NamedNode):
                bearers.setdefault(getattr(quad.object, "value", ""), set()).add(quad.subject)
        return _single(bearers)
    for quad in store.quads_for_pattern(None, term("rdf:type"), term(kind), DEFAULT):
        if isinstance(quad.subject, ox.NamedNode):
            for name in ("dcterms:identifier", "rdfs:label"):
                for value in store.quads_for_pattern(quad.subject, term(name), None, DEFAULT):
                    bearers.setdefault(getattr(value.object, "value", ""), set()).add(quad.subject)
    return _single(bearers)


def _single(bearers: Mapping[str, set[ox.NamedNode]]) -> dict[str, ox.NamedNode]:
    return {name: next(iter(things)) for name, things in bearers.items() if len(things) == 1}
