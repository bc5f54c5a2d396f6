"""What the front pages show of a generation: figures, classes and their members, disagreements, recent documents.

Each is worked out at its first use and kept with the view. The figures are those that the writer counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from graph.model import Document
from graph.storage.snapshot import Snapshot
from graph.vocabulary import CA, PART_OF, SCHEMA_NAMESPACES, expand
from web.read_model.entity_coordinates import coordinates
from web.read_model.live_generation import View
from web.read_model.reader import Disagreement, Kind, Overview, Position, Ref, Spot, Tone
from web.read_model.statistics import figures

__all__ = [
    "disagreements",
    "documents",
    "holds_starter",
    "is_empty",
    "members",
    "overview",
    "ref",
    "tone",
    "within",
]

MAX_PARENTS: Final = 8
"""Larger places that are followed from one place, for each relation."""

STARTER_QUESTIONS: Final = (
    "access to finance outside the South East",
    "Creative Scale-Up",
    "creative microclusters in the 2020 Radar report",
    "who leads the R&D clusters in Scotland",
)

_NOT_BROWSED: Final = frozenset(
    expand(name) for name in ("skos:Concept", "schema:AdministrativeArea", "schema:Thing", "owl:NamedIndividual")
)
"""Classes too wide to be worth browsing."""

_BROWSED_FIRST: Final = tuple(
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


def within(snapshot: Snapshot, places: tuple[str, ...]) -> dict[str, str]:
    """Place → the nearest of the other places that it lies in; left out where there is none."""
    nearest: dict[str, str] = {}
    for place in places:
        frontier, seen = [place], {place}
        while frontier and place not in nearest:
            frontier = sorted(_parents(snapshot, frontier) - seen)
            seen.update(frontier)
            enclosing = next((parent for parent in frontier if parent in places), None)
            if enclosing is not None:
                nearest[place] = enclosing
    return nearest


def _parents(snapshot: Snapshot, places: list[str]) -> set[str]:
    return {
        obj.value
        for place in places
        for relation in PART_OF
        for obj in islice(snapshot.objects(place, relation), MAX_PARENTS)
    }


def tone(types: set[str]) -> Tone:
    """The ink of a link to an entity of these classes."""
    return next((_TONES[name] for name in sorted(types) if name in _TONES), "other")


def ref(view: View, iri: str) -> Ref:
    """An IRI as a link: its label, and the most specific of its classes, which is the one with fewest members.

    Where two have as many members, a class of the atlas's own vocabulary goes first: a statistic, not an observation.
    """
    types = {obj.value for obj in view.snapshot.objects(iri, "rdf:type")}
    counts = figures(view).kinds
    own = min(types, key=lambda name: (counts.get(name, 0) or 1e9, not name.startswith(CA), name), default=None)
    return Ref(iri, view.snapshot.label(iri), view.snapshot.label(own) if own else "", tone=tone(types))


def members(view: View, kind: str) -> tuple[str, ...]:
    """The entities of a class, by label; none for a class of the schema or of bookkeeping."""
    if kind not in figures(view).kinds:
        return ()
    return view.once(f"members {kind}", lambda v: _members(v.snapshot, kind))


def _members(snapshot: Snapshot, kind: str) -> tuple[str, ...]:
    entities = (iri for iri in snapshot.subjects("rdf:type", kind) if not iri.startswith(SCHEMA_NAMESPACES))
    return tuple(sorted(entities, key=lambda iri: (snapshot.label(iri).casefold(), iri)))


def documents(view: View) -> tuple[Document, ...]:
    """All documents, by date, latest first, undated last."""
    return view.once("documents", _documents)


def _documents(view: View) -> tuple[Document, ...]:
    by_title = sorted(view.snapshot.documents(), key=lambda d: (d.title.casefold(), d.iri))
    return tuple(sorted(by_title, key=lambda d: d.date or "", reverse=True))


def disagreements(view: View) -> tuple[Disagreement, ...]:
    """Points on which sources disagree, those with the most positions first."""
    return view.once("disagreements", _disagreements)


def _disagreements(view: View) -> tuple[Disagreement, ...]:
    snapshot = view.snapshot
    points = [
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
    return tuple(sorted(points, key=lambda d: (-len(d.positions), d.iri)))


def _positions(snapshot: Snapshot, iri: str) -> Iterator[Position]:
    for name in sorted(obj.value for obj in snapshot.objects(iri, "ca:position")):
        sources = sorted(obj.value for obj in snapshot.objects(name, "dcterms:source"))
        yield Position(
            text=snapshot.value(name, "schema:text") or snapshot.label(name),
            sources=tuple(snapshot.source(source) for source in sources),
            preferred=snapshot.value(name, "ca:preferred") == "true",
        )


def is_empty(view: View) -> bool:
    """Whether no graph of the generation holds a triple."""
    return next(view.snapshot.store.quads_for_pattern(None, None, None, None), None) is None


def holds_starter(view: View) -> bool:
    """Whether the starter atlas was built into it: the example questions and queries are about its entities."""
    return "starter" in view.manifest


def overview(view: View) -> Overview:
    """The figures and lists of the home page."""
    return view.once("overview", _overview)


def _overview(view: View) -> Overview:
    snapshot = view.snapshot
    sources = [
        iri
        for iri in snapshot.subjects("rdf:type", expand("ca:Source"))
        if snapshot.value(iri, "ca:reliability") != "memory"
    ]
    reliabilities = Counter(snapshot.value(iri, "ca:reliability") for iri in sources)
    counts = figures(view)
    recent = (snapshot.document(iri) for iri in counts.recent)
    return Overview(
        entities=counts.entities,
        facts=counts.facts,
        sources=len(sources),
        official_sources=reliabilities["official"],
        documents=counts.documents,
        passages=counts.passages,
        kinds=tuple(_kinds(snapshot, counts.kinds)),
        recent=tuple(document for document in recent if document),
        disagreements=disagreements(view),
        questions=STARTER_QUESTIONS if holds_starter(view) else (),
        spots=tuple(_spots(view)),
        generation=view.generation.number,
        built=_publication_date(view),
    )


def _kinds(snapshot: Snapshot, counts: Mapping[str, int]) -> Iterator[Kind]:
    """The classes worth browsing, in display order."""

    def rank(kind: str) -> tuple[int, int, str]:
        place = _BROWSED_FIRST.index(kind) if kind in _BROWSED_FIRST else len(_BROWSED_FIRST)
        return place, -counts[kind], kind

    for iri in sorted(counts, key=rank):
        if iri not in _NOT_BROWSED:
            yield Kind(iri, snapshot.label(iri), counts[iri])


def _publication_date(view: View) -> str:
    """When the generation was published, ISO 8601: by its manifest file, since the graph carries no clock."""
    seconds = (view.generation.path / "manifest.json").stat().st_mtime
    return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()


def _spots(view: View) -> Iterator[Spot]:
    for iri in sorted({iri for kind in _CLUSTERS for iri in members(view, kind)}):
        position = coordinates(view.snapshot, iri)
        if position is not None:
            yield Spot(ref(view, iri), latitude=position[0], longitude=position[1])
