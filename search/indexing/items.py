"""Reader of the items to index from the graph: one item for each passage, and a card for each entity."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Final

import pyoxigraph as ox

from graph.linking.entity_names import NOT_LINKED
from graph.model import Document, Passage
from graph.storage.snapshot import DEFAULT, Snapshot, node, term
from graph.vocabulary import CA, PART_OF, SCHEMA_NAMESPACES, expand
from search.item import EntityRef, Item

__all__ = ["ItemReader"]

_MAX_KEY_FACTS: Final = 12
_MAX_LITERAL_CHARS: Final = 120
_MAX_PARENTS: Final = 8
_MAX_SUBJECTS: Final = 2
_MAX_SUBJECT_CHARS: Final = 300
"""A quarter of what the encoder reads: the text counts for more than the description of its subject."""

_CLASSES_WITH_CARD: Final = frozenset({expand("ca:Statistic"), expand("qb:Observation")})
_CLASSES_WITHOUT_CARD: Final = NOT_LINKED - _CLASSES_WITH_CARD
_FACET_CLASSES: Final[dict[str, frozenset[str]]] = {
    "themes": frozenset({expand("ca:Theme")}),
    "places": frozenset({expand("schema:Place"), expand("ca:Place")}),
    "organisations": frozenset(
        {expand("org:Organization"), expand("schema:Organization"), expand("foaf:Organization")}
    ),
    "programmes": frozenset({expand("ca:Programme")}),
}
_NO_KEY_FACTS: Final = frozenset(
    expand(name) for name in ("rdf:type", "rdfs:label", "skos:altLabel", "schema:description", "dcterms:source",
                              "dcterms:identifier", "schema:url", "schema:latitude", "schema:longitude")
)  # fmt: skip


class ItemReader:
    """Reads items from one snapshot. Caches the classes and places of entities for its lifetime."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        # Plain dicts: caches wrapped round bound methods would be reference cycles and keep the store open.
        self._facets: dict[str, tuple[str, ...]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, EntityRef | None] = {}

    def everything(self) -> Iterator[Item]:
        """All passages, then all cards."""
        for document in self._snapshot.documents():
            yield from self.passages(document)
        for iri in sorted(self._entities()):
            yield from self.card(iri)

    def after(self, key: str) -> Iterator[tuple[str, list[Item]]]:
        """Keys and items of one document or card at a time, starting after `key` ("" = at the first).

        The order of keys does not depend on what is added to the graph, so a long run can be interrupted and continued.
        """
        documents = sorted(f"d {iri}" for iri in self._snapshot.subjects("rdf:type", expand("ca:Document")))
        for name in (*documents, *sorted(f"e {iri}" for iri in self._entities())):
            if name > key:
                iri = name[2:]
                document = self._snapshot.document(iri) if name[0] == "d" else None
                yield name, list(self.passages(document) if document else self.card(iri))

    def iris(self) -> set[str]:
        """The IRIs that `everything` may give, without reading the texts."""
        documents = self._snapshot.subjects("rdf:type", expand("ca:Document"))
        passages = {iri for document in documents for iri in self._snapshot.subjects("dcterms:isPartOf", document)}
        return passages | self._entities()

    def of(self, documents: Iterable[str], entities: Iterable[str]) -> Iterator[Item]:
        """Items of some documents and entities, given by IRI. Unknown IRIs give none."""
        for iri in sorted(documents):
            document = self._snapshot.document(iri)
            if document:
                yield from self.passages(document)
        for iri in sorted(entities):
            yield from self.card(iri)

    def passages(self, document: Document) -> Iterator[Item]:
        """The items of a document's passages."""
        subjects = [
            obj.value
            for name in ("dcterms:subject", "dcterms:spatial")
            for obj in self._snapshot.objects(document.iri, name)
        ]
        about = sorted({obj.value for obj in self._snapshot.objects(document.iri, "schema:about")})
        description = " ".join(self._describe(iri) for iri in about[:_MAX_SUBJECTS])
        for passage in self._snapshot.passages(document.iri):
            yield self._passage(document, passage, subjects, description=description)

    def _describe(self, iri: str) -> str:
        """Names and description of an entity: texts on it take these as known, and people search by them."""
        aliases = sorted({obj.value for obj in self._snapshot.objects(iri, "skos:altLabel")})
        names = ", ".join([self._snapshot.label(iri), *aliases])
        description = self._snapshot.value(iri, "schema:description")
        return (f"{names}. {description}" if description else names)[:_MAX_SUBJECT_CHARS]

    def _passage(self, document: Document, passage: Passage, subjects: list[str], *, description: str) -> Item:
        mentions = [obj.value for obj in self._snapshot.objects(passage.iri, "schema:mentions")]
        facets = self._facets_of({*mentions, *subjects})
        return Item(
            iri=passage.iri,
            kind="passage",
            title=document.title,
            heading=" > ".join(passage.heading),
            about=description,
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
            entities=tuple(sorted(mentions)),
            reliability=document.reliability,
            themes=tuple(sorted(facets["themes"])),
            places=tuple(sorted(facets["places"])),
            organisations=tuple(sorted(facets["organisations"])),
            programmes=tuple(sorted(facets["programmes"])),
            names=self._names_of(mentions),
        )

    def card(self, iri: str) -> Iterator[Item]:
        """The card of an entity; none if the IRI is that of a class or a source, or has no triples."""
        snapshot = self._snapshot
        types = self._types(iri)
        if not _has_card(iri, types):
            return
        facts, linked = self._key_facts(iri)
        description = snapshot.value(iri, "schema:description")
        facets = self._facets_of({iri, *linked})
        yield Item(
            iri=iri,
            kind="entity",
            title=snapshot.label(iri),
            aliases=tuple(sorted({obj.value for obj in snapshot.objects(iri, "skos:altLabel")})),
            text=(description or "") + ("\n" + "; ".join(facts) + "." if facts else ""),
            types=tuple(types),
            entities=(iri, *sorted(linked - {iri})),
            themes=tuple(sorted(facets["themes"])),
            places=tuple(sorted(facets["places"])),
            organisations=tuple(sorted(facets["organisations"])),
            programmes=tuple(sorted(facets["programmes"])),
            type_labels=tuple(map(snapshot.label, types)),
            names=self._names_of(linked - {iri}),
        )

    def _key_facts(self, iri: str) -> tuple[list[str], set[str]]:
        """Outgoing facts in words, the first few by name, and the entities that all of them link to."""
        subject = node(iri)
        facts: set[str] = set()
        linked: set[str] = set()
        if subject is None:
            return [], linked
        for quad in self._snapshot.store.quads_for_pattern(subject, None, None, DEFAULT):
            if quad.predicate.value in _NO_KEY_FACTS:
                continue
            predicate = self._snapshot.label(quad.predicate.value)
            if isinstance(quad.object, ox.NamedNode):
                if quad.object.value.startswith(SCHEMA_NAMESPACES):
                    continue
                linked.add(quad.object.value)
                facts.add(f"{predicate} {self._snapshot.label(quad.object.value)}")
            elif isinstance(quad.object, ox.Literal):
                facts.add(f"{predicate} {quad.object.value[:_MAX_LITERAL_CHARS]}")
        return sorted(facts)[:_MAX_KEY_FACTS], linked

    def _entities(self) -> set[str]:
        return {
            quad.subject.value
            for quad in self._snapshot.store.quads_for_pattern(None, term("rdfs:label"), None, DEFAULT)
            if isinstance(quad.subject, ox.NamedNode)
        }

    def _types(self, iri: str) -> list[str]:
        return sorted({obj.value for obj in self._snapshot.objects(iri, "rdf:type")})

    def _names_of(self, iris: Iterable[str]) -> tuple[EntityRef, ...]:
        """Names of those of the entities that have no card, from which a hit could take them."""
        return tuple(name for iri in sorted(set(iris)) if (name := self._name_without_card(iri)))

    def _name_without_card(self, iri: str) -> EntityRef | None:
        """The name of an entity, None if it has a card. Its kind is one of bookkeeping only if there is no other."""
        if iri not in self._names:
            types = self._types(iri)
            kind = min(types, key=lambda name: (name in NOT_LINKED, not name.startswith(CA), name), default=None)
            label = self._snapshot.label
            name = EntityRef(iri, label(iri), label(kind) if kind else "")
            self._names[iri] = None if _has_card(iri, types) else name
        return self._names[iri]

    def _facets_of(self, iris: Iterable[str]) -> dict[str, set[str]]:
        """Facet → those of the entities that belong to it, and for places also the places that these lie in."""
        facets: dict[str, set[str]] = {name: set() for name in _FACET_CLASSES}
        for iri in iris:
            for name in self._facet_names(iri):
                facets[name].add(iri)
                if name == "places":
                    facets[name].update(self._places_above(iri))
        return facets

    def _facet_names(self, iri: str) -> tuple[str, ...]:
        if iri not in self._facets:
            types = set(self._types(iri))
            self._facets[iri] = tuple(name for name, classes in _FACET_CLASSES.items() if classes & types)
        return self._facets[iri]

    def _places_above(self, iri: str) -> tuple[str, ...]:
        """All places that a place lies in, so that "North West" finds Manchester."""
        if iri not in self._parents:
            self._parents[iri] = self._find_places_above(iri)
        return self._parents[iri]

    def _find_places_above(self, iri: str) -> tuple[str, ...]:
        above: list[str] = []
        frontier = [iri]
        for _ in range(_MAX_PARENTS):
            frontier = [
                obj.value
                for place in frontier
                for name in PART_OF
                for obj in islice(self._snapshot.objects(place, name), _MAX_PARENTS)
                if obj.value not in above and obj.value != iri
            ]
            above += frontier
        return tuple(sorted(set(above)))


def _has_card(iri: str, types: Collection[str]) -> bool:
    return bool(types) and _CLASSES_WITHOUT_CARD.isdisjoint(types) and not iri.startswith(SCHEMA_NAMESPACES)
