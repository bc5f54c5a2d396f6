"""Entities or passages similar to one, by their texts, by their neighbours in the graph, or by both."""

from __future__ import annotations

from typing import Final

from graph.entities.shared_neighbours import SimilarEntity, similar_entities, similar_passages
from graph.storage.snapshot import Snapshot
from search.types import Hit
from web.read_model.live_generation import View
from web.read_model.overview import ref
from web.read_model.reader import Basis, Ref, Similar

__all__ = ["MAX_CANDIDATES", "merged", "neighbours"]

MAX_CANDIDATES: Final = 30
"""Candidates taken by text, and as many by the graph."""

MAX_SNIPPET_CHARS: Final = 300

RANK_CONSTANT: Final = 10
"""Of reciprocal rank fusion (Cormack et al. 2009): the two measures have no common scale, so ranks are added."""


def neighbours(snapshot: Snapshot, iri: str) -> tuple[SimilarEntity, ...]:
    """Candidates by shared neighbours in the graph, best first."""
    return (similar_passages if snapshot.passage(iri) else similar_entities)(snapshot, iri, MAX_CANDIDATES)


def merged(
    view: View, iri: str, by_text: tuple[Hit, ...], by_graph: tuple[SimilarEntity, ...], limit: int
) -> tuple[Similar, ...]:
    """Both lists fused by reciprocal rank: what is in both lists comes before what is in one. At most `limit`."""
    hits = {hit.iri: hit for hit in by_text if _share_a_class(view.snapshot, iri, hit.iri)}
    neighbours = {other.iri: other for other in by_graph if _share_a_class(view.snapshot, iri, other.iri)}
    scores: dict[str, float] = {}
    for ranking in (list(hits), list(neighbours)):
        for rank, other in enumerate(ranking):
            scores[other] = scores.get(other, 0.0) + 1 / (RANK_CONSTANT + rank)
    best = sorted(scores, key=lambda other: (-scores[other], other))[:limit]
    return tuple(_similar(view, other, hits.get(other), neighbours.get(other)) for other in best)


def _share_a_class(snapshot: Snapshot, iri: str, other: str) -> bool:
    """A cluster is similar to a cluster, not to its partner. An entity without a class is similar to any."""
    own, theirs = ({obj.value for obj in snapshot.objects(name, "rdf:type")} for name in (iri, other))
    return not own or not own.isdisjoint(theirs)


def _similar(view: View, iri: str, hit: Hit | None, shared: SimilarEntity | None) -> Similar:
    basis: Basis = "both" if hit and shared else "text" if hit else "graph"
    passage = view.snapshot.passage(iri)
    document = view.snapshot.document(passage.document) if passage else None
    return Similar(
        ref=Ref(iri, document.title) if document else ref(view, iri),
        basis=basis,
        text=hit.explain.dense_raw if hit else None,
        shared=tuple(ref(view, name) for name in shared.shared) if shared else (),
        snippet=passage.text[:MAX_SNIPPET_CHARS] if passage else "",
    )
