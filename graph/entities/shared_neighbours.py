"""Similarity of entities, and of passages, by shared neighbours in the graph.

The score is the one of Adamic and Adar, "Friends and neighbors on the Web" (2003): the sum over shared neighbours of
1 / log(1 + degree); higher is more similar. Hubs tell nothing, so they are passed over, and every step is bounded.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from graph.entities.network import links_of
from graph.linking.entity_names import is_bookkeeping
from graph.storage.snapshot import Snapshot

__all__ = ["SimilarEntity", "similar_entities", "similar_passages"]

MAX_NEIGHBOURS: Final = 100
MAX_DEGREE: Final = 120
"""Neighbours with more links than this are hubs."""

MAX_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class SimilarEntity:
    """A similar entity or passage. `shared`: the shared neighbours with the highest weights, up to three."""

    iri: str
    score: float
    shared: tuple[str, ...]


def similar_entities(snapshot: Snapshot, iri: str, limit: int) -> tuple[SimilarEntity, ...]:
    """The `limit` most similar entities, best first; ties by IRI.

    >>> similar_entities(snapshot, "https://example.org/radar", limit=3)
    ()
    """
    neighbours = sorted(set(islice(links_of(snapshot, iri), MAX_NEIGHBOURS)))
    links = {neighbour: sorted(set(islice(links_of(snapshot, neighbour), MAX_DEGREE + 1))) for neighbour in neighbours}
    weights = _weights(links, iri)
    return _best((other for other in weights if not is_bookkeeping(snapshot, other)), weights, limit)


def similar_passages(snapshot: Snapshot, iri: str, limit: int) -> tuple[SimilarEntity, ...]:
    """The `limit` passages of other documents that mention the same entities, best first; ties by IRI.

    >>> similar_passages(snapshot, "https://example.org/no-passage", limit=3)
    ()
    """
    entities = sorted({obj.value for obj in snapshot.objects(iri, "schema:mentions")})[:MAX_NEIGHBOURS]
    links = {entity: sorted(islice(snapshot.mentioning(entity), MAX_DEGREE + 1)) for entity in entities}
    weights = _weights(links, iri)
    own = snapshot.value(iri, "dcterms:isPartOf")
    return _best((other for other in weights if snapshot.value(other, "dcterms:isPartOf") != own), weights, limit)


Weights = dict[str, list[tuple[float, str]]]
"""Candidate → (weight, IRI) of each neighbour that it shares."""


def _weights(links: dict[str, list[str]], iri: str) -> Weights:
    """Weights of the candidates for `iri`, whose neighbours and their `links` are given."""
    weights: Weights = defaultdict(list)
    for neighbour, others in links.items():
        if 1 < len(others) <= MAX_DEGREE:
            weight = 1 / math.log(1 + len(others))
            for other in others:
                if other != iri and other not in links:
                    weights[other].append((weight, neighbour))
    return weights


def _best(candidates: Iterable[str], weights: Weights, limit: int) -> tuple[SimilarEntity, ...]:
    ranked = sorted(candidates, key=lambda iri: (-sum(weight for weight, _ in weights[iri]), iri))
    return tuple(_similar_entity(iri, weights[iri]) for iri in ranked[:limit])


def _similar_entity(iri: str, weights: list[tuple[float, str]]) -> SimilarEntity:
    shared = tuple(name for _, name in sorted(weights, key=lambda pair: (-pair[0], pair[1]))[:MAX_REASONS])
    return SimilarEntity(iri, sum(weight for weight, _ in weights), shared)
