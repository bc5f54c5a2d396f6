"""The atlas in figures, its classes, its disagreements: worked out once per generation and kept with the view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pyoxigraph as ox

from graph.gazetteer import NOT_LINKED
from graph.model import Document
from graph.store import DEFAULT, Snapshot, term
from graph.vocabulary import CA, PREFIXES, expand
from web.live import View
from web.reads import Disagreement, Kind, Overview, Position, Ref, Spot, Tone

__all__ = ["disagreements", "documents", "members", "overview", "ref", "tone"]

_RECENT: Final = 5
_QUESTIONS: Final = (
    "access to finance outside the South East",
    "Creative Scale-Up",
    "creative microclusters in the 2020 Radar report",
    "who leads the R&D clusters in Scotland",
)
_SCHEMA_SPACES: Final = tuple(ns for prefix, ns in PREFIXES.items() if prefix != "id")
_TOO_WIDE: Final = frozenset(
    expand(name) for name in ("skos:Concept", "schema:AdministrativeArea", "schema:Thing", "owl:NamedIndividual")
)
_FIRST: Final = tuple(
    expand(name)
    for name in ("ca:Programme", "ca:Theme", "ca:ResearchCluster", "ca:CreativeCluster", "ca:Microcluster",
                 "org:Organization", "schema:Person", "schema:Report", "ca:Statistic", "ca:SubSector", "schema:Place")
)  # fmt: skip
"""Classes that people look for first, in the order of the home page; others follow by size."""
_CLUSTERS: Final = frozenset(expand(name) for name in ("ca:Cluster", "ca:ResearchCluster", "ca:CreativeCluster"))
_TONES: Final[dict[str, Tone]] = {
    expand("foaf:Person"): "person",
    expand("schema:Person"): "person",
    expand("schema:Place"): "place",
    expand("ca:Place"): "place",
}


def _place_of(kind: str) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def tone(types: set[str]) -> Tone:
    return next((_TONES[name] for name in sorted(types) if name in _TONES), "other")


def ref(view: View, iri: str) -> Ref:
    """An IRI as a link: its label, and the most telling of its classes, which is the one with fewest members.

    Where two have as many, the one of our own vocabulary: a statistic, not an observation.
    """
    types = {obj.value for obj in view.snapshot.objects(iri, "rdf:type")}
    by_class = members(view)
    own = min(types, key=lambda name: (len(by_class.get(name, ())) or 1e9, not name.startswith(CA), name), default=None)
    return Ref(iri, view.snapshot.label(iri), view.snapshot.label(own) if own else "", tone(types))


def _members(view: View) -> dict[str, tuple[str, ...]]:
    """Entities by class, each list by label."""
    found: dict[str, list[str]] = {}
    for quad in view.snapshot.store.quads_for_pattern(None, term("rdf:type"), None, DEFAULT):
        if (
            isinstance(quad.subject, ox.NamedNode)
            and isinstance(quad.object, ox.NamedNode)
            and quad.object.value not in NOT_LINKED
            and not quad.subject.value.startswith(_SCHEMA_SPACES)
        ):
            found.setdefault(quad.object.value, []).append(quad.subject.value)
    label = view.snapshot.label
    return {kind: tuple(sorted(iris, key=lambda iri: (label(iri).casefold(), iri))) for kind, iris in found.items()}


def members(view: View) -> dict[str, tuple[str, ...]]:
    return view.once("members", _members)


def _documents(view: View) -> tuple[Document, ...]:
    dated = sorted(view.snapshot.documents(), key=lambda d: (d.title.casefold(), d.iri))
    return tuple(sorted(dated, key=lambda d: d.date or "", reverse=True))


def documents(view: View) -> tuple[Document, ...]:
    """All documents, by date, latest first, undated last."""
    return view.once("documents", _documents)


def _disagreements(view: View) -> tuple[Disagreement, ...]:
    snapshot = view.snapshot
    found = [
        Disagreement(
            iri=iri,
            topic=snapshot.label(iri),
            about=tuple(ref(view, obj.value) for obj in sorted(snapshot.objects(iri, "ca:about"), key=str)),
            positions=tuple(_positions(snapshot, iri)),
            judgement=snapshot.value(iri, "ca:judgement"),
        )
        for iri in snapshot.subjects("rdf:type", expand("ca:Disagreement"))
        # Several dated values, or a slip in a dataset, are no disagreement between sources.
        if snapshot.value(iri, "ca:disagreementKind") in (None, "disagreement")
    ]
    return tuple(sorted(found, key=lambda d: (-len(d.positions), d.iri)))


def _positions(snapshot: Snapshot, iri: str) -> Iterator[Position]:
    for name in sorted(obj.value for obj in snapshot.objects(iri, "ca:position")):
        sources = sorted(obj.value for obj in snapshot.objects(name, "dcterms:source"))
        yield Position(
            text=snapshot.value(name, "schema:text") or snapshot.label(name),
            sources=tuple(snapshot.source(source) for source in sources),
            preferred=snapshot.value(name, "ca:preferred") == "true",
        )


def disagreements(view: View) -> tuple[Disagreement, ...]:
    """Those with the most sides first."""
    return view.once("disagreements", _disagreements)


def overview(view: View) -> Overview:
    return view.once("overview", _overview)


def _overview(view: View) -> Overview:
    snapshot = view.snapshot
    sources = [
        iri
        for iri in snapshot.subjects("rdf:type", expand("ca:Source"))
        if snapshot.value(iri, "ca:reliability") != "memory"
    ]
    ranks = Counter(snapshot.value(iri, "ca:reliability") for iri in sources)
    by_class = members(view)
    entities = {iri for iris in by_class.values() for iri in iris}
    held = documents(view)
    return Overview(
        entities=len(entities),
        facts=sum(1 for _ in snapshot.store.quads_for_pattern(None, None, None, DEFAULT)),
        sources=len(sources),
        official_sources=ranks["official"],
        documents=len(held),
        passages=sum(document.passages for document in held),
        kinds=tuple(
            Kind(iri, snapshot.label(iri), len(iris))
            for iri, iris in sorted(by_class.items(), key=lambda item: (_place_of(item[0]), -len(item[1]), item[0]))
            if iri not in _TOO_WIDE
        ),
        recent=held[:_RECENT],
        disagreements=disagreements(view),
        questions=_QUESTIONS,
        spots=tuple(_spots(view, by_class)),
        generation=view.generation.number,
        built=_published(view),
    )


def _published(view: View) -> str:
    """The date on which the generation was published: that of its manifest, since the graph carries no clock."""
    moment = (view.generation.path / "manifest.json").stat().st_mtime
    return datetime.fromtimestamp(moment, tz=UTC).date().isoformat()


def _spots(view: View, by_class: dict[str, tuple[str, ...]]) -> Iterator[Spot]:
    snapshot = view.snapshot
    for iri in sorted({iri for kind in _CLUSTERS for iri in by_class.get(kind, ())}):
        latitude, longitude = snapshot.value(iri, "schema:latitude"), snapshot.value(iri, "schema:longitude")
        if latitude and longitude:
            yield Spot(ref(view, iri), float(latitude), float(longitude))
