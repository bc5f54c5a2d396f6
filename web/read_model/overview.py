"""The atlas in figures (those that its writer counted), its classes, its disagreements; kept with the view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from graph.model import Document
from graph.storage.snapshot import Snapshot
from graph.vocabulary import CA, PREFIXES, expand
from web.read_model.live_generation import View
from web.read_model.reader import Disagreement, Kind, Overview, Position, Ref, Spot, Tone
from web.read_model.statistics import figures

__all__ = ["disagreements", "documents", "holds_starter", "is_empty", "members", "overview", "ref", "tone"]

_UP: Final = ("schema:containedInPlace", "dcterms:isPartOf")
_PARENTS: Final = 8
STARTER_QUESTIONS: Final = (
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


def within(snapshot: Snapshot, places: tuple[str, ...]) -> dict[str, str]:
    """Place → the nearest of the others that it lies in."""
    known, found = set(places), {}
    for place in places:
        frontier, seen = [place], {place}
        while frontier and place not in found:
            above = {
                obj.value for each in frontier for name in _UP for obj in islice(snapshot.objects(each, name), _PARENTS)
            } - seen
            seen |= above
            frontier = sorted(above)
            for each in frontier:
                if each in known:
                    found[place] = each
                    break
    return found


def tone(types: set[str]) -> Tone:
    return next((_TONES[name] for name in sorted(types) if name in _TONES), "other")


def ref(view: View, iri: str) -> Ref:
    """An IRI as a link: its label, and the most telling of its classes, which is the one with fewest members.

    Where two have as many, the one of our own vocabulary: a statistic, not an observation.
    """
    types = {obj.value for obj in view.snapshot.objects(iri, "rdf:type")}
    kinds = figures(view).kinds
    own = min(types, key=lambda name: (kinds.get(name, 0) or 1e9, not name.startswith(CA), name), default=None)
    return Ref(iri, view.snapshot.label(iri), view.snapshot.label(own) if own else "", tone(types))


def members(view: View, kind: str) -> tuple[str, ...]:
    """The entities of a class, by label; none for a class of the schema or the bookkeeping."""
    if kind not in figures(view).kinds:
        return ()
    return view.once(f"members {kind}", lambda v: _members(v.snapshot, kind))


def _members(snapshot: Snapshot, kind: str) -> tuple[str, ...]:
    found = (iri for iri in snapshot.subjects("rdf:type", kind) if not iri.startswith(_SCHEMA_SPACES))
    return tuple(sorted(found, key=lambda iri: (snapshot.label(iri).casefold(), iri)))


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


def is_empty(view: View) -> bool:
    """Whether no graph of the generation holds a triple."""
    return next(view.snapshot.store.quads_for_pattern(None, None, None, None), None) is None


def holds_starter(view: View) -> bool:
    """Whether the starter atlas was built into it: the example questions and queries are about its entities."""
    return "starter" in view.manifest


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
    counted = figures(view)
    recent = (snapshot.document(iri) for iri in counted.recent)
    return Overview(
        entities=counted.entities,
        facts=counted.facts,
        sources=len(sources),
        official_sources=ranks["official"],
        documents=counted.documents,
        passages=counted.passages,
        kinds=tuple(
            Kind(iri, snapshot.label(iri), number)
            for iri, number in sorted(counted.kinds.items(), key=lambda item: (_place_of(item[0]), -item[1], item[0]))
            if iri not in _TOO_WIDE
        ),
        recent=tuple(document for document in recent if document),
        disagreements=disagreements(view),
        questions=STARTER_QUESTIONS if holds_starter(view) else (),
        spots=tuple(_spots(view)),
        generation=view.generation.number,
        built=_published(view),
    )


def _published(view: View) -> str:
    """The date on which the generation was published: that of its manifest, since the graph carries no clock."""
    moment = (view.generation.path / "manifest.json").stat().st_mtime
    return datetime.fromtimestamp(moment, tz=UTC).date().isoformat()


def _spots(view: View) -> Iterator[Spot]:
    snapshot = view.snapshot
    for iri in sorted({iri for kind in _CLUSTERS for iri in members(view, kind)}):
        latitude, longitude = snapshot.value(iri, "schema:latitude"), snapshot.value(iri, "schema:longitude")
        if latitude and longitude:
            yield Spot(ref(view, iri), float(latitude), float(longitude))
