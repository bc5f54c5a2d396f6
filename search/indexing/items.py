"""From the graph to what is indexed: one unit for each passage, and a card for each entity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import pyoxigraph as ox

from graph.linking.entity_names import NOT_LINKED
from graph.model import Document, Passage
from graph.storage.snapshot import DEFAULT, Snapshot, node, term
from graph.vocabulary import PART_OF, SCHEMA_NAMESPACES, expand
from search.item import Item

__all__ = ["ItemReader"]

_KEY_FACTS: Final = 12
_PARENTS: Final = 8
_SUBJECTS: Final = 2
_TOLD: Final = 300
"""Letters that the subject of a document may take, a quarter of what the encoder reads: the text counts for more."""
_CARDS_TOO: Final = frozenset({expand("ca:Statistic"), expand("qb:Observation")})
_WITHOUT_CARD: Final = NOT_LINKED - _CARDS_TOO
_FACETS: Final[dict[str, frozenset[str]]] = {
    "themes": frozenset({expand("ca:Theme")}),
    "places": frozenset({expand("schema:Place"), expand("ca:Place")}),
    "organisations": frozenset(
        {expand("org:Organization"), expand("schema:Organization"), expand("foaf:Organization")}
    ),
    "programmes": frozenset({expand("ca:Programme")}),
}
_NOT_SAID: Final = frozenset(
    expand(name) for name in ("rdf:type", "rdfs:label", "skos:altLabel", "schema:description", "dcterms:source",
                              "dcterms:identifier", "schema:url", "schema:latitude", "schema:longitude")
)  # fmt: skip


class ItemReader:
    """Reads units out of one snapshot; what it learns of classes and places it keeps while it lives."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        # Plain dicts: caches wrapped round bound methods would be reference cycles, and keep the store open.
        self._facets: dict[str, tuple[str, ...]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}

    def everything(self) -> Iterator[Item]:
        for document in self._snapshot.documents():
            yield from self.passages(document)
        for iri in sorted(self._entities()):
            yield from self.card(iri)

    def after(self, key: str) -> Iterator[tuple[str, list[Item]]]:
        """`everything` in pieces, a document or a card each, from the one after `key` ("" = from the first).

        Keys keep their order whatever is added to the graph, so that a long run can be interrupted and go on.
        """
        documents = sorted(f"d {iri}" for iri in self._snapshot.subjects("rdf:type", expand("ca:Document")))
        for name in (*documents, *sorted(f"e {iri}" for iri in self._entities())):
            if name > key:
                iri = name[2:]
                found = self._snapshot.document(iri) if name[0] == "d" else None
                yield name, list(self.passages(found) if found else self.card(iri))

    def iris(self) -> set[str]:
        """The IRIs that `everything` may give, without reading the texts."""
        documents = self._snapshot.subjects("rdf:type", expand("ca:Document"))
        passages = {iri for document in documents for iri in self._snapshot.subjects("dcterms:isPartOf", document)}
        return passages | self._entities()

    def of(self, documents: Iterable[str], entities: Iterable[str]) -> Iterator[Item]:
        """Units of some documents and entities; those that are not there give none."""
        for iri in sorted(documents):
            document = self._snapshot.document(iri)
            if document:
                yield from self.passages(document)
        for iri in sorted(entities):
            yield from self.card(iri)

    def passages(self, document: Document) -> Iterator[Item]:
        about = [
            obj.value
            for name in ("dcterms:subject", "dcterms:spatial")
            for obj in self._snapshot.objects(document.iri, name)
        ]
        subjects = sorted({obj.value for obj in self._snapshot.objects(document.iri, "schema:about")})
        told = " ".join(self._told(iri) for iri in subjects[:_SUBJECTS])
        for passage in self._snapshot.passages(document.iri):
            yield self._passage(document, passage, about, told)

    def _told(self, iri: str) -> str:
        """What an entity is called and what it is: texts on it take this as known, and people ask by it."""
        others = sorted({obj.value for obj in self._snapshot.objects(iri, "skos:altLabel")})
        names = ", ".join([self._snapshot.label(iri), *others])
        description = self._snapshot.value(iri, "schema:description")
        return (f"{names}. {description}" if description else names)[:_TOLD]

    def _passage(self, document: Document, passage: Passage, about: list[str], told: str) -> Item:
        named = [obj.value for obj in self._snapshot.objects(passage.iri, "schema:mentions")]
        facets: dict[str, set[str]] = {name: set() for name in _FACETS}
        for iri in {*named, *about}:
            for name in self._facet(iri):
                facets[name].add(iri)
                if name == "places":
                    facets[name].update(self._above(iri))
        return Item(
            iri=passage.iri,
            kind="passage",
            title=document.title,
            heading=" > ".join(passage.heading),
            about=told,
            text=passage.text,
            document=document.iri,
            document_id=document.id,
            document_title=document.title,
            publisher=document.publisher,
            date=document.date,
            source_url=document.source_url,
            page=passage.page,
            collection=document.collection,
            types=(expand("ca:Passage"),),
            entities=tuple(sorted(named)),
            reliability=document.reliability,
            themes=tuple(sorted(facets["themes"])),
            places=tuple(sorted(facets["places"])),
            organisations=tuple(sorted(facets["organisations"])),
            programmes=tuple(sorted(facets["programmes"])),
        )

    def card(self, iri: str) -> Iterator[Item]:
        """The entity's card; none for what is no entity (a class, a source) or is gone."""
        snapshot = self._snapshot
        types = sorted({obj.value for obj in snapshot.objects(iri, "rdf:type")})
        if not types or _WITHOUT_CARD & set(types) or iri.startswith(SCHEMA_NAMESPACES):
            return
        facts, linked = self._key_facts(iri)
        description = snapshot.value(iri, "schema:description")
        facets: dict[str, set[str]] = {name: set() for name in _FACETS}
        for other in {iri, *linked}:
            for name in self._facet(other):
                facets[name].add(other)
        facets["places"] |= {above for place in list(facets["places"]) for above in self._above(place)}
        yield Item(
            iri=iri,
            kind="entity",
            title=snapshot.label(iri),
            aliases=tuple(sorted({obj.value for obj in snapshot.objects(iri, "skos:altLabel")})),
            text=" ".join([description] if description else []) + ("\n" + "; ".join(facts) + "." if facts else ""),
            types=tuple(types),
            entities=(iri, *sorted(linked - {iri})),
            themes=tuple(sorted(facets["themes"])),
            places=tuple(sorted(facets["places"])),
            organisations=tuple(sorted(facets["organisations"])),
            programmes=tuple(sorted(facets["programmes"])),
        )

    def _key_facts(self, iri: str) -> tuple[list[str], set[str]]:
        """Outgoing facts in words, the first few by name, and the entities that they link to."""
        found = node(iri)
        said: set[str] = set()
        linked: set[str] = set()
        if found is None:
            return [], linked
        for quad in self._snapshot.store.quads_for_pattern(found, None, None, DEFAULT):
            if quad.predicate.value in _NOT_SAID:
                continue
            if isinstance(quad.object, ox.NamedNode):
                if quad.object.value.startswith(SCHEMA_NAMESPACES):
                    continue
                linked.add(quad.object.value)
                said.add(f"{self._snapshot.label(quad.predicate.value)} {self._snapshot.label(quad.object.value)}")
            elif isinstance(quad.object, ox.Literal):
                said.add(f"{self._snapshot.label(quad.predicate.value)} {quad.object.value[:120]}")
        return sorted(said)[:_KEY_FACTS], linked

    def _entities(self) -> set[str]:
        return {
            quad.subject.value
            for quad in self._snapshot.store.quads_for_pattern(None, term("rdfs:label"), None, DEFAULT)
            if isinstance(quad.subject, ox.NamedNode)
        }

    def _facet(self, iri: str) -> tuple[str, ...]:
        if iri not in self._facets:
            self._facets[iri] = self._facet_of(iri)
        return self._facets[iri]

    def _above(self, iri: str) -> tuple[str, ...]:
        if iri not in self._parents:
            self._parents[iri] = self._places_above(iri)
        return self._parents[iri]

    def _facet_of(self, iri: str) -> tuple[str, ...]:
        types = {obj.value for obj in self._snapshot.objects(iri, "rdf:type")}
        return tuple(name for name, classes in _FACETS.items() if classes & types)

    def _places_above(self, iri: str) -> tuple[str, ...]:
        """What the place lies in, all the way up: "North West" then finds Manchester."""
        found: list[str] = []
        frontier = [iri]
        for _ in range(_PARENTS):
            frontier = [
                obj.value
                for place in frontier
                for name in PART_OF
                for obj in islice(self._snapshot.objects(place, name), _PARENTS)
                if obj.value not in found and obj.value != iri
            ]
            found += frontier
        return tuple(sorted(set(found)))
