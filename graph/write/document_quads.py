"""Quads of documents, passages and mentions, and their removal.

The default graph describes them (title, text, offsets, which passage mentions which entity). The document's own graph
holds the mentions as Web Annotations, with the place of each.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from graph.claims.acceptance import retract_graph
from graph.iri import mention_iri
from graph.model import Document, Mention, Passage
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.vocabulary import expand

__all__ = ["document_quads", "mention_quads", "passage_quads", "remove_document"]

_INTEGER = ox.NamedNode(expand("xsd:integer"))
_DECIMAL = ox.NamedNode(expand("xsd:decimal"))


def _integer(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=_INTEGER)


def document_quads(document: Document) -> Iterator[ox.Quad]:
    """Description of a document, in the default graph."""
    subject = ox.NamedNode(document.iri)
    yield ox.Quad(subject, term("rdf:type"), term("ca:Document"), DEFAULT)
    yield ox.Quad(subject, term("ca:passages"), _integer(document.passages), DEFAULT)
    for name, value in (
        ("dcterms:title", document.title),
        ("rdfs:label", document.title),
        ("dcterms:identifier", document.id),
        ("dcterms:publisher", document.publisher),
        ("dcterms:issued", document.date),
        ("schema:url", document.source_url),
        ("ca:collection", document.collection),
        ("ca:kind", document.kind),
        ("ca:sha256", document.sha256),
        ("ca:reliability", document.reliability),
        *(("ca:original", name) for name in document.originals),
    ):
        if value:
            yield ox.Quad(subject, term(name), ox.Literal(value), DEFAULT)


def passage_quads(passage: Passage) -> Iterator[ox.Quad]:
    """Description and text of a passage, in the default graph."""
    subject = ox.NamedNode(passage.iri)
    yield ox.Quad(subject, term("rdf:type"), term("ca:Passage"), DEFAULT)
    yield ox.Quad(subject, term("dcterms:isPartOf"), ox.NamedNode(passage.document), DEFAULT)
    yield ox.Quad(subject, term("ca:text"), ox.Literal(passage.text), DEFAULT)
    if passage.heading:
        yield ox.Quad(subject, term("ca:heading"), ox.Literal(" > ".join(passage.heading)), DEFAULT)
    for name, value in (
        ("ca:index", passage.index),
        ("ca:page", passage.page),
        ("ca:start", passage.start),
        ("ca:end", passage.end),
    ):
        yield ox.Quad(subject, term(name), _integer(value), DEFAULT)


def mention_quads(mention: Mention, document: str) -> Iterator[ox.Quad]:
    """One annotation in the document's graph, and the plain edge in the default graph."""
    passage, entity = ox.NamedNode(mention.passage), ox.NamedNode(mention.entity)
    annotation = ox.NamedNode(mention_iri(mention.passage, mention.start, mention.end))
    graph = ox.NamedNode(document)
    yield ox.Quad(passage, term("schema:mentions"), entity, DEFAULT)
    for name, value in (
        ("rdf:type", term("oa:Annotation")),
        ("oa:hasBody", entity),
        ("oa:hasTarget", passage),
        ("ca:start", _integer(mention.start)),
        ("ca:end", _integer(mention.end)),
        ("ca:surface", ox.Literal(mention.surface)),
        ("ca:confidence", ox.Literal(f"{mention.confidence:.3f}", datatype=_DECIMAL)),
    ):
        yield ox.Quad(annotation, term(name), value, graph)


def remove_document(store: ox.Store, iri: str) -> tuple[set[str], set[str]]:
    """Remove a document with its passages, mentions and claims.

    Returns the IRIs of its passages, and of the entities whose facts may have changed.
    """
    subject = ox.NamedNode(iri)
    touched = retract_graph(store, subject)
    passages = set(Snapshot(store).subjects("dcterms:isPartOf", iri))
    for name in (*passages, iri):
        for quad in list(store.quads_for_pattern(ox.NamedNode(name), None, None, DEFAULT)):
            store.remove(quad)
    return passages, touched
