"""Entities and passages that stand alike in the graph: they share neighbours, the rarer these, the more alike.

The measure is that of Adamic and Adar, "Friends and neighbors on the Web" (2003): the sum over shared neighbours of
1 / log(1 + degree). A neighbour of everything says nothing, so hubs are passed over, and every step is bounded.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from graph.entities.network import links_of
from graph.linking.entity_names import is_bookkeeping
from graph.storage.snapshot import Snapshot

__all__ = ["Alike", "alike", "alike_passages"]

_NEIGHBOURS: Final = 100
_HUB: Final = 120
"""Neighbours with more links than this are passed over."""

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Alike:
    """`shared`: the most telling shared neighbours, up to three."""

    iri: str
    score: float
    shared: tuple[str, ...]


def alike(snapshot: Snapshot, iri: str, limit: int) -> tuple[Alike, ...]:
    """The entities that share most with one, best first; ties by IRI."""
    near = sorted(set(islice(links_of(snapshot, iri), _NEIGHBOURS)))
    around = {each: sorted(set(islice(links_of(snapshot, each), _HUB + 1))) for each in near}
    told = _told(around, iri)
    return _best((each for each in told if not is_bookkeeping(snapshot, each)), told, limit)


def alike_passages(snapshot: Snapshot, iri: str, limit: int) -> tuple[Alike, ...]:
    """The passages that mention the same entities, those of the same document apart."""
    named = sorted({obj.value for obj in snapshot.objects(iri, "schema:mentions")})[:_NEIGHBOURS]
    around = {each: sorted(islice(snapshot.mentioning(each), _HUB + 1)) for each in named}
    told = _told(around, iri)
    own = snapshot.value(iri, "dcterms:isPartOf")
    return _best((each for each in told if snapshot.value(each, "dcterms:isPartOf") != own), told, limit)


def _told(around: dict[str, list[str]], iri: str) -> dict[str, list[tuple[float, str]]]:
    """Others → how much each shared neighbour says, and which."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for neighbour, others in around.items():
        if 1 < len(others) <= _HUB:
            weight = 1 / math.log(1 + len(others))
            for other in others:
                if other != iri and other not in around:
                    found[other].append((weight, neighbour))
    return found


def _best(iris: Iterable[str], told: dict[str, list[tuple[float, str]]], limit: int) -> tuple[Alike, ...]:
    ranked = sorted(iris, key=lambda iri: (-sum(weight for weight, _ in told[iri]), iri))
    return tuple(_alike(iri, told[iri]) for iri in islice(_unique(ranked), limit))


def _alike(iri: str, told: list[tuple[float, str]]) -> Alike:
    shared = tuple(name for _, name in sorted(told, key=lambda pair: (-pair[0], pair[1]))[:_SHOWN])
    return Alike(iri, sum(weight for weight, _ in told), shared)


def _unique(iris: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(iris)
