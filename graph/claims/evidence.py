"""What a fact rests on: the claims behind it, each with its source and, where held, its sentence.

Evidence is *quoted* (a span of a document in the atlas), *cited* (a source whose text is not held) or
*background* (no source at all); the three never mix. The atlas's own notes carry no claims.
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

__all__ = ["CLAIMS_QUERY", "Quoted", "behind", "by_edge", "claims_about", "evidence_of", "order", "quote_in"]

CLAIMS_QUERY: Final = """\
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX ca: <https://w3id.org/creative-atlas/ontology#>
SELECT ?source ?claim ?status ?note WHERE {
  GRAPH ?source {
    ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; ca:status ?status .
    OPTIONAL { ?claim ca:note ?note }
  }
}"""
"""The documented query: bind ?s, ?p and ?o to list the claims behind any edge."""

_PARTS: Final = tuple(expand(f"ca:{name}") for name in ("quote", "quotedIn", "quoteStart", "quoteEnd"))
_MARK: Final = expand("ca:mark")
_STATUS_OF: Final = expand("ca:status")
_SPAN: Final = re.compile(r"\d{1,9}-\d{1,9}")
_RANK: Final = {"official": 0, "academic": 1, "dataset": 2, "press": 3, "secondary": 4, "low": 5, "memory": 6}
_KIND: Final = {"quoted": 0, "cited": 1, "background": 2}
_STATUS: Final[dict[str, Status]] = {expand(f"ca:{name}"): name for name in get_args(Status)}


def evidence_of(snapshot: Snapshot, claim: Claim) -> Evidence:
    """The claim as a reader should see it."""
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
    """The words of a passage that stand behind a claim. `marks` are offsets into `text`."""

    text: str
    passage: str
    document: str
    page: int
    marks: tuple[tuple[int, int], ...]
    offered: bool


def _quote(snapshot: Snapshot, claim: Claim) -> Quoted | None:
    """The claim's own quote, else one that the ingested text of its source offers (see `graph.quotes`)."""
    own: dict[str, set[str]] = {}
    for name, obj in claim.details:
        own.setdefault(name, set()).add(obj.value)
    found = _exact(snapshot, own, offered=False)
    offers = snapshot.store.quads_for_pattern(None, term("ca:quoteOf"), claim.iri, None)
    for quad in sorted(offers, key=lambda quad: str(quad.subject)):
        if found is None:
            values: dict[str, set[str]] = {}
            for each in snapshot.store.quads_for_pattern(quad.subject, None, None, quad.graph_name):
                values.setdefault(each.predicate.value, set()).add(getattr(each.object, "value", ""))
            status = values.get(_STATUS_OF, set())
            if expand("ca:rejected") not in status:
                found = _exact(snapshot, values, offered=expand("ca:accepted") not in status)
    return found


def quote_in(snapshot: Snapshot, quote: object, graph: ox.NamedNode) -> Quoted | None:
    """A quote of a document's graph; None where the passage no longer holds it."""
    values: dict[str, set[str]] = {}
    for each in snapshot.store.quads_for_pattern(quote, None, None, graph):  # type: ignore[arg-type]
        values.setdefault(each.predicate.value, set()).add(getattr(each.object, "value", ""))
    return _exact(snapshot, values, offered=True)


def _exact(snapshot: Snapshot, values: dict[str, set[str]], *, offered: bool) -> Quoted | None:
    """A quote only where the passage that is held has these very words in that place."""
    text, passage, start, end = (min(values.get(name, ()), default=None) for name in _PARTS)
    held = snapshot.passage(passage) if passage else None
    if text is None or held is None:
        return None
    if start is not None and end is not None:
        if held.text[int(start) : int(end)] != text:
            return None
    elif text not in held.text:
        return None
    marks = sorted(tuple(map(int, mark.split("-"))) for mark in values.get(_MARK, ()) if _SPAN.fullmatch(mark))
    return Quoted(text, held.iri, held.document, held.page, tuple((m[0], m[1]) for m in marks), offered)


def order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Best first: quoted before cited before background, then by reliability, then the newest."""
    newest_first = sorted(evidence, key=lambda e: (e.source.date or "", e.claim), reverse=True)
    return tuple(sorted(newest_first, key=lambda e: (_KIND[e.kind], _RANK[e.source.reliability])))


def behind(snapshot: Snapshot, subject: str, predicate: str, obj: Object) -> tuple[Evidence, ...]:
    """The evidence for one edge, best first; empty where nothing claims it."""
    found, relation = node(subject), node(predicate)
    if found is None or relation is None:
        return ()
    claims = claims_on(snapshot.store, subject=found, obj=obj)
    return order(evidence_of(snapshot, claim) for claim in claims if claim.predicate == relation)


def claims_about(snapshot: Snapshot, iri: ox.NamedNode, limit: int) -> tuple[Claim, ...]:
    """Every claim that has the entity at either end, each once; `limit` bounds either end."""
    found = {claim.iri: claim for claim in claims_on(snapshot.store, subject=iri, limit=limit)}
    for claim in claims_on(snapshot.store, obj=iri, limit=limit):
        found.setdefault(claim.iri, claim)
    return tuple(found.values())


def by_edge(snapshot: Snapshot, claims: Iterable[Claim]) -> dict[tuple[str, str, str], tuple[Evidence, ...]]:
    """The evidence of claims, best first, by what they say: (subject, predicate, object) in N-Triples form."""
    found: dict[tuple[str, str, str], list[Evidence]] = {}
    for claim in claims:
        key = (str(claim.subject), str(claim.predicate), str(claim.object))
        found.setdefault(key, []).append(evidence_of(snapshot, claim))
    return {key: order(held) for key, held in found.items()}
