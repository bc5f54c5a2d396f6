"""What stands behind the ties of a row of results: the page “why?”."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, islice
from typing import Final

import pyoxigraph as ox

from graph.claims.acceptance import claims_on
from graph.claims.evidence import behind
from graph.entities.view import value_of
from graph.model import Value
from graph.storage.snapshot import DEFAULT, Snapshot, node
from web.read_model.live_generation import View
from web.read_model.overview import ref
from web.read_model.reader import Backed
from web.read_model.ties import literal_of

__all__ = ["MOST_EDGES", "among", "why"]

MOST_EDGES: Final = 40
"""Edges that are explained at once."""

_MOST_ENDS: Final = 6
"""Entries that are looked at, and literals."""

_MOST_CLAIMS: Final = 2_000

Object = ox.NamedNode | ox.Literal
Triple = tuple[str, str, Object]


def among(view: View, ends: Iterable[str]) -> tuple[Backed, ...]:
    """Every fact and claim between the entries (IRIs) and literals (N-Triples) of `ends`, each with its evidence."""
    told = list(ends)
    nodes = _nodes(told)
    found = chain(
        (
            triple
            for one, other in combinations(nodes, 2)
            for pair in ((one, other), (other, one))
            for triple in _between(view.snapshot, *pair)
        ),
        (
            (each.value, quad.predicate.value, literal)
            for literal in _literals(told)
            for each in nodes
            for quad in view.snapshot.store.quads_for_pattern(each, None, literal, DEFAULT)
        ),
    )
    return tuple(_backed(view, triple) for triple in islice(dict.fromkeys(found), MOST_EDGES))


def why(view: View, subject: str, predicate: str, obj: Value) -> tuple[Backed, ...]:
    """One edge with its evidence; empty where the graph neither holds nor claims it."""
    ends, relation = node(subject), node(predicate)
    target = node(obj.value) if obj.kind == "iri" else literal_of(obj)
    if ends is None or relation is None or target is None:
        return ()
    found = _backed(view, (subject, predicate, target))
    return (found,) if found.asserted or found.evidence else ()


def _nodes(ends: Iterable[str]) -> list[ox.NamedNode]:
    made = (node(each) for each in dict.fromkeys(ends) if not each.startswith('"'))
    return list(islice((each for each in made if each is not None), _MOST_ENDS))


def _literals(ends: Iterable[str]) -> Iterator[ox.Literal]:
    """Those of the ends that N-Triples takes for one literal."""
    for each in islice((each for each in dict.fromkeys(ends) if each.startswith('"')), _MOST_ENDS):
        try:
            (quad,) = ox.parse(f"<x:s> <x:p> {each} .", ox.RdfFormat.N_TRIPLES)
        except (ValueError, SyntaxError):
            continue
        if isinstance(quad.object, ox.Literal):
            yield quad.object


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
