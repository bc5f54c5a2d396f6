"""The names that the linker knows: every label and other name of an entity in a generation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

import pyoxigraph as ox

from graph.extract.link import Entry, Gazetteer, link
from graph.model import Passage
from graph.store import DEFAULT, Snapshot, term
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
    kinds = _kinds(store)
    found = [
        (quad.subject.value, quad.object.value, is_alt)
        for name, is_alt in _NAMES
        for quad in store.quads_for_pattern(None, term(name), None, DEFAULT)
        if isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.object, ox.Literal)
        and kinds.get(quad.subject.value, "") is not None
    ]
    # How well connected an entity is matters only where another bears the same name, and is dear to find out.
    bearers = Counter(label for label, _ in {(label.casefold(), iri) for iri, label, _ in found})
    for iri, label, is_alt in found:
        weight = _links(store, iri) if bearers[label.casefold()] > 1 else 0
        yield Entry(iri, label, is_alt=is_alt, kind=kinds.get(iri) or "", weight=weight)


def _links(store: ox.Store, iri: str) -> int:
    """Facts that point to the entity, as far as they are counted."""
    return sum(1 for _ in islice(store.quads_for_pattern(None, None, ox.NamedNode(iri), DEFAULT), _COUNTED))


def _kinds(store: ox.Store) -> dict[str, str | None]:
    """Each entity's most particular class, which is the one with fewest members; None for what is never linked."""
    types: dict[str, list[str]] = {}
    members: Counter[str] = Counter()
    for quad in store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            types.setdefault(quad.subject.value, []).append(quad.object.value)
            members[quad.object.value] += 1
    return {
        iri: None if NOT_LINKED.intersection(own) else min(own, key=lambda name: (members[name], name))
        for iri, own in types.items()
    }
