"""Ontology of a generation as people read it: classes, properties and their names, and the links between classes.

Everything is read from the graph: the definitions from its ontology, the counts and the links between classes from the
facts.
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
_BOOKKEEPING: Final = frozenset(
    expand(name)
    for name in (
        "ca:Passage", "ca:Source", "ca:Position", "ca:Disagreement", "ca:Kind", "ca:AmountKind", "ca:ClaimStatus",
        "ca:Quote", "ca:Claim", "skos:ConceptScheme", "org:Role", "prov:Entity", "oa:Annotation", "owl:Class",
        "owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "owl:Ontology", "rdf:Property",
        "rdfs:Class",
    )
)  # fmt: skip
"""Classes of bookkeeping: they have entries in the ontology, but are not among the main classes."""

_ROOFS: Final = frozenset(expand(name) for name in ("foaf:Agent", "schema:Thing", "owl:Thing"))

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
        """Fragment of the term on the ontology page."""
        return anchor(self.iri)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme (a controlled list), and its number of concepts."""

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
        """Number of facts, over all relations."""
        return sum(number for _, number in self.relations)


@dataclass(frozen=True, slots=True)
class Ontology:
    """Ontology of a generation. `main`: classes that the facts are about, most entities first; `links` join those."""

    iri: str
    label: str
    definition: str
    classes: tuple[Term, ...]
    properties: tuple[Term, ...]
    schemes: tuple[Scheme, ...]
    main: tuple[str, ...]
    links: tuple[Link, ...]


def anchor(iri: str) -> str:
    """Fragment of a term on the ontology page: the local name for our own terms, with a prefix for others.

    >>> anchor("https://w3id.org/creative-atlas/ontology#Programme"), anchor("https://schema.org/Place")
    ('Programme', 'schema-Place')
    """
    return iri.removeprefix(CA) if iri.startswith(CA) else compact(iri).replace(":", "-").replace("/", "-")


def counted(snapshot: Snapshot) -> Figures:
    """Figures of a snapshot, with the links between its main classes. It reads all facts.

    >>> counted(snapshot).facts
    16
    """
    figures = count(snapshot)
    classes = _classes(snapshot, figures)
    top = _tops(classes)
    return replace(figures, links=tuple(_count_links(snapshot, top, set(_main(top, figures)))))


