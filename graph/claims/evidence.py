"""Evidence of a fact: the claims behind it, each with its source and, where the atlas has the text, the sentence.

Evidence is *quoted* (a span of a document in the atlas), *cited* (a source whose text is not in the atlas) or
*background* (no source at all); the three never mix. The atlas's own notes make no claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, get_args

import pyoxigraph as ox

from graph.claims.acceptance import Claim, Object, claims_on
from graph.model import Evidence, EvidenceKind, Status
from graph.storage.snapshot import Snapshot, node, term
from graph.vocabulary import expand

__all__ = ["CLAIMS_QUERY", "Quoted", "by_edge", "claims_about", "evidence_of", "evidence_of_fact", "order", "quote_in"]

CLAIMS_QUERY: Final = """\
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX ca: <https://w3id.org/creative-atlas/ontology#>
SELECT ?source ?claim ?status ?note WHERE {
  GRAPH ?source {
    ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; ca:status ?status .
    OPTIONAL { ?claim ca:note ?note }
  }
}"""
"""Documented query: with ?s, ?p and ?o bound it lists the claims behind an edge."""

_PARTS: Final = tuple(expand(f"ca:{name}") for name in ("quote", "quotedIn", "quoteStart", "quoteEnd"))
_MARK: Final = expand("ca:mark")
_STATUS_OF: Final = expand("ca:status")
_SPAN: Final = re.compile(r"\d{1,9}-\d{1,9}")
_RANK: Final = {"official": 0, "academic": 1, "dataset": 2, "press": 3, "secondary": 4, "low": 5, "memory": 6}
_KIND: Final = {"quoted": 0, "cited": 1, "background": 2}
Node = ox.NamedNode | ox.BlankNode | ox.Triple
Graph = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

_STATUS: Final[dict[str, Status]] = {expand(f"ca:{name}"): name for name in get_args(Status)}


def evidence_of(snapshot: Snapshot, claim: Claim) -> Evidence:
    """The claim as evidence: its kind, source, status, dates and quote."""
    source = snapshot.source(claim.graph.value)
    kind: EvidenceKind = "background" if source.reliability == "memory" else "cited"
    quote = _quote(snapshot, claim) if kind == "cited" else None
    return Evidence(
        kind="quoted" if quote else kind,
        claim=claim.iri.value,
        source=source,
        status=_STATUS.get(claim.detail(term("ca:status")) or "", "proposed"),
        note=claim.detail(term("ca:note")),
        confidence=claim.detail(term("ca:confidence")),
        valid_from=claim.detail(term("ca:validFrom")),
        valid_to=claim.detail(term("ca:validTo")),
        as_of=claim.detail(term("ca:asOf")),
        quote=quote.text if quote else None,
        passage=quote.passage if quote else None,
        document=quote.document if quote else None,
        page=quote.page if quote else 0,
        highlights=quote.marks if quote else (),
        offered=quote.offered if quote else False,
    )


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words of a passage that support a claim. `marks` are [start, end) offsets into `text`.

    `offered`: no reviewer has confirmed the quote yet.
    """

    text: str
    passage: str
    document: str
    page: int
    marks: tuple[tuple[int, int], ...]
    offered: bool


def _quote(snapshot: Snapshot, claim: Claim) -> Quoted | None:
    """The claim's own quote, else one that was proposed from the text of its source (see `graph.quotes`)."""
    own: dict[str, set[str]] = {}
    for name, obj in claim.details:
        own.setdefault(name, set()).add(obj.value)
    quote = _verbatim(snapshot, own, offered=False)
    proposed = snapshot.store.quads_for_pattern(None, term("ca:quoteOf"), claim.iri, None)
    for quad in sorted(proposed, key=lambda quad: str(quad.subject)):
        if quote is None:
            values = _values(snapshot, quad.subject, quad.graph_name)
            status = values.get(_STATUS_OF, set())
            if expand("ca:rejected") not in status:
                quote = _verbatim(snapshot, values, offered=expand("ca:accepted") not in status)
    return quote


def quote_in(snapshot: Snapshot, quote: Node, graph: Graph) -> Quoted | None:
    """A quote of a document's graph; None where the passage no longer has its words."""
    return _verbatim(snapshot, _values(snapshot, quote, graph), offered=True)


def _values(snapshot: Snapshot, subject: Node, graph: Graph) -> dict[str, set[str]]:
    """Predicate → values of a node in one graph."""
    values: dict[str, set[str]] = {}
    for quad in snapshot.store.quads_for_pattern(subject, None, None, graph):
        values.setdefault(quad.predicate.value, set()).add(getattr(quad.object, "value", ""))
    return values


def _verbatim(snapshot: Snapshot, values: dict[str, set[str]], *, offered: bool) -> Quoted | None:
    """The quote; None unless the passage in the atlas has exactly these words in that place."""
    text, passage_iri, start, end = (min(values.get(name, ()), default=None) for name in _PARTS)
    passage = snapshot.passage(passage_iri) if passage_iri else None
    if text is None or passage is None:
        return None
    if start is not None and end is not None:
        if passage.text[int(start) : int(end)] != text:
            return None
    elif text not in passage.text:
        return None
    spans = sorted(tuple(map(int, mark.split("-"))) for mark in values.get(_MARK, ()) if _SPAN.fullmatch(mark))
    return Quoted(
        text,
        passage=passage.iri,
        document=passage.document,
        page=passage.page,
        marks=tuple((span[0], span[1]) for span in spans),
        offered=offered,
    )


def order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Evidence in order, best first: quoted before cited before background, then by reliability, then the newest."""
    newest_first = sorted(evidence, key=lambda item: (item.source.date or "", item.claim), reverse=True)
    return tuple(sorted(newest_first, key=lambda item: (_KIND[item.kind], _RANK[item.source.reliability])))


def evidence_of_fact(snapshot: Snapshot, subject: str, predicate: str, obj: Object) -> tuple[Evidence, ...]:
    """Evidence of one edge, best first; empty where nothing claims it.

    >>> pec = ox.NamedNode("https://example.org/pec")
    >>> publisher = "http://purl.org/dc/terms/publisher"
    >>> [item.source.title for item in evidence_of_fact(snapshot, "https://example.org/radar", publisher, pec)]
    ['Source official', 'Source blog']
    """
    entity, relation = node(subject), node(predicate)
    if entity is None or relation is None:
        return ()
    claims = claims_on(snapshot.store, subject=entity, obj=obj)
    return order(evidence_of(snapshot, claim) for claim in claims if claim.predicate == relation)


def claims_about(snapshot: Snapshot, iri: ox.NamedNode, limit: int) -> tuple[Claim, ...]:
    """Claims that have the entity as subject or object, each once; `limit` at most for each of the two."""
    claims = {claim.iri: claim for claim in claims_on(snapshot.store, subject=iri, limit=limit)}
    for claim in claims_on(snapshot.store, obj=iri, limit=limit):
        claims.setdefault(claim.iri, claim)
    return tuple(claims.values())


def by_edge(snapshot: Snapshot, claims: Iterable[Claim]) -> dict[tuple[str, str, str], tuple[Evidence, ...]]:
    """Claimed triple (subject, predicate, object in N-Triples form) → its evidence, best first."""
    by_triple: dict[tuple[str, str, str], list[Evidence]] = {}
    for claim in claims:
        key = (str(claim.subject), str(claim.predicate), str(claim.object))
        by_triple.setdefault(key, []).append(evidence_of(snapshot, claim))
    return {key: order(evidence) for key, evidence in by_triple.items()}
