"""Read-only view of one generation: the bounded look-ups that pages, search and linking are made of.

SPARQL of clients is run elsewhere (see graph.sparql). Here are look-ups of our own code only, each bounded by an
entity, a document or a page size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Literal, cast

import pyoxigraph as ox

from graph.model import Document, Mention, Passage, Reliability, Source
from graph.storage.generations import Generation
from graph.vocabulary import compact, expand, short_name

__all__ = ["DEFAULT", "Snapshot", "node", "term"]

DEFAULT = ox.DefaultGraph()

_INDEX = re.compile(r"\d{1,9}", re.ASCII)
MAX_CACHED_LABELS = 50_000
MAX_CACHED_SOURCES = 5_000


@lru_cache(maxsize=512)
def term(name: str) -> ox.NamedNode:
    """Node of a prefixed name, for the fixed terms of our own code. Raises KeyError on an unknown prefix.

    >>> term("skos:Concept").value
    'http://www.w3.org/2004/02/skos/core#Concept'
    """
    return ox.NamedNode(expand(name))


def node(iri: str) -> ox.NamedNode | None:
    """Node of an IRI from outside; None for a text that is no IRI, and so in no graph.

    >>> node("https://example.org/a").value
    'https://example.org/a'
    >>> node("not an IRI") is None
    True
    """
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


class Snapshot:
    """Store with our look-ups. Open one per generation (10–70 ms); threads may share it.

    A writer wraps the store that it changes, to read back what it wrote; labels then stay as they were at first use.
    """

    def __init__(self, store: ox.Store, name: str = "") -> None:
        self.store = store
        self.name = name
        # A plain dict: a cache wrapped round the bound method would be a reference cycle, and keep RocksDB open.
        self._labels: dict[str, str] = {}
        self._sources: dict[str, Source] = {}

    @classmethod
    def open(cls, generation: Generation) -> Snapshot:
        """Open the graph of a generation for reading."""
        return cls(ox.Store.read_only(str(generation.graph)), generation.name)

    def is_empty(self) -> bool:
        """Whether no graph holds a triple."""
        return next(iter(self.store.quads_for_pattern(None, None, None, None)), None) is None

    def objects(self, subject: str, predicate: str) -> Iterator[ox.NamedNode | ox.Literal]:
        """Objects in the default graph; `predicate` is a prefixed name such as `rdfs:label`."""
        entity = node(subject)
        if entity is None:
            return
        for quad in self.store.quads_for_pattern(entity, term(predicate), None, DEFAULT):
            yield cast("ox.NamedNode | ox.Literal", quad.object)

    def value(self, subject: str, predicate: str) -> str | None:
        """The least of the objects as a string, so that the result is always the same; None if there is none."""
        return min((obj.value for obj in self.objects(subject, predicate)), default=None)

    def subjects(self, predicate: str, obj: str, limit: int | None = None) -> Iterator[str]:
        """Subjects in the default graph whose `predicate` leads to the IRI `obj`, in no order; `limit` at most."""
        target = node(obj)
        if target is None:
            return
        for quad in islice(self.store.quads_for_pattern(None, term(predicate), target, DEFAULT), limit):
            if isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value

    def exists(self, iri: str) -> bool:
        """Whether any triple, asserted or claimed, has the IRI as subject or object."""
        entity = node(iri)
        return entity is not None and (self._any(entity, None, None) or self._any(None, None, entity))

    def uses(self, iri: str) -> bool:
        """Whether a triple has the IRI anywhere, as predicate too, or a named graph has it."""
        name = node(iri)
        if name is None:
            return False
        return self.exists(iri) or self._any(None, name, None) or self.store.contains_named_graph(name)

    def _any(self, subject: ox.NamedNode | None, predicate: ox.NamedNode | None, obj: ox.NamedNode | None) -> bool:
        return any(True for _ in self.store.quads_for_pattern(subject, predicate, obj, None))

    def label(self, iri: str) -> str:
        """English or plain label, else title (a passage: that of its document), else the prefixed name, never blank."""
        label = self._labels.get(iri)
        if label is None:
            if len(self._labels) >= MAX_CACHED_LABELS:
                self._labels.clear()
            label = self._labels[iri] = self._label(iri)
        return label

    def is_passage(self, subject: ox.NamedNode) -> bool:
        """Whether the node is a passage of a document."""
        return any(True for _ in self.store.quads_for_pattern(subject, term("rdf:type"), term("ca:Passage"), DEFAULT))

    def _label(self, iri: str) -> str:
        for name in ("rdfs:label", "skos:prefLabel", "schema:name", "dcterms:title", "foaf:name"):
            literals = [obj for obj in self.objects(iri, name) if isinstance(obj, ox.Literal) and obj.value.strip()]
            if literals:
                return min(literals, key=lambda lit: (lit.language not in (None, "en", "en-gb"), lit.value)).value
        index, document = self.value(iri, "ca:index"), self.value(iri, "dcterms:isPartOf")
        title = self.value(document, "dcterms:title") if index and document else None
        if index and title and _INDEX.fullmatch(index):
            return f"{title}, passage {int(index) + 1}"
        return short_name(iri)

    def relation(self, predicate: str, direction: Literal["out", "in"]) -> str:
        """Label of a relation as seen from one of its ends: for `in`, the label of its inverse where it has one."""
        if direction == "in":
            inverse = self.value(predicate, "owl:inverseOf")
            opposite = inverse or next(self.subjects("owl:inverseOf", predicate, 1), None)
            if opposite:
                return self.label(opposite)
        return self.label(predicate)

    def source(self, iri: str) -> Source:
        """The record of a source, or of an ingested document as a source."""
        source = self._sources.get(iri)
        if source is None:
            if len(self._sources) >= MAX_CACHED_SOURCES:
                self._sources.clear()
            source = self._sources[iri] = self._source(iri)
        return source

    def _source(self, iri: str) -> Source:
        is_document = any(True for _ in self.objects(iri, "ca:sha256"))
        return Source(
            iri=iri,
            title=self.value(iri, "dcterms:title") or self.label(iri),
            publisher=self.value(iri, "dcterms:publisher"),
            date=self.value(iri, "dcterms:issued"),
            url=self.value(iri, "schema:url"),
            reliability=cast(Reliability, self.value(iri, "ca:reliability") or "secondary"),
            has_text=is_document or any(True for _ in self.subjects("ca:textOf", iri)),
        )

    def document(self, iri: str) -> Document | None:
        """The record of a document; None for what is no document."""
        if not any(obj == term("ca:Document") for obj in self.objects(iri, "rdf:type")):
            return None
        return Document(
            iri=iri,
            id=self.value(iri, "dcterms:identifier") or iri,
            title=self.value(iri, "dcterms:title") or self.label(iri),
            collection=self.value(iri, "ca:collection") or "default",
            kind=self.value(iri, "ca:kind") or "text",
            sha256=self.value(iri, "ca:sha256") or "",
            publisher=self.value(iri, "dcterms:publisher"),
            date=self.value(iri, "dcterms:issued"),
            source_url=self.value(iri, "schema:url"),
            reliability=cast("Reliability | None", self.value(iri, "ca:reliability")),
            passages=int(self.value(iri, "ca:passages") or 0),
            originals=tuple(sorted(obj.value for obj in self.objects(iri, "ca:original"))),
        )

    def documents(self) -> Iterator[Document]:
        """The records of all documents, in the order of their IRIs."""
        for iri in sorted(self.subjects("rdf:type", expand("ca:Document"))):
            document = self.document(iri)
            if document:
                yield document

    def passage(self, iri: str) -> Passage | None:
        """The record of a passage; None for what is no passage."""
        if node(iri) is None:
            return None
        document = self.value(iri, "dcterms:isPartOf")
        text = self.value(iri, "ca:text")
        if document is None or text is None:
            return None
        heading = self.value(iri, "ca:heading")
        return Passage(
            iri=iri,
            document=document,
            index=int(self.value(iri, "ca:index") or 0),
            text=text,
            start=int(self.value(iri, "ca:start") or 0),
            end=int(self.value(iri, "ca:end") or 0),
            page=int(self.value(iri, "ca:page") or 0),
            heading=tuple(heading.split(" > ")) if heading else (),
        )

    def passages(self, document: str) -> tuple[Passage, ...]:
        """The passages of a document in reading order."""
        passages = (self.passage(iri) for iri in self.subjects("dcterms:isPartOf", document))
        return tuple(sorted((passage for passage in passages if passage), key=lambda passage: passage.index))

    def mentions(self, passage: str) -> tuple[Mention, ...]:
        """Mentions of entities in a passage, by offset."""
        target = node(passage)
        if target is None:
            return ()
        mentions = [
            self._mention(quad.subject, passage)
            for quad in self.store.quads_for_pattern(None, term("oa:hasTarget"), target, None)
            if isinstance(quad.subject, ox.NamedNode)
        ]
        return tuple(sorted(mentions, key=lambda mention: (mention.start, mention.end, mention.entity)))

    def _mention(self, annotation: ox.NamedNode, passage: str) -> Mention:
        values: dict[str, str] = {}
        for quad in self.store.quads_for_pattern(annotation, None, None, None):
            if isinstance(quad.object, (ox.NamedNode, ox.Literal)):
                values[compact(quad.predicate.value)] = quad.object.value
        return Mention(
            passage=passage,
            entity=values["oa:hasBody"],
            start=int(values["ca:start"]),
            end=int(values["ca:end"]),
            surface=values["ca:surface"],
            confidence=float(values.get("ca:confidence", "1")),
        )

    def mentioning(self, entity: str, limit: int | None = None) -> Iterable[str]:
        """IRIs of passages that mention the entity."""
        return self.subjects("schema:mentions", entity, limit)
