"""What a reviewer decides on: quotes that were found by matching words, and are offered until somebody has looked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from graph.claims.acceptance import Claim, claim_named
from graph.claims.evidence import quote_in
from graph.entities.view import value_of
from graph.errors import InputError
from graph.model import Passage, Source, Value
from graph.storage.snapshot import Snapshot, node, term
from graph.vocabulary import PREFIXES

__all__ = ["Offer", "decision", "offers", "read_offers", "require_offer"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote that waits for a decision, and the claim that it would support. `marks` are offsets into `quote`."""

    iri: str
    document: str
    subject: Value
    predicate: Value
    object: Value
    source: Source
    quote: str
    passage: Passage
    marks: tuple[tuple[int, int], ...]


def offers(snapshot: Snapshot, document: str | None = None) -> list[str]:
    """IRIs of the quotes that wait, of one document or of all, in order."""
    graph = node(document) if document else None
    if document and graph is None:
        return []
    found = snapshot.store.quads_for_pattern(None, term("ca:status"), term("ca:proposed"), graph)
    return sorted(
        quad.subject.value
        for quad in found
        if isinstance(quad.subject, ox.NamedNode) and _is_quote(snapshot, quad.subject, quad.graph_name)
    )


def read_offer(snapshot: Snapshot, iri: str) -> Offer | None:
    """None for what is no quote, or no longer fits its passage or claim."""
    found = node(iri)
    quad = next(iter(snapshot.store.quads_for_pattern(found, term("ca:quoteOf"), None, None)), None) if found else None
    if quad is None or not isinstance(quad.object, ox.NamedNode) or not isinstance(quad.graph_name, ox.NamedNode):
        return None
    claim = claim_named(snapshot.store, quad.object)
    held = quote_in(snapshot, quad.subject, quad.graph_name)
    passage = snapshot.passage(held.passage) if held else None
    if claim is None or held is None or passage is None:
        return None
    subject, predicate, obj = _ends(snapshot, claim)
    source = snapshot.source(claim.graph.value)
    return Offer(iri, held.document, subject, predicate, obj, source, held.text, passage, held.marks)


def read_offers(snapshot: Snapshot, iris: list[str]) -> Iterator[Offer]:
    yield from (found for iri in iris if (found := read_offer(snapshot, iri)))


def require_offer(snapshot: Snapshot, iri: str) -> None:
    """Raises InputError for what is no offered quote."""
    found = node(iri)
    if found is None or not _is_quote(snapshot, found, None):
        raise InputError(
            f"{iri[:200]} is no offered quote.", "See the list: creative-atlas quotes, or the page /quotes."
        )


def decision(iri: str, *, accept: bool) -> str:
    """The SPARQL update that notes it. An accepted quote is shown as reviewed, a rejected one no more; both stay."""
    status = "accepted" if accept else "rejected"
    return f"""PREFIX ca: <{PREFIXES["ca"]}>
DELETE {{ GRAPH ?g {{ <{iri}> ca:status ?old }} }} INSERT {{ GRAPH ?g {{ <{iri}> ca:status ca:{status} }} }}
WHERE {{ GRAPH ?g {{ <{iri}> a ca:Quote ; ca:status ?old }} }}"""


def _is_quote(snapshot: Snapshot, found: ox.NamedNode, graph: object) -> bool:
    pattern = (found, term("rdf:type"), term("ca:Quote"), graph)
    return any(True for _ in snapshot.store.quads_for_pattern(*pattern))  # type: ignore[arg-type]


def _ends(snapshot: Snapshot, claim: Claim) -> tuple[Value, Value, Value]:
    subject, predicate, obj = (value_of(snapshot, each) for each in claim.triple)
    return subject, predicate, obj
