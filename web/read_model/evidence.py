"""Evidence behind facts, for the page “why?”: the claims on one edge, or on all edges between a few terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, islice
from typing import Final

import pyoxigraph as ox

from graph.claims.acceptance import claims_on
from graph.claims.evidence import evidence_of_fact
from graph.entities.entity_facts import value_of
from graph.model import Value
from graph.storage.snapshot import DEFAULT, Snapshot, node
from web.read_model.live_generation import View
from web.read_model.overview import ref
from web.read_model.reader import EdgeEvidence

__all__ = ["MAX_EDGES", "edge_evidence", "evidence_between", "literal_of"]

MAX_EDGES: Final = 40
"""Edges explained on one page."""

MAX_TERMS: Final = 6
"""Entities that edges are looked for between, and as many literals."""

MAX_CLAIMS: Final = 2_000
"""Claims read for one pair of entities."""

Object = ox.NamedNode | ox.Literal
Triple = tuple[str, str, Object]


def evidence_between(view: View, terms: Iterable[str]) -> tuple[EdgeEvidence, ...]:
    """Every fact and claim between the terms: entities by IRI, literals as N-Triples writes them."""
    distinct = list(dict.fromkeys(terms))
    entities = _entities(distinct)
    between_entities = (
        triple
        for first, second in combinations(entities, 2)
        for start, end in ((first, second), (second, first))
        for triple in _triples(view.snapshot, start, end)
    )
    to_literals = (
        (entity.value, quad.predicate.value, literal)
        for literal in _literals(distinct)
        for entity in entities
        for quad in view.snapshot.store.quads_for_pattern(entity, None, literal, DEFAULT)
    )
    triples = dict.fromkeys(chain(between_entities, to_literals))
    return tuple(_with_evidence(view, triple) for triple in islice(triples, MAX_EDGES))


def edge_evidence(view: View, subject: str, predicate: str, obj: Value) -> EdgeEvidence | None:
    """One edge with its evidence; None where the graph neither holds nor claims it."""
    target = node(obj.value) if obj.kind == "iri" else literal_of(obj)
    if node(subject) is None or node(predicate) is None or target is None:
        return None
    edge = _with_evidence(view, (subject, predicate, target))
    return edge if edge.asserted or edge.evidence else None


def literal_of(value: Value) -> ox.Literal | None:
    """None where no graph can hold it: its language tag is not well-formed, or its datatype is no IRI."""
    try:
        if value.language:
            return ox.Literal(value.value, language=value.language)
        return ox.Literal(value.value, datatype=ox.NamedNode(value.datatype) if value.datatype else None)
    except ValueError:
        return None


def _entities(terms: list[str]) -> list[ox.NamedNode]:
    nodes = (node(term) for term in terms if not term.startswith('"'))
    return list(islice((entity for entity in nodes if entity is not None), MAX_TERMS))


def _literals(terms: list[str]) -> Iterator[ox.Literal]:
    """Those of the terms that N-Triples reads as one literal."""
    for term in islice((term for term in terms if term.startswith('"')), MAX_TERMS):
        try:
            (quad,) = ox.parse(f"<x:s> <x:p> {term} .", ox.RdfFormat.N_TRIPLES)
        except (ValueError, SyntaxError):
            continue
        if isinstance(quad.object, ox.Literal):
            yield quad.object


def _triples(snapshot: Snapshot, start: ox.NamedNode, end: ox.NamedNode) -> Iterator[Triple]:
    for quad in snapshot.store.quads_for_pattern(start, None, end, DEFAULT):
        yield start.value, quad.predicate.value, end
    for claim in claims_on(snapshot.store, subject=start, obj=end, limit=MAX_CLAIMS):
        yield start.value, claim.predicate.value, end


def _with_evidence(view: View, triple: Triple) -> EdgeEvidence:
    subject, predicate, obj = triple
    snapshot = view.snapshot
    quads = snapshot.store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), obj, DEFAULT)
    return EdgeEvidence(
        subject=ref(view, subject),
        predicate=ref(view, predicate),
        value=value_of(snapshot, obj),
        evidence=evidence_of_fact(snapshot, subject, predicate, obj),
        asserted=next(quads, None) is not None,
    )
