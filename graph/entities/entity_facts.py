"""View of one entity: names, types, and its facts in both directions with their evidence; look-up by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final, Literal

import pyoxigraph as ox
from rapidfuzz import fuzz, process, utils

from graph.claims.acceptance import Claim
from graph.claims.evidence import by_edge, claims_about
from graph.errors import UnknownEntity
from graph.linking.entity_names import is_bookkeeping
from graph.model import EntityView, Evidence, Fact, FactGroup, Value
from graph.storage.snapshot import DEFAULT, Snapshot, node, term
from graph.vocabulary import expand

__all__ = [
    "MAX_FACTS_OF_A_RELATION",
    "MAX_SCANNED_TRIPLES",
    "find",
    "names",
    "nearest",
    "unknown_iri",
    "value_of",
    "view",
]

MAX_FACTS_OF_A_RELATION: Final = 200
"""Facts of one relation that a view holds; the group's `total` counts all of them."""

MAX_SCANNED_TRIPLES: Final = 5_000
"""Triples read in each direction, so that a hub costs no more than that."""

Direction = Literal["out", "in"]
Evidences = dict[tuple[str, str, str], tuple[Evidence, ...]]

_HEADER_PREDICATES: Final = {
    expand(name)
    for name in (
        "rdf:type",
        "rdfs:label",
        "skos:altLabel",
        "skos:prefLabel",
        "schema:description",
        "dcterms:source",
        "dcterms:identifier",
    )
}
_BOOKKEEPING: Final = {
    expand(name)
    for name in (
        "rdf:subject", "rdf:predicate", "rdf:object", "oa:hasBody", "oa:hasTarget", "schema:mentions",
        "prov:wasDerivedFrom", "dcterms:source", "ca:text", "ca:quotedIn",
    )
}  # fmt: skip


_HIDDEN: Final = {expand("rdf:type"), *_BOOKKEEPING}


def value_of(snapshot: Snapshot, term_: ox.NamedNode | ox.Literal) -> Value:
    """An RDF term with its label: that of the entity for an IRI, the text itself for a literal.

    >>> value_of(snapshot, ox.NamedNode("https://example.org/pec")).label
    'Creative PEC'
    """
    if isinstance(term_, ox.NamedNode):
        return Value("iri", term_.value, snapshot.label(term_.value))
    return Value("literal", term_.value, term_.value, term_.datatype.value, term_.language)


def view(snapshot: Snapshot, iri: str) -> EntityView:
    """All that the page of an entity shows. A relation or a graph that no triple is about has a page without facts.

    Raises UnknownEntity, with the nearest names, for an unknown IRI.

    >>> [(group.label, group.total) for group in view(snapshot, "https://example.org/radar").groups]
    [('dcterms:publisher', 1)]
    """
    entity = node(iri)
    if entity is None or not snapshot.uses(iri):
        raise unknown_iri(snapshot, iri, "Search for its name instead.")
    claims = claims_about(snapshot, entity, MAX_SCANNED_TRIPLES)
    evidence = by_edge(snapshot, claims)
    facts = [*_facts(snapshot, entity, "out", evidence), *_facts(snapshot, entity, "in", evidence)]
    asserted = {(fact.predicate, fact.direction, fact.value.value) for fact in facts}
    return EntityView(
        iri=iri,
        label=snapshot.label(iri),
        alt_labels=tuple(sorted({obj.value for obj in snapshot.objects(iri, "skos:altLabel")})),
        types=tuple(value_of(snapshot, obj) for obj in sorted(snapshot.objects(iri, "rdf:type"), key=str)),
        description=snapshot.value(iri, "schema:description"),
        groups=_grouped(fact for fact in facts if fact.predicate not in _HEADER_PREDICATES),
        disputed=tuple(
            fact
            for fact in _claimed_only(snapshot, entity, claims, evidence)
            if (fact.predicate, fact.direction, fact.value.value) not in asserted
        ),
        identifier=snapshot.value(iri, "dcterms:identifier"),
    )


def unknown_iri(snapshot: Snapshot, iri: str, remedy: str) -> UnknownEntity:
    """Error for an IRI that no triple has, with the entities of the nearest names."""
    name = iri.rstrip("/").rsplit("/", 1)[-1].replace("-", " ")
    return UnknownEntity(f"Nothing in this atlas has the IRI {iri[:200]}.", remedy, nearest=nearest(snapshot, name))


def _facts(snapshot: Snapshot, entity: ox.NamedNode, direction: Direction, claims: Evidences) -> list[Fact]:
    out = direction == "out"
    pattern = (entity, None, None, None) if out else (None, None, entity, None)
    facts: dict[tuple[str, str, str], Fact] = {}
    for quad in islice(snapshot.store.quads_for_pattern(*pattern), MAX_SCANNED_TRIPLES):
        other = quad.object if out else quad.subject
        if quad.predicate.value in _BOOKKEEPING or not isinstance(other, (ox.NamedNode, ox.Literal)):
            continue
        if not out and isinstance(other, ox.NamedNode) and snapshot.is_passage(other):
            continue
        key = (str(quad.subject), str(quad.predicate), str(quad.object))
        if key not in facts:
            facts[key] = Fact(
                predicate=quad.predicate.value,
                predicate_label=snapshot.relation(quad.predicate.value, direction),
                direction=direction,
                value=value_of(snapshot, other),
                evidence=claims.get(key, ()),
            )
    return list(facts.values())


