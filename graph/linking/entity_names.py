"""The names that the linker knows: every label and other name of an entity in a generation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

import pyoxigraph as ox

from graph.linking.linker import Entry, Gazetteer, link
from graph.model import Passage
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.vocabulary import expand

__all__ = ["NOT_LINKED", "build_gazetteer", "is_bookkeeping", "linked_in"]

NOT_LINKED: Final[frozenset[str]] = frozenset(
    expand(name)
    for name in (
        "ca:Document", "ca:Passage", "ca:Source", "ca:Statistic", "ca:Disagreement", "ca:Position", "ca:Indicator",
        "ca:Kind", "ca:AmountKind", "ca:ClaimStatus", "org:Membership", "org:Role", "skos:ConceptScheme", "owl:Class",
        "rdfs:Class", "owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "owl:Ontology",
        "rdf:Property", "qb:Observation", "qb:DataSet", "schema:MonetaryAmount",
    )
)  # fmt: skip

_NAMES: Final = (("rdfs:label", False), ("skos:prefLabel", False), ("schema:name", False), ("skos:altLabel", True))
_PEOPLE: Final = (expand("schema:Person"), expand("foaf:Person"))
_FIRST: Final = (expand("schema:City"), expand("schema:Country"))
"""Who says "Manchester" means the city, not the authority or the travel-to-work area of the same name."""

_COUNTED: Final = 1_000


def is_bookkeeping(snapshot: Snapshot, iri: str) -> bool:
    """Whether the thing is of a class that is never linked or offered as an entity: a relation, a source, a figure."""
    return any(kind.value in NOT_LINKED for kind in snapshot.objects(iri, "rdf:type"))


def build_gazetteer(snapshot: Snapshot) -> Gazetteer:
    """Reads all labels (O(entities)): build one per write, or per generation, and keep it."""
    return Gazetteer(_entries(snapshot), prefer=_FIRST, people=_PEOPLE)


def linked_in(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """The entities that a question or a search names, in order."""
    asked = Passage("urn:question", "urn:question", 0, text, 0, len(text))
    return tuple(dict.fromkeys(mention.entity for mention in link(asked, gazetteer)))


def _entries(snapshot: Snapshot) -> Iterator[Entry]:
    store = snapshot.store
    kinds = _Kinds(store)
    # Documents have labels, and there may be many: told all at once.
    texts = store.quads_for_pattern(None, term("rdf:type"), term("ca:Document"), DEFAULT)
    known: dict[str, str | None] = {
        quad.subject.value: None for quad in texts if isinstance(quad.subject, ox.NamedNode)
    }
    found: list[tuple[str, str, bool]] = []
    for name, is_alt in _NAMES:
        for quad in store.quads_for_pattern(None, term(name), None, DEFAULT):
            if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.Literal):
                continue
            iri = quad.subject.value
            if iri not in known:
                known[iri] = kinds.of(quad.subject)
            if known[iri] is not None:
                found.append((iri, quad.object.value, is_alt))
    # How well connected an entity is matters only where another bears the same name, and is dear to find out.
    bearers = Counter(label for label, _ in {(label.casefold(), iri) for iri, label, _ in found})
    for iri, label, is_alt in found:
        weight = _links(store, iri) if bearers[label.casefold()] > 1 else 0
        yield Entry(iri, label, is_alt=is_alt, kind=known[iri] or "", weight=weight)


def _links(store: ox.Store, iri: str) -> int:
    """Facts that point to the entity, as far as they are counted."""
    return sum(1 for _ in islice(store.quads_for_pattern(None, None, ox.NamedNode(iri), DEFAULT), _COUNTED))


class _Kinds:
    """The most particular class of a named thing: the one with fewest members.

    Looked up for each name: reading all types would go through the passages of a large atlas too.
    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._members: dict[str, int] = {}

    def of(self, subject: ox.NamedNode) -> str | None:
        """None for what is never linked, "" where there is no class."""
        quads = self._store.quads_for_pattern(subject, term("rdf:type"), None, DEFAULT)
        own = [quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)]
        if NOT_LINKED.intersection(own):
            return None
        return min(own, key=lambda name: (self._count(name), name)) if len(own) > 1 else "".join(own)

    def _count(self, name: str) -> int:
        if name not in self._members:
            found = self._store.quads_for_pattern(None, term("rdf:type"), ox.NamedNode(name), DEFAULT)
            self._members[name] = sum(isinstance(quad.subject, ox.NamedNode) for quad in found)
        return self._members[name]
