"""How well the entities hang together, and why some stand apart (networkx; reads everything: not for requests)."""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from graph.claims.acceptance import claims_on
from graph.entities.network import whole
from graph.linking.entity_names import NOT_LINKED
from graph.storage.snapshot import DEFAULT, Snapshot, node, term
from graph.vocabulary import SCHEMA_NAMESPACES

__all__ = ["Apart", "Connectivity", "connectivity"]


@dataclass(frozen=True, slots=True)
class Apart:
    """An entity outside the largest component. `reason` is a clause: "nothing links it", say."""

    iri: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Connectivity:
    """`largest` counts the entities of the largest component, `links` the facts between two things."""

    entities: int
    largest: int
    links: int
    components: int
    apart: tuple[Apart, ...]

    @property
    def share(self) -> float:
        """Of the entities, those in the largest component; 1 where there are none."""
        return self.largest / self.entities if self.entities else 1.0


def connectivity(snapshot: Snapshot) -> Connectivity:
    """Components of the graph of accepted links, whichever way they point.

    Offices, amounts and figures join what they belong to, but are not counted as entities themselves.
    """
    import networkx as nx

    entities = _entities(snapshot)
    graph = whole(snapshot)
    graph.add_nodes_from(entities)
    parts = [part for part in nx.weakly_connected_components(graph) if part & entities]
    largest = max(parts, key=lambda part: (len(part & entities), min(part)), default=set())
    apart = [
        Apart(iri, snapshot.label(iri), _reason(snapshot, iri, part & entities))
        for part in parts
        if part is not largest
        for iri in part & entities
    ]
    return Connectivity(
        entities=len(entities),
        largest=len(largest & entities),
        links=graph.number_of_edges(),
        components=len(parts),
        apart=tuple(sorted(apart, key=lambda each: (each.label.casefold(), each.iri))),
    )


def _entities(snapshot: Snapshot) -> set[str]:
    """What has a class, none of which is bookkeeping."""
    kinds: dict[str, set[str]] = {}
    for quad in snapshot.store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            kinds.setdefault(quad.subject.value, set()).add(quad.object.value)
    return {iri for iri, own in kinds.items() if not own & NOT_LINKED and not iri.startswith(SCHEMA_NAMESPACES)}


def _reason(snapshot: Snapshot, iri: str, group: set[str]) -> str:
    if len(group) > 1:
        others = sorted(snapshot.label(other) for other in group - {iri})
        return f"linked only with {', '.join(others[:3])}{' and others' if len(others) > 3 else ''}"
    found = node(iri)
    claims = [*claims_on(snapshot.store, subject=found), *claims_on(snapshot.store, obj=found)] if found else []
    pending = [
        claim
        for claim in claims
        if not claim.accepted and isinstance(claim.object, ox.NamedNode) and claim.predicate != term("rdf:type")
    ]
    if pending:
        ends = {end for claim in pending for end in (claim.subject.value, claim.object.value)} - {iri}
        return f"its links are claimed, not accepted: {', '.join(sorted(map(snapshot.label, ends))[:3])}"
    if any(True for _ in snapshot.mentioning(iri, 1)):
        return "no fact links it; texts name it"
    return "no fact links it"