def _claimed_only(snapshot: Snapshot, entity: ox.NamedNode, claims: Iterable[Claim], evidence: Evidences) -> list[Fact]:
    """Claims on the entity as facts that are not asserted; the caller drops those that are."""
    facts: dict[tuple[str, str, str], Fact] = {}
    for claim in claims:
        key = (str(claim.subject), str(claim.predicate), str(claim.object))
        direction: Direction = "out" if claim.subject == entity else "in"
        if key not in facts and claim.predicate.value not in _HIDDEN:
            facts[key] = Fact(
                predicate=claim.predicate.value,
                predicate_label=snapshot.relation(claim.predicate.value, direction),
                direction=direction,
                value=value_of(snapshot, claim.object if direction == "out" else claim.subject),
                evidence=evidence.get(key, ()),
                asserted=False,
            )
    return sorted(facts.values(), key=lambda fact: (fact.predicate_label, fact.value.label))


def _grouped(facts: Iterable[Fact]) -> tuple[FactGroup, ...]:
    """Links before plain values, outgoing before incoming, then by the relation's name."""
    groups: dict[tuple[str, Direction], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.predicate, fact.direction), []).append(fact)
    ordered = [
        FactGroup(
            predicate=predicate,
            label=members[0].predicate_label,
            direction=direction,
            facts=tuple(sorted(members, key=_fact_order)[:MAX_FACTS_OF_A_RELATION]),
            total=len(members),
        )
        for (predicate, direction), members in groups.items()
    ]
    return tuple(sorted(ordered, key=_group_order))


def _fact_order(fact: Fact) -> tuple[str, str]:
    return fact.value.label.casefold(), fact.value.value


def _group_order(group: FactGroup) -> tuple[bool, bool, str]:
    return group.direction == "in", group.facts[0].value.kind == "literal", group.label


def names(snapshot: Snapshot, *, linked_only: bool = False) -> dict[str, list[str]]:
    """Name → the IRIs that have it, over the default graph. It reads all labels, so keep the result.

    `linked_only` leaves out what is no entity: classes, relations, sources, documents.

    >>> names(snapshot)["Creative PEC"]
    ['https://example.org/pec']
    """
    bearers: dict[str, list[str]] = {}
    for predicate in ("rdfs:label", "skos:prefLabel", "skos:altLabel", "schema:name", "foaf:name"):
        for quad in snapshot.store.quads_for_pattern(None, term(predicate), None, DEFAULT):
            if isinstance(quad.object, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
                if linked_only and is_bookkeeping(snapshot, quad.subject.value):
                    continue
                bearers.setdefault(quad.object.value, []).append(quad.subject.value)
    return bearers


def nearest(snapshot: Snapshot, name: str, limit: int = 5) -> tuple[tuple[str, str], ...]:
    """(IRI, label) of the entities with the most similar names, best first.

    >>> nearest(snapshot, "Creative Rader")[0]
    ('https://example.org/radar', 'Creative Radar')
    """
    known = names(snapshot, linked_only=True)
    matches = process.extract(
        name[:200], known.keys(), scorer=fuzz.WRatio, processor=utils.default_process, limit=limit * 3, score_cutoff=60
    )
    entities: dict[str, str] = {}
    for label, _, _ in matches:
        for iri in sorted(known[label]):
            entities.setdefault(iri, snapshot.label(iri))
    return tuple(entities.items())[:limit]


def find(snapshot: Snapshot, name: str) -> str:
    """IRI of an entity given by its IRI or name (exact, else in other case); of several, the best connected one.

    Raises UnknownEntity, with the nearest names, where none fits.

    >>> find(snapshot, "creative radar")
    'https://example.org/radar'
    """
    if "://" in name or name.startswith("urn:"):
        if snapshot.exists(name):
            return name
    else:
        known = names(snapshot)
        exact = known.get(name) or [
            iri for label, iris in known.items() if label.casefold() == name.casefold() for iri in iris
        ]
        if exact:
            return min(
                exact, key=lambda iri: (snapshot.label(iri).casefold() != name.casefold(), -_degree(snapshot, iri), iri)
            )
    raise UnknownEntity(
        f"Nothing in this atlas is called {name[:100]!r}.",
        "Check the spelling, or search for it.",
        nearest=nearest(snapshot, name.rsplit("/", 1)[-1]),
    )


def _degree(snapshot: Snapshot, iri: str) -> int:
    entity = node(iri)
    if entity is None:
        return 0
    outgoing = snapshot.store.quads_for_pattern(entity, None, None, DEFAULT)
    incoming = snapshot.store.quads_for_pattern(None, None, entity, DEFAULT)
    return sum(1 for _ in islice(outgoing, 1000)) + sum(1 for _ in islice(incoming, 1000))
