"""What a fact rests on: the claims behind it, each with its source and, where held, its sentence.

Evidence is *quoted* (a span of a document in the atlas), *cited* (a source whose text is not held) or
*background* (no source at all); the three never mix. The atlas's own notes carry no claims.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

import pyoxigraph as ox

from graph.acceptance import Claim, Object, claims_on
from graph.model import Evidence, EvidenceKind, Status
from graph.store import Snapshot, node, term
from graph.vocabulary import expand

__all__ = ["CLAIMS_QUERY", "behind", "claims_about", "evidence_of", "order"]

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

_RANK: Final = {"official": 0, "academic": 1, "dataset": 2, "press": 3, "secondary": 4, "low": 5, "memory": 6}
_KIND: Final = {"quoted": 0, "cited": 1, "background": 2}
_STATUS: Final[dict[str, Status]] = {expand(f"ca:{name}"): name for name in get_args(Status)}


def evidence_of(snapshot: Snapshot, claim: Claim) -> Evidence:
    """The claim as a reader should see it."""
    source = snapshot.source(claim.graph.value)
    quote = claim.detail(term("ca:quote"))
    passage = claim.detail(term("ca:quotedIn"))
    kind: EvidenceKind = "cited"
    if source.reliability == "memory":
        kind = "background"
    elif quote and passage and source.held:
        kind = "quoted"
    return Evidence(
        kind=kind,
        claim=claim.iri.value,
        source=source,
        status=_STATUS.get(claim.detail(term("ca:status")) or "", "proposed"),
        note=claim.detail(term("ca:note")),
        confidence=claim.detail(term("ca:confidence")),
        valid_from=claim.detail(term("ca:validFrom")),
        valid_to=claim.detail(term("ca:validTo")),
        as_of=claim.detail(term("ca:asOf")),
        quote=quote if kind == "quoted" else None,
        passage=passage if kind == "quoted" else None,
        document=claim.graph.value if kind == "quoted" else None,
    )


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


def claims_about(snapshot: Snapshot, iri: ox.NamedNode, limit: int) -> dict[tuple[str, str, str], tuple[Evidence, ...]]:
    """All evidence for triples that start or end at an entity, by (subject, predicate, object) in N-Triples form."""
    found: dict[tuple[str, str, str], list[Evidence]] = {}
    for claims in (
        claims_on(snapshot.store, subject=iri, limit=limit),
        claims_on(snapshot.store, obj=iri, limit=limit),
    ):
        for claim in claims:
            key = (str(claim.subject), str(claim.predicate), str(claim.object))
            held = found.setdefault(key, [])
            if all(evidence.claim != claim.iri.value for evidence in held):
                held.append(evidence_of(snapshot, claim))
    return {key: order(held) for key, held in found.items()}
