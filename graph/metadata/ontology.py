"""The schema of a generation as people read it: classes, relations and their words, and what links the classes.

Everything is read from the graph: the definitions from what its ontology says, the counts and the links between
classes from the facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import pyoxigraph as ox

from graph.metadata.statistics import Figures, count
from graph.storage.snapshot import DEFAULT, Snapshot, node
from graph.vocabulary import CA, compact, expand

__all__ = [
    "CLASS_KINDS",
    "PROPERTY_KINDS",
    "Link",
    "Ontology",
    "Scheme",
    "Term",
    "anchor",
    "counted",
    "ontology_triples",
    "read_ontology",
]

CLASS_KINDS: Final = ("owl:Class", "rdfs:Class")
PROPERTY_KINDS: Final = ("owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "rdf:Property")
_NOT_LINKS: Final = tuple(
    expand(name)
    for name in (
        "rdf:type", "dcterms:source", "dcterms:type", "dcterms:isPartOf", "skos:inScheme", "org:classification",
        "schema:mentions", "ca:textOf",
    )
)  # fmt: skip
_BEHIND: Final = frozenset(
    expand(name)
    for name in (
        "ca:Passage", "ca:Source", "ca:Position", "ca:Disagreement", "ca:Kind", "ca:AmountKind", "ca:ClaimStatus",
        "ca:Quote", "ca:Claim", "skos:ConceptScheme", "org:Role", "prov:Entity", "oa:Annotation", "owl:Class",
        "owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "owl:Ontology", "rdf:Property",
        "rdfs:Class",
    )
)  # fmt: skip
"""Classes of the bookkeeping: they have their entries, but no place among what the atlas is about."""

Kind = Literal["class", "relation", "value", "annotation"]


@dataclass(frozen=True, slots=True)
class Term:
    """A class or a property. `count`: entities of the class, or facts of the property; `total` adds the subclasses'.

    `parents`, `domain`, `range`, `inverse` and `children` are IRIs.
    """

    iri: str
    name: str
    label: str
    kind: Kind
    definition: str
    example: str
    paraphrases: tuple[str, ...]
    count: int
    total: int
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    inverse: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        return anchor(self.iri)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A controlled list and how many concepts it has."""

    iri: str
    label: str
    definition: str
    count: int


@dataclass(frozen=True, slots=True)
class Link:
    """Relations that lead from entities of one class to those of another, with the number of facts of each."""

    start: str
    end: str
    relations: tuple[tuple[str, int], ...]

    @property
    def facts(self) -> int:
        return sum(number for _, number in self.relations)


@dataclass(frozen=True, slots=True)
class Ontology:
    """`main` are the classes that the facts are about, most entities first; `links` run between those."""

    iri: str
    label: str
    definition: str
    classes: tuple[Term, ...]
    properties: tuple[Term, ...]
    schemes: tuple[Scheme, ...]
    main: tuple[str, ...]
    links: tuple[Link, ...]


def anchor(iri: str) -> str:
    """The fragment of a term on the page: `Programme` for our own, as in its IRI, `schema-Place` for others."""
    return iri.removeprefix(CA) if iri.startswith(CA) else compact(iri).replace(":", "-").replace("/", "-")


def counted(snapshot: Snapshot, generation: str = "") -> Figures:
    """The figures of a snapshot, with what links its main classes. Reads all facts."""
    figures = count(snapshot, generation)
    classes = _classes(snapshot, figures)
    top = _tops(classes)
    return replace(figures, links=tuple(_count_links(snapshot, top, set(_main(top, figures)))))


def read_ontology(snapshot: Snapshot, figures: Figures | None = None) -> Ontology:
    """The schema, with the counts that the generation keeps; without `figures` everything is counted."""
    figures = figures or counted(snapshot)
    iri = min(snapshot.subjects("rdf:type", expand("owl:Ontology")), default="")
    classes = _classes(snapshot, figures)
    facts = Counter(figures.properties)
    properties = tuple(
        _term(snapshot, found, _property_kind(snapshot, found), facts, facts)
        for found in _of_kinds(snapshot, PROPERTY_KINDS)
    )
    return Ontology(
        iri=iri,
        label=snapshot.label(iri) if iri else "Ontology",
        definition=snapshot.value(iri, "skos:definition") or "" if iri else "",
        classes=classes,
        properties=properties,
        schemes=tuple(_schemes(snapshot)),
        main=tuple(_main(_tops(classes), figures)),
        links=tuple(_links(snapshot, figures)),
    )


def _classes(snapshot: Snapshot, figures: Figures) -> tuple[Term, ...]:
    own, total = Counter(figures.classes), Counter(figures.totals)
    return tuple(_term(snapshot, found, "class", own, total) for found in _of_kinds(snapshot, CLASS_KINDS))


def _main(top: dict[str, str], figures: Figures) -> list[str]:
    return sorted({kind for kind in top.values() if kind not in _BEHIND}, key=lambda k: (-figures.totals.get(k, 0), k))


def ontology_triples(snapshot: Snapshot) -> list[ox.Triple]:
    """What the generation says of its terms and lists, sorted."""
    kinds = (*CLASS_KINDS, *PROPERTY_KINDS, "owl:Ontology", "skos:ConceptScheme", "ca:ClaimStatus")
    found: set[ox.Triple] = set()
    for iri in {name for kind in kinds for name in snapshot.subjects("rdf:type", expand(kind))}:
        for quad in snapshot.store.quads_for_pattern(node(iri), None, None, DEFAULT):
            found.add(ox.Triple(quad.subject, quad.predicate, quad.object))
    return sorted(found, key=str)