def read_ontology(snapshot: Snapshot, figures: Figures | None = None) -> Ontology:
    """Ontology of a snapshot, with the counts of `figures`; without them everything is counted.

    >>> read_ontology(snapshot).classes
    ()
    """
    figures = figures or counted(snapshot)
    iri = min(snapshot.subjects("rdf:type", expand("owl:Ontology")), default="")
    classes = _classes(snapshot, figures)
    facts = Counter(figures.properties)
    properties = tuple(
        _term(snapshot, name, _property_kind(snapshot, name), counts=facts, totals=facts)
        for name in _of_kinds(snapshot, PROPERTY_KINDS)
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
    counts, totals = Counter(figures.classes), Counter(figures.totals)
    names = _of_kinds(snapshot, CLASS_KINDS)
    return tuple(_term(snapshot, name, "class", counts=counts, totals=totals) for name in names)


def _main(top: dict[str, str], figures: Figures) -> list[str]:
    """The top classes that are no bookkeeping, most entities first."""
    return sorted(
        {kind for kind in top.values() if kind not in _BOOKKEEPING}, key=lambda k: (-figures.totals.get(k, 0), k)
    )


def ontology_triples(snapshot: Snapshot) -> list[ox.Triple]:
    """Triples that define the terms and concept schemes, sorted.

    >>> ontology_triples(snapshot)
    []
    """
    kinds = (*CLASS_KINDS, *PROPERTY_KINDS, "owl:Ontology", "skos:ConceptScheme", "ca:ClaimStatus")
    triples: set[ox.Triple] = set()
    for iri in {name for kind in kinds for name in snapshot.subjects("rdf:type", expand(kind))}:
        for quad in snapshot.store.quads_for_pattern(node(iri), None, None, DEFAULT):
            triples.add(ox.Triple(quad.subject, quad.predicate, quad.object))
    return sorted(triples, key=str)


def _of_kinds(snapshot: Snapshot, kinds: tuple[str, ...]) -> list[str]:
    """IRIs of terms of these kinds, by label."""
    terms = {iri for kind in kinds for iri in snapshot.subjects("rdf:type", expand(kind))}
    return sorted(terms, key=lambda iri: (snapshot.label(iri).casefold(), iri))


def _property_kind(snapshot: Snapshot, iri: str) -> Kind:
    kinds = {compact(obj.value) for obj in snapshot.objects(iri, "rdf:type")}
    if "owl:ObjectProperty" in kinds:
        return "relation"
    return "annotation" if "owl:AnnotationProperty" in kinds else "value"


def _term(snapshot: Snapshot, iri: str, kind: Kind, *, counts: Counter[str], totals: Counter[str]) -> Term:
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
        # A fact is stated in one direction only: the inverse property has as many facts.
        count=counts[iri] or max((counts[other] for other in inverse), default=0),
        total=totals[iri],
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
    """Class with entities → its widest ancestor that is still one kind of thing.

    An ancestor with the same number of entities adds nothing, and a roof class such as foaf:Agent only joins different
    kinds of things (people and organisations).
    """
    by_iri = {term_.iri: term_ for term_ in classes}
    tops: dict[str, str] = {}
    for own in classes:
        if not own.total:
            continue
        current, visited = own, {own.iri}
        while True:
            wider = [by_iri[iri] for iri in current.parents if iri in by_iri and iri not in visited]
            wider = [
                parent for parent in wider if parent.total > current.total and parent.iri not in _BOOKKEEPING | _ROOFS
            ]
            if not wider:
                break
            current = min(wider, key=lambda parent: (parent.total, parent.iri))
            visited.add(current.iri)
        tops[own.iri] = current.iri
    for iri in [iri for iri, top in tops.items() if iri == top]:
        total = by_iri[iri].total
        same_members = [child for child in by_iri[iri].children if child in by_iri and by_iri[child].total == total]
        if same_members:  # an observation is always a statistic here: the narrower name tells more
            tops.update({name: same_members[0] for name, top in tops.items() if top == iri})
    return tops


def _links(snapshot: Snapshot, figures: Figures) -> Iterator[Link]:
    """Links between the main classes, most facts first."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for start, relation, end, number in figures.links:
        counts.setdefault((start, end), Counter())[snapshot.label(relation)] += number
    links = [
        Link(start, end, tuple(sorted(relations.items(), key=lambda item: (-item[1], item[0]))))
        for (start, end), relations in counts.items()
    ]
    yield from sorted(links, key=lambda link: (-link.facts, link.start, link.end))


def _count_links(snapshot: Snapshot, top: dict[str, str], main: set[str]) -> Iterator[tuple[str, str, str, int]]:
    """(class, relation, class, facts). A fact counts once, though its ends may have several classes under one top."""
    store = snapshot.store
    tops: dict[str, set[str]] = {}
    for kind, wide in top.items():
        if wide in main:
            for iri in snapshot.subjects("rdf:type", kind):
                tops.setdefault(iri, set()).add(wide)
    counts: Counter[tuple[str, str, str]] = Counter()
    for relation in _relations(store):
        for quad in store.quads_for_pattern(None, relation, None, DEFAULT):
            if isinstance(quad.object, ox.NamedNode) and isinstance(quad.subject, ox.NamedNode):
                for start in tops.get(quad.subject.value, ()):
                    for end in tops.get(quad.object.value, ()):
                        counts[start, relation.value, end] += 1
    yield from ((start, relation, end, number) for (start, relation, end), number in sorted(counts.items()))


def _relations(store: ox.Store) -> list[ox.NamedNode]:
    """Properties that lead to entities, without those of bookkeeping."""
    rows = store.query("SELECT DISTINCT ?p { ?s ?p ?o }")
    assert isinstance(rows, ox.QuerySolutions)  # noqa: S101  it is a SELECT
    properties = [row["p"] for row in rows]
    return [
        name
        for name in properties
        if isinstance(name, ox.NamedNode)
        and name.value not in _NOT_LINKS
        and bool(store.query(f"ASK {{ ?s <{name.value}> ?o FILTER(isIRI(?o)) }}"))
    ]
