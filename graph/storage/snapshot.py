"""A read-only view of one generation: the bounded look-ups that pages, search and linking are made of.

Client SPARQL never comes here (see graph.sparql): only look-ups of our own, each bounded by an entity,
a document or a page size.
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
from graph.vocabulary import compact, expand

__all__ = ["DEFAULT", "Snapshot", "node", "term"]

DEFAULT = ox.DefaultGraph()

_INDEX = re.compile(r"\d{1,9}", re.ASCII)
_LABELS_KEPT = 50_000
_SOURCES_KEPT = 5_000


@lru_cache(maxsize=512)
def term(name: str) -> ox.NamedNode:
    """`ca:Claim` → its node; for the fixed terms of our own code."""
    return ox.NamedNode(expand(name))


def node(iri: str) -> ox.NamedNode | None:
    """The node of an IRI from outside; None when it is no IRI at all (so it is in no graph either)."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


class Snapshot:
    """A store with our look-ups. Open one per generation (10–70 ms); safe to share between threads.

    A writer wraps the store it is changing to read back what it wrote: then labels are as of first use.
    """

    def __init__(self, store: ox.Store, name: str = "") -> None:
        self.store = store
        self.name = name
        # A plain dict: a cache wrapped round the bound method would be a reference cycle, and keep RocksDB open.
        self._labels: dict[str, str] = {}
        self._sources: dict[str, Source] = {}

    @classmethod
    def open(cls, generation: Generation) -> Snapshot:
        return cls(ox.Store.read_only(str(generation.graph)), generation.name)

    def is_empty(self) -> bool:
        """Whether no graph holds a triple."""
        return next(iter(self.store.quads_for_pattern(None, None, None, None)), None) is None

    def objects(self, subject: str, predicate: str) -> Iterator[ox.NamedNode | ox.Literal]:
        """Objects in the default graph; `predicate` is a prefixed name such as `rdfs:label`."""
        found = node(subject)
        if found is None:
            return
        for quad in self.store.quads_for_pattern(found, term(predicate), None, DEFAULT):
            yield cast("ox.NamedNode | ox.Literal", quad.object)

    def value(self, subject: str, predicate: str) -> str | None:
        """The least of the objects as a string (so the answer is the same each time), None if there is none."""
        return min((obj.value for obj in self.objects(subject, predicate)), default=None)

    def subjects(self, predicate: str, obj: str, limit: int | None = None) -> Iterator[str]:
        """Subjects in the default graph that have the IRI `obj`."""
        found = node(obj)
        if found is None:
            return
        for quad in islice(self.store.quads_for_pattern(None, term(predicate), found, DEFAULT), limit):
            if isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value

    def exists(self, iri: str) -> bool:
        """Whether any triple, asserted or claimed, has the IRI as subject or object."""
        found = node(iri)
        if found is None:
            return False
        return any(True for _ in self.store.quads_for_pattern(found, None, None, None)) or any(
            True for _ in self.store.quads_for_pattern(None, None, found, None)
        )

    def label(self, iri: str) -> str:
        """English or plain label, else title (a passage: that of its document), else the prefixed name."""
        found = self._labels.get(iri)
        if found is None:
            if len(self._labels) >= _LABELS_KEPT:
                self._labels.clear()
            found = self._labels[iri] = self._label(iri)
        return found

    def is_passage(self, subject: ox.NamedNode) -> bool:
        return any(True for _ in self.store.quads_for_pattern(subject, term("rdf:type"), term("ca:Passage"), DEFAULT))

    def _label(self, iri: str) -> str:
        for name in ("rdfs:label", "skos:prefLabel", "schema:name", "dcterms:title", "foaf:name"):
            found = [obj for obj in self.objects(iri, name) if isinstance(obj, ox.Literal)]
            if found:
                return min(found, key=lambda lit: (lit.language not in (None, "en", "en-gb"), lit.value)).value
        index, document = self.value(iri, "ca:index"), self.value(iri, "dcterms:isPartOf")
        title = self.value(document, "dcterms:title") if index and document else None
        if index and title and _INDEX.fullmatch(index):
            return f"{title}, passage {int(index) + 1}"
        short = compact(iri)
        return short if short != iri else iri.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1] or iri

    def relation(self, predicate: str, direction: Literal["out", "in"]) -> str:
        """What the relation is called from this end: the label of its inverse where it points here."""
        if direction == "in":
            inverse = self.value(predicate, "owl:inverseOf")
            found = inverse or next(self.subjects("owl:inverseOf", predicate, 1), None)
            if found:
                return self.label(found)
        return self.label(predicate)

    def source(self, iri: str) -> Source:
        """The description of a source, or of an ingested document in that role."""
        found = self._sources.get(iri)
        if found is None:
            if len(self._sources) >= _SOURCES_KEPT:
                self._sources.clear()
            found = self._sources[iri] = self._source(iri)
        return found

    def _source(self, iri: str) -> Source:
        held = any(True for _ in self.objects(iri, "ca:sha256")) or any(True for _ in self.subjects("ca:textOf", iri))
        return Source(
            iri=iri,
            title=self.value(iri, "dcterms:title") or self.label(iri),
            publisher=self.value(iri, "dcterms:publisher"),
            date=self.value(iri, "dcterms:issued"),
            url=self.value(iri, "schema:url"),
            reliability=cast(Reliability, self.value(iri, "ca:reliability") or "secondary"),
            held=held,
        )

    def document(self, iri: str) -> Document | None:
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
        """All documents, in the order of their IRIs."""
        for iri in sorted(self.subjects("rdf:type", expand("ca:Document"))):
            found = self.document(iri)
            if found:
                yield found

    def passage(self, iri: str) -> Passage | None:
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
        found = (self.passage(iri) for iri in self.subjects("dcterms:isPartOf", document))
        return tuple(sorted((p for p in found if p), key=lambda p: p.index))

    def mentions(self, passage: str) -> tuple[Mention, ...]:
        """Entities named in a passage, by offset."""
        target = node(passage)
        if target is None:
            return ()
        found = [
            self._mention(quad.subject, passage)
            for quad in self.store.quads_for_pattern(None, term("oa:hasTarget"), target, None)
            if isinstance(quad.subject, ox.NamedNode)
        ]
        return tuple(sorted(found, key=lambda m: (m.start, m.end, m.entity)))

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
