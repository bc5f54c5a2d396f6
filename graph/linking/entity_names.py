"""Names of the entities of a generation, as a gazetteer for the linker."""

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
_PREFERRED: Final = (expand("schema:City"), expand("schema:Country"))
""""Manchester" means the city, not the authority or the travel-to-work area of the same name."""

_PLACES: Final = frozenset(
    expand(name)
    for name in (
        "schema:City", "schema:Country", "schema:Place", "schema:AdministrativeArea", "schema:State", "ca:Region",
        "ca:LocalAuthority", "ca:CombinedAuthorityArea",
    )
)  # fmt: skip

MAX_COUNTED_LINKS: Final = 1_000


def is_bookkeeping(snapshot: Snapshot, iri: str) -> bool:
    """Whether the IRI has a class that is never linked or offered as an entity: a relation, a source, a figure.

    >>> is_bookkeeping(snapshot, "https://example.org/official"), is_bookkeeping(snapshot, "https://example.org/radar")
    (True, False)
    """
    return any(kind.value in NOT_LINKED for kind in snapshot.objects(iri, "rdf:type"))


def build_gazetteer(snapshot: Snapshot) -> Gazetteer:
    """Gazetteer of all labels. It reads every entity, so build one per write, or per generation, and keep it.

    >>> len(build_gazetteer(snapshot)) > 0
    True
    """
    return Gazetteer(_entries(snapshot), prefer=_PREFERRED, people=_PEOPLE, places=_PLACES)


def linked_in(text: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """IRIs of the entities that a question or a search names, in order.

    >>> linked_in("What has Nesta published?", build_gazetteer(snapshot))
    ('https://example.org/nesta',)
    """
    passage = Passage("urn:question", "urn:question", 0, text=text, start=0, end=len(text))
    return tuple(dict.fromkeys(mention.entity for mention in link(passage, gazetteer)))


def _entries(snapshot: Snapshot) -> Iterator[Entry]:
    store = snapshot.store
    kinds = _Kinds(store)
    # Documents have labels too, and there may be many: one scan tells them all.
    texts = store.quads_for_pattern(None, term("rdf:type"), term("ca:Document"), DEFAULT)
    known: dict[str, str | None] = {
        quad.subject.value: None for quad in texts if isinstance(quad.subject, ox.NamedNode)
    }
    names: list[tuple[str, str, bool]] = []
    for name, is_alt in _NAMES:
        for quad in store.quads_for_pattern(None, term(name), None, DEFAULT):
            if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.Literal):
                continue
            iri = quad.subject.value
            if iri not in known:
                known[iri] = kinds.of(quad.subject)
            if known[iri] is not None:
                names.append((iri, quad.object.value, is_alt))
    # The number of links is costly to count, and matters only where several entities have the same name.
    bearers = Counter(label for label, _ in {(label.casefold(), iri) for iri, label, _ in names})
    for iri, label, is_alt in names:
        weight = _links(store, iri) if bearers[label.casefold()] > 1 else 0
        kind = known[iri] or ""
        is_contained = kind in _PLACES and next(_containers(store, iri), None) is not None
        yield Entry(iri, label, is_alt=is_alt, kind=kind, weight=weight, is_contained=is_contained)


def _containers(store: ox.Store, iri: str) -> Iterator[ox.Quad]:
    """Facts that tell in what other place a place lies."""
    return iter(store.quads_for_pattern(ox.NamedNode(iri), term("schema:containedInPlace"), None, DEFAULT))


def _links(store: ox.Store, iri: str) -> int:
    """Number of facts that point to the entity, up to MAX_COUNTED_LINKS."""
    return sum(1 for _ in islice(store.quads_for_pattern(None, None, ox.NamedNode(iri), DEFAULT), MAX_COUNTED_LINKS))


class _Kinds:
    """Most specific class of each named thing: the one with the fewest members.

    It is looked up for each name, because a scan of all types would read the passages of a large atlas too.
    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._members: dict[str, int] = {}

    def of(self, subject: ox.NamedNode) -> str | None:
        """IRI of the class; None for a thing that is never linked, "" for one without a class."""
        quads = self._store.quads_for_pattern(subject, term("rdf:type"), None, DEFAULT)
        classes = [quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)]
        if NOT_LINKED.intersection(classes):
            return None
        return min(classes, key=lambda name: (self._count(name), name)) if len(classes) > 1 else "".join(classes)

    def _count(self, name: str) -> int:
        if name not in self._members:
            quads = self._store.quads_for_pattern(None, term("rdf:type"), ox.NamedNode(name), DEFAULT)
            self._members[name] = sum(isinstance(quad.subject, ox.NamedNode) for quad in quads)
        return self._members[name]
