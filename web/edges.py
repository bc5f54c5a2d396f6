"""What ties entries together, and what stands behind each tie: for “why?” beside a row of results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Final

import pyoxigraph as ox

from graph.acceptance import claims_on
from graph.entities import value_of
from graph.evidence import behind
from graph.model import Value
from graph.store import DEFAULT, Snapshot, node
from web.live import View
from web.overview import ref
from web.reads import Backed

__all__ = ["MOST_EDGES", "among", "connected", "named_in", "why"]

MOST_EDGES: Final = 40
"""Edges that are explained at once."""

_MOST_IRIS: Final = 6
_MOST_CLAIMS: Final = 2_000

Object = ox.NamedNode | ox.Literal
Triple = tuple[str, str, Object]


def connected(snapshot: Snapshot, iris: Iterable[str]) -> tuple[str, ...]:
    """Those of the IRIs that a fact ties to another of them, in their order. Only the first six are looked at."""
    nodes = _nodes(iris)
    tied: set[str] = set()
    for one, other in combinations(nodes.values(), 2):
        if any(
            next(snapshot.store.quads_for_pattern(*ends, DEFAULT), None)
            for ends in ((one, None, other), (other, None, one))
        ):
            tied.update((one.value, other.value))
    return tuple(iri for iri in nodes if iri in tied)


def named_in(row: Iterable[Value | None], known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The entries in a row: IRIs, and names that just one entry bears (`known` maps folded names to IRIs)."""
    for value in row:
        if value is None:
            continue
        if value.kind == "iri":
            yield value.value
        elif len(found := known.get(value.value.casefold(), ())) == 1:
            yield found[0]


def among(view: View, iris: Iterable[str]) -> tuple[Backed, ...]:
    """Every fact and claim between the IRIs, each with its evidence."""
    nodes = _nodes(iris)
    found = (
        triple
        for one, other in combinations(nodes.values(), 2)
        for ends in ((one, other), (other, one))
        for triple in _between(view.snapshot, *ends)
    )
    return tuple(_backed(view, triple) for triple in islice(dict.fromkeys(found), MOST_EDGES))


def why(view: View, subject: str, predicate: str, obj: Value) -> tuple[Backed, ...]:
    """One edge with its evidence; empty where the graph neither holds nor claims it."""
    ends, relation = node(subject), node(predicate)
    target = _object(obj)
    if ends is None or relation is None or target is None:
        return ()
    found = _backed(view, (subject, predicate, target))
    return (found,) if found.asserted or found.evidence else ()


def _nodes(iris: Iterable[str]) -> dict[str, ox.NamedNode]:
    made = ((iri, node(iri)) for iri in islice(dict.fromkeys(iris), _MOST_IRIS))
    return {iri: each for iri, each in made if each is not None}


def _between(snapshot: Snapshot, one: ox.NamedNode, other: ox.NamedNode) -> Iterator[Triple]:
    for quad in snapshot.store.quads_for_pattern(one, None, other, DEFAULT):
        yield one.value, quad.predicate.value, other
    for claim in claims_on(snapshot.store, subject=one, obj=other, limit=_MOST_CLAIMS):
        yield one.value, claim.predicate.value, other


def _backed(view: View, triple: Triple) -> Backed:
    subject, predicate, obj = triple
    snapshot = view.snapshot
    held = snapshot.store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), obj, DEFAULT)
    return Backed(
        subject=ref(view, subject),
        predicate=ref(view, predicate),
        value=value_of(snapshot, obj),
        evidence=behind(snapshot, subject, predicate, obj),
        asserted=next(held, None) is not None,
    )


def _object(value: Value) -> Object | None:
    if value.kind == "iri":
        return node(value.value)
    try:
        if value.language:
            return ox.Literal(value.value, language=value.language)
        datatype = node(value.datatype) if value.datatype else None
        return ox.Literal(value.value, datatype=datatype)
    except ValueError:
        return None  # a language tag that is none: no such literal can be in the graph