def _of_kinds(snapshot: Snapshot, kinds: tuple[str, ...]) -> list[str]:
    """Terms by label."""
    found = {iri for kind in kinds for iri in snapshot.subjects("rdf:type", expand(kind))}
    return sorted(found, key=lambda iri: (snapshot.label(iri).casefold(), iri))


def _property_kind(snapshot: Snapshot, iri: str) -> Kind:
    kinds = {compact(obj.value) for obj in snapshot.objects(iri, "rdf:type")}
    if "owl:ObjectProperty" in kinds:
        return "relation"
    return "annotation" if "owl:AnnotationProperty" in kinds else "value"


def _term(snapshot: Snapshot, iri: str, kind: Kind, counts: Counter[str], total: Counter[str]) -> Term:
    def iris(name: str) -> tuple[str, ...]:
        return tuple(sorted(obj.value for obj in snapshot.objects(iri, name) if isinstance(obj, ox.NamedNode)))

    inverse = {*iris("owl:inverseOf"), *snapshot.subjects("owl:inverseOf", iri)}
    return Term(
        iri=iri,
        name=compact(iri),
        label=snapshot.label(iri),
        kind=kind,
        definition=snapshot.value(iri, "skos:definition") or snapshot.value(iri, "rdfs:comment") or "",
        example=snapshot.value(iri, "skos:example") or "",
        paraphrases=tuple(sorted({obj.value for obj in snapshot.objects(iri, "skos:altLabel")})),
        # A fact is stated in one direction: its inverse has as many.
        count=counts[iri] or max((counts[other] for other in inverse), default=0),
        total=total[iri],
        parents=iris("rdfs:subClassOf"),
        children=tuple(sorted(snapshot.subjects("rdfs:subClassOf", iri))),
        domain=iris("rdfs:domain"),
        range=iris("rdfs:range"),
        inverse=tuple(sorted(inverse)),
    )


def _schemes(snapshot: Snapshot) -> Iterator[Scheme]:
    for iri in _of_kinds(snapshot, ("skos:ConceptScheme",)):
        count = sum(1 for _ in snapshot.subjects("skos:inScheme", iri))
        yield Scheme(iri, snapshot.label(iri), snapshot.value(iri, "skos:definition") or "", count)


def _tops(classes: tuple[Term, ...]) -> dict[str, str]:
    """Each class that has entities → its widest ancestor that is still one sort of thing.

    An ancestor with the very same number of entities tells nothing more, and one without a parent's entities is only
    a roof over different things (an agent is a person or an organisation).
    """
    by_iri = {term_.iri: term_ for term_ in classes}
    found: dict[str, str] = {}
    for own in classes:
        if not own.total:
            continue
        current, seen = own, {own.iri}
        while True:
            wider = [by_iri[iri] for iri in current.parents if iri in by_iri and iri not in seen]
            wider = [each for each in wider if each.total > current.total and each.iri not in _BEHIND | _ROOFS]
            if not wider:
                break
            current = min(wider, key=lambda each: (each.total, each.iri))
            seen.add(current.iri)
        found[own.iri] = current.iri
    same = {iri: top for iri, top in found.items() if iri == top}
    for iri in list(same):
        narrower = [c for c in by_iri[iri].children if c in by_iri and by_iri[c].total == by_iri[iri].total]
        if narrower:  # an observation is always a statistic here: the telling name is the narrower
            for each, top in found.items():
                if top == iri:
                    found[each] = narrower[0]
    return found


_ROOFS: Final = frozenset(expand(name) for name in ("foaf:Agent", "schema:Thing", "owl:Thing"))


def _links(snapshot: Snapshot, figures: Figures) -> Iterator[Link]:
    """Between the main classes, most facts first."""
    counted: dict[tuple[str, str], Counter[str]] = {}
    for start, relation, end, number in figures.links:
        found = counted.setdefault((start, end), Counter())
        found[snapshot.label(relation)] += number
    links = [
        Link(start, end, tuple(sorted(relations.items(), key=lambda item: (-item[1], item[0]))))
        for (start, end), relations in counted.items()
    ]
    yield from sorted(links, key=lambda link: (-link.facts, link.start, link.end))


def _count_links(snapshot: Snapshot, top: dict[str, str], main: set[str]) -> Iterator[tuple[str, str, str, int]]:
    """Start, relation, end, facts. Each fact once, though its ends may have several classes under one top."""
    store = snapshot.store
    tops: dict[str, set[str]] = {}
    for kind, wide in top.items():
        if wide in main:
            for iri in snapshot.subjects("rdf:type", kind):
                tops.setdefault(iri, set()).add(wide)
    found: Counter[tuple[str, str, str]] = Counter()
    for relation in _relations(store):
        for quad in store.quads_for_pattern(None, relation, None, DEFAULT):
            if isinstance(quad.object, ox.NamedNode) and isinstance(quad.subject, ox.NamedNode):
                for start in tops.get(quad.subject.value, ()):
                    for end in tops.get(quad.object.value, ()):
                        found[start, relation.value, end] += 1
    yield from ((start, relation, end, number) for (start, relation, end), number in sorted(found.items()))


def _relations(store: ox.Store) -> list[ox.NamedNode]:
    """Properties that lead to entities, apart from those of the bookkeeping."""
    rows = store.query("SELECT DISTINCT ?p { ?s ?p ?o }")
    assert isinstance(rows, ox.QuerySolutions)  # noqa: S101  it is a SELECT
    known = [row["p"] for row in rows]
    return [
        each
        for each in known
        if isinstance(each, ox.NamedNode)
        and each.value not in _NOT_LINKS
        and bool(store.query(f"ASK {{ ?s <{each.value}> ?o FILTER(isIRI(?o)) }}"))
    ]
