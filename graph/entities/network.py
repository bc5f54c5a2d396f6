"""Network of entities as networkx graphs: neighbourhoods, shortest paths, and the whole network.

Edges are the accepted links between entities (no classes, sources, passages or mentions). Neighbourhoods are read edge
by edge from the store and bounded; only `full_network` reads everything, for checks and analysis.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from graph.errors import UnknownEntity
from graph.storage.snapshot import DEFAULT, Snapshot, node
from graph.vocabulary import SCHEMA_NAMESPACES, expand

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["EDGES_PER_NODE", "degree", "full_network", "links_of", "neighbourhood", "shortest_path"]

EDGES_PER_NODE: Final = 500
"""Edges read at one node in each direction, so that a hub costs no more than that."""

Edge = tuple[str, str, str]
"""(subject, predicate, object), as the fact is stated."""

_NOT_LINKS: Final = {
    expand(name) for name in ("rdf:type", "dcterms:source", "schema:mentions", "schema:url", "skos:inScheme")
}


def _as_link(snapshot: Snapshot, quad: ox.Quad) -> Edge | None:
    subject, obj = quad.subject, quad.object
    if (
        not isinstance(subject, ox.NamedNode)
        or not isinstance(obj, ox.NamedNode)
        or quad.predicate.value in _NOT_LINKS
        or subject.value.startswith(SCHEMA_NAMESPACES)
        or obj.value.startswith(SCHEMA_NAMESPACES)
        or snapshot.is_passage(subject)
    ):
        return None
    return subject.value, quad.predicate.value, obj.value


def links_of(snapshot: Snapshot, iri: str) -> Iterator[str]:
    """Entities linked with one, in no order; each comes once for each link."""
    for subject, _, obj in _edges(snapshot, iri):
        yield obj if subject == iri else subject


def _edges(snapshot: Snapshot, iri: str) -> Iterator[Edge]:
    """Links of an entity, outgoing ones first."""
    entity = node(iri)
    if entity is None:
        return
    for pattern in ((entity, None, None, DEFAULT), (None, None, entity, DEFAULT)):
        for quad in islice(snapshot.store.quads_for_pattern(*pattern), EDGES_PER_NODE):
            if edge := _as_link(snapshot, quad):
                yield edge


def degree(snapshot: Snapshot, iri: str) -> int:
    """Number of entities linked with this one in either direction, up to twice EDGES_PER_NODE.

    >>> degree(snapshot, "https://example.org/radar")
    1
    """
    return len({end for start, _, obj in _edges(snapshot, iri) for end in (start, obj)} - {iri})


def neighbourhood(snapshot: Snapshot, iri: str, *, depth: int = 1, limit: int = 120) -> nx.MultiDiGraph[str]:
    """The entities within `depth` links of one, `limit` nodes at most, nearest first.

    Nodes have a `label`; edges have a `predicate` and a `label`. Raises UnknownEntity for an unknown IRI.

    >>> graph = neighbourhood(snapshot, "https://example.org/radar")
    >>> sorted(graph.nodes[iri]["label"] for iri in graph)
    ['Creative PEC', 'Creative Radar']
    """
    _require(snapshot, iri)
    import networkx as nx  # a fifth of a second, which a search from the command line need not pay

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_node(iri, label=snapshot.label(iri))
    frontier = [iri]
    for _ in range(depth):
        reached: list[str] = []
        for current in frontier:
            for subject, predicate, obj in sorted(set(_edges(snapshot, current))):
                other = obj if subject == current else subject
                if other not in graph:
                    if len(graph) >= limit:
                        continue
                    graph.add_node(other, label=snapshot.label(other))
                    reached.append(other)
                graph.add_edge(subject, obj, key=predicate, predicate=predicate, label=snapshot.label(predicate))
        frontier = reached
    return graph


def shortest_path(
    snapshot: Snapshot, start: str, end: str, *, longest: int = 6, visits: int = 5_000
) -> tuple[Edge, ...] | None:
    """A shortest chain of links between two entities, in either direction of each link.

    The search is breadth first over sorted neighbours, so the path is always the same. None where there is no path
    within `longest` links and `visits` nodes. Raises UnknownEntity for an unknown end.

    >>> path = shortest_path(snapshot, "https://example.org/pec", "https://example.org/radar")
    >>> [snapshot.label(predicate) for _, predicate, _ in path]
    ['dcterms:publisher']
    """
    _require(snapshot, start, end)
    arrivals: dict[str, Edge | None] = {start: None}
    queue = deque([(start, 0)])
    while queue and len(arrivals) <= visits:
        current, distance = queue.popleft()
        if current == end:
            return _unwind(arrivals, start, end)
        if distance == longest:
            continue
        for edge in sorted(set(_edges(snapshot, current))):
            other = edge[2] if edge[0] == current else edge[0]
            if other not in arrivals:
                arrivals[other] = edge
                queue.append((other, distance + 1))
    return _unwind(arrivals, start, end) if end in arrivals else None


def _require(snapshot: Snapshot, *iris: str) -> None:
    for iri in iris:
        if not snapshot.uses(iri):
            raise UnknownEntity(f"Nothing in this atlas has the IRI {iri[:200]}.", "Search for its name instead.")


def _unwind(arrivals: dict[str, Edge | None], start: str, end: str) -> tuple[Edge, ...]:
    chain: list[Edge] = []
    current = end
    while current != start:
        edge = arrivals[current]
        assert edge is not None  # noqa: S101  only the start has no edge
        chain.append(edge)
        current = edge[0] if edge[2] == current else edge[2]
    return tuple(reversed(chain))


def full_network(snapshot: Snapshot) -> nx.MultiDiGraph[str]:
    """All links between entities. Reads the whole default graph: for analysis and checks, not for requests."""
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for quad in snapshot.store.quads_for_pattern(None, None, None, DEFAULT):
        if edge := _as_link(snapshot, quad):
            graph.add_edge(edge[0], edge[2], key=edge[1])
    return graph
