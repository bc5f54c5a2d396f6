"""What is similar to an entry or a passage, by its text, by its place in the graph, or by both, and which of these."""

from __future__ import annotations

from typing import Final

from graph.entities.shared_neighbours import Alike, alike, alike_passages
from graph.storage.snapshot import Snapshot
from search.types import Hit
from web.read_model.live_generation import View
from web.read_model.overview import ref
from web.read_model.reader import Basis, Ref, Similar

__all__ = ["MAX_CANDIDATES", "merged", "neighbours"]

MAX_CANDIDATES: Final = 30
"""Candidates of each kind."""

_CONSTANT: Final = 10
"""Of the reciprocal ranks that are added: the measures have no common scale."""


def neighbours(snapshot: Snapshot, iri: str) -> tuple[Alike, ...]:
    """By the graph alone."""
    return (alike_passages if snapshot.passage(iri) else alike)(snapshot, iri, MAX_CANDIDATES)


def merged(
    view: View, iri: str, by_text: tuple[Hit, ...], by_graph: tuple[Alike, ...], limit: int
) -> tuple[Similar, ...]:
    """Both lists in one: what stands high in either comes first, what is in both before what is in one."""
    texts = {hit.iri: hit for hit in by_text if _of_a_kind(view.snapshot, iri, hit.iri)}
    graph = {each.iri: each for each in by_graph if _of_a_kind(view.snapshot, iri, each.iri)}
    points: dict[str, float] = {}
    for ranked in (list(texts), list(graph)):
        for place, each in enumerate(ranked):
            points[each] = points.get(each, 0.0) + 1 / (_CONSTANT + place)
    best = sorted(points, key=lambda each: (-points[each], each))[:limit]
    return tuple(_similar(view, each, texts.get(each), graph.get(each)) for each in best)


def _of_a_kind(snapshot: Snapshot, iri: str, other: str) -> bool:
    """Whether they share a class: a cluster is like a cluster, not like its partner."""
    own, theirs = ({obj.value for obj in snapshot.objects(each, "rdf:type")} for each in (iri, other))
    return not own or not own.isdisjoint(theirs)


def _similar(view: View, iri: str, hit: Hit | None, shared: Alike | None) -> Similar:
    basis: Basis = "both" if hit and shared else "text" if hit else "graph"
    passage = view.snapshot.passage(iri)
    document = view.snapshot.document(passage.document) if passage else None
    about = Ref(iri, document.title) if document else ref(view, iri)
    return Similar(
        about,
        basis,
        hit.explain.dense_raw if hit else None,
        tuple(ref(view, name) for name in shared.shared) if shared else (),
        passage.text[:300] if passage else "",
    )
