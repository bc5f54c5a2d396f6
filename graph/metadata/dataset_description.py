"""What a generation holds, counted, and the same as VoID and DCAT.

VoID: https://www.w3.org/TR/void/. DCAT 3: https://www.w3.org/TR/vocab-dcat-3/. Nothing here but what the generation
itself says: no clock, no host except the address that the description is served at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from graph.iri import DEFAULT_BASE, slugify
from graph.metadata.statistics import Figures, count
from graph.model import Source
from graph.storage.snapshot import DEFAULT, Snapshot, term
from graph.vocabulary import PREFIXES, compact, expand

__all__ = ["Description", "Licence", "Part", "Vocabulary", "describe_dataset", "triples"]

SOURCES_LISTED: Final = 1_000
_SPARQL: Final = ox.NamedNode("http://www.w3.org/TR/sparql11-protocol/")
_TYPES: Final = "http://www.iana.org/assignments/media-types/"
_DUMPS: Final = ("text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml")
_INTEGER: Final = ox.NamedNode(expand("xsd:integer"))


@dataclass(frozen=True, slots=True)
class Part:
    """A class with its entities, or a property with its triples, counted in the default graph."""

    iri: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A namespace, and how many of its terms the data uses as classes or properties."""

    prefix: str
    iri: str
    terms: int


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence, and whose data it covers: titles of sources, none = the dataset itself."""

    iri: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """One generation in figures. `facts` are the triples of the default graph; `quads` counts every graph.

    Lists are in descending order of their counts, then by IRI or name.
    """

    generation: str
    counted: str
    """The generation that was counted: an earlier one where a large atlas has changed a little since."""
    facts: int
    quads: int
    graphs: int
    claims: int
    entities: int
    subjects: int
    objects: int
    documents: int
    classes: tuple[Part, ...]
    properties: tuple[Part, ...]
    vocabularies: tuple[Vocabulary, ...]
    sources: tuple[Source, ...]
    publishers: tuple[tuple[str, int], ...]
    collections: tuple[tuple[str, int], ...]
    licences: tuple[Licence, ...]
    examples: tuple[Part, ...]
    starter: str | None
    """The fingerprint of the data folder that was built, None where none was."""


def describe_dataset(snapshot: Snapshot, manifest: Mapping[str, Any], figures: Figures | None = None) -> Description:
    """A generation by its figures, and its sources and licences. Without `figures` everything is counted."""
    figures = figures or count(snapshot)
    classes, properties = _parts(snapshot, figures.classes), _parts(snapshot, figures.properties)
    sources = [snapshot.source(iri) for iri in snapshot.subjects("rdf:type", expand("ca:Source"))]
    cited = sorted((s for s in sources if s.reliability != "memory"), key=lambda s: (s.title.casefold(), s.iri))
    return Description(
        generation=snapshot.name,
        counted=figures.generation,
        facts=figures.facts,
        quads=figures.quads,
        graphs=figures.graphs,
        claims=figures.claims,
        entities=figures.entities,
        subjects=figures.subjects,
        objects=figures.objects,
        documents=figures.documents,
        classes=classes,
        properties=properties,
        vocabularies=_vocabularies([*classes, *properties]),
        sources=tuple(cited),
        publishers=_ranked(Counter(source.publisher for source in cited if source.publisher)),
        collections=_ranked(figures.collections),
        licences=tuple(_licences(snapshot)),
        examples=tuple(Part(iri, snapshot.label(iri), number) for iri, number in figures.examples),
        starter=manifest.get("starter", {}).get("digest"),
    )


def _parts(snapshot: Snapshot, counted: Mapping[str, int]) -> tuple[Part, ...]:
    found = [Part(iri, snapshot.label(iri), number) for iri, number in counted.items()]
    return tuple(sorted(found, key=lambda part: (-part.count, part.iri)))


def _ranked(counted: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0].casefold())))


def _vocabularies(parts: list[Part]) -> tuple[Vocabulary, ...]:
    terms = Counter(compact(part.iri).partition(":")[0] for part in parts if compact(part.iri) != part.iri)
    return tuple(Vocabulary(prefix, PREFIXES[prefix], number) for prefix, number in _ranked(terms))


def _licences(snapshot: Snapshot) -> Iterator[Licence]:
    """That of the ontology covers the dataset; a source's own is a notice to carry on."""
    own: set[str] = set()
    theirs: dict[str, list[str]] = {}
    for quad in snapshot.store.quads_for_pattern(None, term("dcterms:license"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            kinds = {obj.value for obj in snapshot.objects(quad.subject.value, "rdf:type")}
            if expand("owl:Ontology") in kinds:
                own.add(quad.object.value)
            elif expand("ca:Source") in kinds:
                theirs.setdefault(quad.object.value, []).append(snapshot.label(quad.subject.value))
    yield from (Licence(iri) for iri in sorted(own))
    yield from (Licence(iri, tuple(sorted(titles))) for iri, titles in sorted(theirs.items()))


def triples(told: Description, root: str, base: str = DEFAULT_BASE) -> list[ox.Triple]:
    """The description in VoID and DCAT, without blank nodes, sorted.

    `root` is the site's address, ending in `/`; `base` is what minted IRIs start with.
    """
    found = {ox.Triple(s, p, o) for s, p, o in _statements(told, root)}
    found.add(ox.Triple(ox.NamedNode(f"{root}dataset#atlas"), term("void:uriSpace"), ox.Literal(base)))
    return sorted(found, key=str)


Statement = tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]


def _statements(told: Description, root: str) -> Iterator[Statement]:
    page = ox.NamedNode(f"{root}dataset")
    dataset, claims = ox.NamedNode(f"{root}dataset#atlas"), ox.NamedNode(f"{root}dataset#claims")
    yield from _typed(page, "void:DatasetDescription")
    yield from _with(page, "foaf:primaryTopic", dataset)
    yield from _typed(dataset, "void:Dataset", "dcat:Dataset")
    yield from _text(dataset, "dcterms:title", "Creative Atlas")
    yield from _text(dataset, "dcterms:description", summary(told))
    yield from _text(dataset, "dcterms:language", "en")
    yield from _text(dataset, "dcat:version", told.generation.lstrip("0") or "0")
    if told.starter:
        yield from _text(dataset, "dcterms:identifier", f"sha256:{told.starter}")
    for licence in told.licences:
        if not licence.sources:
            yield from _with(dataset, "dcterms:license", ox.NamedNode(licence.iri))
    for name, number in (
        ("void:triples", told.facts),
        ("void:entities", told.entities),
        ("void:distinctSubjects", told.subjects),
        ("void:distinctObjects", told.objects),
        ("void:classes", len(told.classes)),
        ("void:properties", len(told.properties)),
        ("void:documents", told.documents),
    ):
        yield dataset, term(name), _integer(number)
    yield from _typed(claims, "void:Dataset")
    yield from _text(claims, "dcterms:title", "Claims, one named graph for each source")
    yield claims, term("void:triples"), _integer(told.quads - told.facts)
    yield claims, term("void:entities"), _integer(told.claims)
    yield from _with(dataset, "void:subset", claims)
    yield from _partitions(told, dataset, root)
    yield from _access(dataset, root)
    yield from _lists(told, dataset)


def summary(told: Description) -> str:
    return (
        f"{told.facts:,} facts about {told.entities:,} things, {told.claims:,} claims behind them in "
        f"{told.graphs:,} graphs, {told.documents:,} documents."
    )


def _partitions(told: Description, dataset: ox.NamedNode, root: str) -> Iterator[Statement]:
    for kind, what, number, parts in (
        ("class", "void:class", "void:entities", told.classes),
        ("property", "void:property", "void:triples", told.properties),
    ):
        for part in parts:
            node = ox.NamedNode(f"{root}dataset#{kind}-{slugify(compact(part.iri))}")
            yield dataset, term(f"void:{kind}Partition"), node
            yield from _typed(node, "void:Dataset")
            yield from _with(node, what, ox.NamedNode(part.iri))
            yield node, term(number), _integer(part.count)


def _access(dataset: ox.NamedNode, root: str) -> Iterator[Statement]:
    dump = ox.NamedNode(f"{root}graph-store?default")
    file, service = ox.NamedNode(f"{root}dataset#dump"), ox.NamedNode(f"{root}dataset#sparql")
    endpoint = ox.NamedNode(f"{root}sparql")
    yield from _with(dataset, "void:dataDump", dump)
    yield from _with(dataset, "void:sparqlEndpoint", endpoint)
    yield from _with(dataset, "void:uriLookupEndpoint", ox.NamedNode(f"{root}entity?iri="))
    yield from _with(dataset, "foaf:homepage", ox.NamedNode(root))
    yield from _with(dataset, "dcat:distribution", file)
    yield from _typed(file, "dcat:Distribution")
    yield from _text(file, "dcterms:title", "All accepted facts")
    yield from _with(file, "dcat:accessURL", dump)
    yield from _with(file, "dcat:accessService", service)
    for media_type in _DUMPS:
        yield from _with(file, "dcat:mediaType", ox.NamedNode(_TYPES + media_type))
    yield from _typed(service, "dcat:DataService")
    yield from _text(service, "dcterms:title", "SPARQL 1.1 query")
    yield from _with(service, "dcat:endpointURL", endpoint)
    yield from _with(service, "dcat:servesDataset", dataset)
    yield from _with(service, "dcterms:conformsTo", _SPARQL)


def _lists(told: Description, dataset: ox.NamedNode) -> Iterator[Statement]:
    for vocabulary in told.vocabularies:
        yield from _with(dataset, "void:vocabulary", ox.NamedNode(vocabulary.iri))
    for example in told.examples:
        yield from _with(dataset, "void:exampleResource", ox.NamedNode(example.iri))
    for source in told.sources[:SOURCES_LISTED]:
        node = ox.NamedNode(source.iri)
        yield from _with(dataset, "dcterms:source", node)
        yield from _text(node, "dcterms:title", source.title)
        yield from _text(node, "dcterms:publisher", source.publisher or "")
        yield from _text(node, "dcterms:issued", source.date or "")


def _typed(subject: ox.NamedNode, *kinds: str) -> Iterator[Statement]:
    for kind in kinds:
        yield subject, term("rdf:type"), term(kind)


def _with(subject: ox.NamedNode, predicate: str, obj: ox.NamedNode) -> Iterator[Statement]:
    yield subject, term(predicate), obj


def _text(subject: ox.NamedNode, predicate: str, text: str) -> Iterator[Statement]:
    if text:
        yield subject, term(predicate), ox.Literal(text)


def _integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=_INTEGER)
