"""The names that the linker knows: every label and other name of an entity in a generation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox

from graph.extract.link import Entry, Gazetteer, link
from graph.model import Passage
from graph.store import DEFAULT, Snapshot, term
from graph.vocabulary import expand

__all__ = ["NOT_LINKED", "build_gazetteer", "linked_in"]

_NAMES: Final = (("rdfs:label", False), ("skos:prefLabel", False), ("schema:name", False), ("skos:altLabel", True))

NOT_LINKED: Final[frozenset[str]] = frozenset(
    expand(name)
    for name in (
        "ca:Document", "ca:Passage", "ca:Source", "ca:Statistic", "ca:Disagreement", "ca:Position", "ca:Indicator",
        "ca:Kind", "ca:AmountKind", "ca:ClaimStatus", "org:Membership", "org:Role", "skos:ConceptScheme", "owl:Class",
        "rdfs:Class", "owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "owl:Ontology",
        "rdf:Property", "qb:Observation", "qb:DataSet", "schema:MonetaryAmount",
    )
)  # fmt: skip


def build_gazetteer(snapshot: Snapshot) -> Gazetteer:
    """Reads all labels (O(entities)): build one per write and keep it."""
    return Gazetteer(_entries(snapshot))


def linked_in(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """The entities that a question or a search names, in order."""
    asked = Passage("urn:question", "urn:question", 0, text, 0, len(text))
    return tuple(dict.fromkeys(mention.entity for mention in link(asked, gazetteer)))


def _entries(snapshot: Snapshot) -> Iterator[Entry]:
    store = snapshot.store
    kinds: dict[str, str] = {}
    for quad in store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            kinds[quad.subject.value] = min(kinds.get(quad.subject.value, "~"), quad.object.value)
            if quad.object.value in NOT_LINKED:
                kinds[quad.subject.value] = ""
    weight: Counter[str] = Counter()
    for quad in store.quads_for_pattern(None, None, None, DEFAULT):
        if isinstance(quad.object, ox.NamedNode) and quad.object.value in kinds:
            weight[quad.object.value] += 1
    for name, is_alt in _NAMES:
        for quad in store.quads_for_pattern(None, term(name), None, DEFAULT):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                iri = quad.subject.value
                if kinds.get(iri, "~"):
                    yield Entry(iri, quad.object.value, is_alt=is_alt, kind=kinds.get(iri, ""), weight=weight[iri])
