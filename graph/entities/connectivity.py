"""Connected components of the network of entities, and why some entities are outside the largest one.

It reads all links into a networkx graph: for checks, not for requests.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from graph.claims.acceptance import claims_on
from graph.entities.network import full_network
from graph.linking.entity_names import NOT_LINKED
from graph.storage.snapshot import DEFAULT, Snapshot, node, term
from graph.vocabulary import SCHEMA_NAMESPACES

__all__ = ["Connectivity", "IsolatedEntity", "connectivity"]


@dataclass(frozen=True, slots=True)
class IsolatedEntity:
    """An entity outside the largest component. `reason` is a clause such as "no fact links it"."""

    iri: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Connectivity:
    """Counts of a network: `largest` counts the entities of its largest component, `links` the facts between nodes."""

    entities: int
    largest: int
    links: int
    components: int
    isolated: tuple[IsolatedEntity, ...]

    @property
    def share(self) -> float:
        """Share of the entities that are in the largest component, from 0 to 1; 1 where there are no entities."""
        return self.largest / self.entities if self.entities else 1.0


def connectivity(snapshot: Snapshot) -> Connectivity:
    """Connected components of the graph of accepted links, whatever their direction.

    Offices, amounts and figures connect entities, but are not counted as entities.

    >>> report = connectivity(snapshot)
    >>> report.entities, report.largest, report.share
    (1, 1, 1.0)
    """
    import networkx as nx

    entities = _entities(snapshot)
    graph = full_network(snapshot)
    graph.add_nodes_from(entities)
    parts = [part for part in nx.weakly_connected_components(graph) if part & entities]
    largest = max(parts, key=lambda part: (len(part & entities), min(part)), default=set())
    isolated = [
        IsolatedEntity(iri, snapshot.label(iri), _reason(snapshot, iri, part & entities))
        for part in parts
        if part is not largest
        for iri in part & entities
    ]
    return Connectivity(
        entities=len(entities),
        largest=len(largest & entities),
        links=graph.number_of_edges(),
        components=len(parts),
        isolated=tuple(sorted(isolated, key=lambda entity: (entity.label.casefold(), entity.iri))),
    )


def _entities(snapshot: Snapshot) -> set[str]:
    """IRIs of things that have a class, none of which is bookkeeping."""
    classes: dict[str, set[str]] = {}
    for quad in snapshot.store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            classes.setdefault(quad.subject.value, set()).add(quad.object.value)
    return {iri for iri, types in classes.items() if not types & NOT_LINKED and not iri.startswith(SCHEMA_NAMESPACES)}


def _reason(snapshot: Snapshot, iri: str, group: set[str]) -> str:
    if len(group) > 1:
        others = sorted(snapshot.label(other) for other in group - {iri})
        return f"linked only with {', '.join(others[:3])}{' and others' if len(others) > 3 else ''}"
    entity = node(iri)
    claims = [*claims_on(snapshot.store, subject=entity), *claims_on(snapshot.store, obj=entity)] if entity else []
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
