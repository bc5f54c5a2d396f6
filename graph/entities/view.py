"""One entity as a reader sees it: names, types, and its facts in both directions with their claims."""

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
from graph.storage.snapshot import Snapshot, node, term
from graph.vocabulary import expand

__all__ = ["FACTS_SHOWN", "SCANNED", "find", "names", "nearest", "value_of", "view"]

FACTS_SHOWN: Final = 200
"""Facts of one relation that a view holds; the group's `total` counts the rest."""

SCANNED: Final = 5_000
"""Triples looked at in either direction, so that a hub costs no more than a page."""

Direction = Literal["out", "in"]
Evidences = dict[tuple[str, str, str], tuple[Evidence, ...]]

_OWN_PLACE: Final = {
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


_UNSHOWN: Final = {expand("rdf:type"), *_BOOKKEEPING}


def value_of(snapshot: Snapshot, term_: ox.NamedNode | ox.Literal) -> Value:
    if isinstance(term_, ox.NamedNode):
        return Value("iri", term_.value, snapshot.label(term_.value))
    return Value("literal", term_.value, term_.value, term_.datatype.value, term_.language)


def view(snapshot: Snapshot, iri: str) -> EntityView:
    """Everything that the entity's page shows. Raises UnknownEntity, with the nearest names, for an unknown IRI."""
    found = node(iri)
    if found is None or not snapshot.exists(iri):
        raise UnknownEntity(
            f"Nothing in this atlas has the IRI {iri[:200]}.",
            "Search for its name instead.",
            nearest=nearest(snapshot, iri.rstrip("/").rsplit("/", 1)[-1].replace("-", " ")),
        )
    claims = claims_about(snapshot, found, SCANNED)
    evidence = by_edge(snapshot, claims)
    facts = [*_facts(snapshot, found, "out", evidence), *_facts(snapshot, found, "in", evidence)]
    asserted = {(fact.predicate, fact.direction, fact.value.value) for fact in facts}
    return EntityView(
        iri=iri,
        label=snapshot.label(iri),
        alt_labels=tuple(sorted({obj.value for obj in snapshot.objects(iri, "skos:altLabel")})),
        types=tuple(value_of(snapshot, obj) for obj in sorted(snapshot.objects(iri, "rdf:type"), key=str)),
        description=snapshot.value(iri, "schema:description"),
        groups=_grouped(fact for fact in facts if fact.predicate not in _OWN_PLACE),
        disputed=tuple(
            fact
            for fact in _claimed_only(snapshot, found, claims, evidence)
            if (fact.predicate, fact.direction, fact.value.value) not in asserted
        ),
        identifier=snapshot.value(iri, "dcterms:identifier"),
    )


def _facts(snapshot: Snapshot, entity: ox.NamedNode, direction: Direction, claims: Evidences) -> list[Fact]:
    out = direction == "out"
    pattern = (entity, None, None, None) if out else (None, None, entity, None)
    seen: dict[tuple[str, str, str], Fact] = {}
    for quad in islice(snapshot.store.quads_for_pattern(*pattern), SCANNED):
        other = quad.object if out else quad.subject
        if quad.predicate.value in _BOOKKEEPING or not isinstance(other, (ox.NamedNode, ox.Literal)):
            continue
        if not out and isinstance(other, ox.NamedNode) and snapshot.is_passage(other):
            continue
        key = (str(quad.subject), str(quad.predicate), str(quad.object))
        if key not in seen:
            seen[key] = Fact(
                predicate=quad.predicate.value,
                predicate_label=snapshot.relation(quad.predicate.value, direction),
                direction=direction,
                value=value_of(snapshot, other),
                evidence=claims.get(key, ()),
            )
    return list(seen.values())


def _claimed_only(snapshot: Snapshot, entity: ox.NamedNode, claims: Iterable[Claim], evidence: Evidences) -> list[Fact]:
    """What is claimed of the entity: the caller drops those that are also facts."""
    found: dict[tuple[str, str, str], Fact] = {}
    for claim in claims:
        key = (str(claim.subject), str(claim.predicate), str(claim.object))
        direction: Direction = "out" if claim.subject == entity else "in"
        if key not in found and claim.predicate.value not in _UNSHOWN:
            found[key] = Fact(
                predicate=claim.predicate.value,
                predicate_label=snapshot.relation(claim.predicate.value, direction),
                direction=direction,
                value=value_of(snapshot, claim.object if direction == "out" else claim.subject),
                evidence=evidence.get(key, ()),
                asserted=False,
            )
    return sorted(found.values(), key=lambda f: (f.predicate_label, f.value.label))


def _grouped(facts: Iterable[Fact]) -> tuple[FactGroup, ...]:
    """Links before plain values, outgoing before incoming, then by the relation's name."""
    groups: dict[tuple[str, Direction], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.predicate, fact.direction), []).append(fact)
    made = [
        FactGroup(
            predicate=predicate,
            label=held[0].predicate_label,
            direction=direction,
            facts=tuple(sorted(held, key=lambda f: (f.value.label.casefold(), f.value.value))[:FACTS_SHOWN]),
            total=len(held),
        )
        for (predicate, direction), held in groups.items()
    ]
    return tuple(sorted(made, key=lambda g: (g.direction == "in", g.facts[0].value.kind == "literal", g.label)))


def names(snapshot: Snapshot, *, linked_only: bool = False) -> dict[str, list[str]]:
    """Every name in the default graph → the IRIs that bear it. O(labels): hold on to the result.

    `linked_only` leaves out what is no entity: classes, relations, sources, documents.
    """
    found: dict[str, list[str]] = {}
    for predicate in ("rdfs:label", "skos:prefLabel", "skos:altLabel", "schema:name", "foaf:name"):
        for quad in snapshot.store.quads_for_pattern(None, term(predicate), None, ox.DefaultGraph()):
            if isinstance(quad.object, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
                if linked_only and is_bookkeeping(snapshot, quad.subject.value):
                    continue
                found.setdefault(quad.object.value, []).append(quad.subject.value)
    return found


def nearest(snapshot: Snapshot, name: str, limit: int = 5) -> tuple[tuple[str, str], ...]:
    """(iri, label) pairs of the entities whose names come closest, best first."""
    known = names(snapshot, linked_only=True)
    close = process.extract(
        name[:200], known.keys(), scorer=fuzz.WRatio, processor=utils.default_process, limit=limit * 3, score_cutoff=60
    )
    found: dict[str, str] = {}
    for label, _, _ in close:
        for iri in sorted(known[label]):
            found.setdefault(iri, snapshot.label(iri))
    return tuple(found.items())[:limit]


def find(snapshot: Snapshot, name: str) -> str:
    """The IRI of an entity given by IRI or by name (exact, else the same but for case).

    Raises UnknownEntity with the nearest names where none or several fit.
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
    found = node(iri)
    if found is None:
        return 0
    out = snapshot.store.quads_for_pattern(found, None, None, ox.DefaultGraph())
    into = snapshot.store.quads_for_pattern(None, None, found, ox.DefaultGraph())
    return sum(1 for _ in islice(out, 1000)) + sum(1 for _ in islice(into, 1000))
