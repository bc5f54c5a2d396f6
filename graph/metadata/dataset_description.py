"""Description of the dataset: counts, sources and licences of a generation, and the same as VoID and DCAT.

VoID: https://www.w3.org/TR/void/. DCAT 3: https://www.w3.org/TR/vocab-dcat-3/. All of it comes from the generation: no
clock, and no host except the address at which the description is served.
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

__all__ = ["Description", "Licence", "Part", "Vocabulary", "describe_dataset", "summary", "triples"]

MAX_LISTED_SOURCES: Final = 1_000
_SPARQL: Final = ox.NamedNode("http://www.w3.org/TR/sparql11-protocol/")
_TYPES: Final = "http://www.iana.org/assignments/media-types/"
_DUMPS: Final = ("text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml")
_INTEGER: Final = ox.NamedNode(expand("xsd:integer"))


@dataclass(frozen=True, slots=True)
class Part:
    """A class with the number of its entities, or a property with that of its triples, in the default graph."""

    iri: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A namespace, and the number of its terms that the data uses as classes or properties."""

    prefix: str
    iri: str
    terms: int


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence, and the titles of the sources that it covers; without titles it covers the dataset itself."""

    iri: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """Description of one generation. `facts` counts the triples of the default graph, `quads` those of all graphs.

    Lists are ordered by count, highest first, then by IRI or name.
    """

    generation: str
    counted: str
    """Generation that was counted: an earlier one where a large atlas has changed a little since."""
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
    """SHA-256 of the data folder that was built, None where none was."""


def describe_dataset(snapshot: Snapshot, manifest: Mapping[str, Any], figures: Figures | None = None) -> Description:
    """Description of a generation by its figures, sources and licences. Without `figures` everything is counted.

    >>> description = describe_dataset(snapshot, manifest={})
    >>> description.facts, [source.title for source in description.sources]
    (16, ['Source blog', 'Source official'])
    """
    figures = figures or count(snapshot)
    classes, properties = _parts(snapshot, figures.classes), _parts(snapshot, figures.properties)
    sources = [snapshot.source(iri) for iri in snapshot.subjects("rdf:type", expand("ca:Source"))]
    cited = [source for source in sources if source.reliability != "memory"]
    cited.sort(key=lambda source: (source.title.casefold(), source.iri))
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


def _parts(snapshot: Snapshot, counts: Mapping[str, int]) -> tuple[Part, ...]:
    parts = [Part(iri, snapshot.label(iri), number) for iri, number in counts.items()]
    return tuple(sorted(parts, key=lambda part: (-part.count, part.iri)))


def _ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold())))


def _vocabularies(parts: list[Part]) -> tuple[Vocabulary, ...]:
    terms = Counter(compact(part.iri).partition(":")[0] for part in parts if compact(part.iri) != part.iri)
    return tuple(Vocabulary(prefix, PREFIXES[prefix], number) for prefix, number in _ranked(terms))


def _licences(snapshot: Snapshot) -> Iterator[Licence]:
    """Licences: the ontology's covers the dataset, that of a source has to be shown with its data."""
    of_dataset: set[str] = set()
    of_sources: dict[str, list[str]] = {}
    for quad in snapshot.store.quads_for_pattern(None, term("dcterms:license"), None, DEFAULT):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            kinds = {obj.value for obj in snapshot.objects(quad.subject.value, "rdf:type")}
            if expand("owl:Ontology") in kinds:
                of_dataset.add(quad.object.value)
            elif expand("ca:Source") in kinds:
                of_sources.setdefault(quad.object.value, []).append(snapshot.label(quad.subject.value))
    yield from (Licence(iri) for iri in sorted(of_dataset))
    yield from (Licence(iri, tuple(sorted(titles))) for iri, titles in sorted(of_sources.items()))


def triples(description: Description, root: str, base: str = DEFAULT_BASE) -> list[ox.Triple]:
    """The description in VoID and DCAT, without blank nodes, sorted.

    `root` is the site's address with a final `/`; `base` is the beginning of minted IRIs.

    >>> description = describe_dataset(snapshot, manifest={})
    >>> len(triples(description, "http://localhost:8000/")) > 50
    True
    """
    statements = {ox.Triple(s, p, o) for s, p, o in _statements(description, root)}
    statements.add(ox.Triple(ox.NamedNode(f"{root}dataset#atlas"), term("void:uriSpace"), ox.Literal(base)))
    return sorted(statements, key=str)


Statement = tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]


def _statements(description: Description, root: str) -> Iterator[Statement]:
    page = ox.NamedNode(f"{root}dataset")
    dataset, claims = ox.NamedNode(f"{root}dataset#atlas"), ox.NamedNode(f"{root}dataset#claims")
    yield from _typed(page, "void:DatasetDescription")
    yield from _with(page, "foaf:primaryTopic", dataset)
    yield from _typed(dataset, "void:Dataset", "dcat:Dataset")
    yield from _text(dataset, "dcterms:title", "Creative Atlas")
    yield from _text(dataset, "dcterms:description", summary(description))
    yield from _text(dataset, "dcterms:language", "en")
    yield from _text(dataset, "dcat:version", description.generation.lstrip("0") or "0")
    if description.starter:
        yield from _text(dataset, "dcterms:identifier", f"sha256:{description.starter}")
    for licence in description.licences:
        if not licence.sources:
            yield from _with(dataset, "dcterms:license", ox.NamedNode(licence.iri))
    for name, number in (
        ("void:triples", description.facts),
        ("void:entities", description.entities),
        ("void:distinctSubjects", description.subjects),
        ("void:distinctObjects", description.objects),
        ("void:classes", len(description.classes)),
        ("void:properties", len(description.properties)),
        ("void:documents", description.documents),
    ):
        yield dataset, term(name), _integer(number)
    yield from _typed(claims, "void:Dataset")
    yield from _text(claims, "dcterms:title", "Claims, one named graph for each source")
    yield claims, term("void:triples"), _integer(description.quads - description.facts)
    yield claims, term("void:entities"), _integer(description.claims)
    yield from _with(dataset, "void:subset", claims)
    yield from _partitions(description, dataset, root)
    yield from _access(dataset, root)
    yield from _lists(description, dataset)


def summary(description: Description) -> str:
    """The main counts as one sentence.

    >>> summary(describe_dataset(snapshot, manifest={}))
    '16 facts about 1 things, 9 claims behind them in 3 graphs, 0 documents.'
    """
    return (
        f"{description.facts:,} facts about {description.entities:,} things, {description.claims:,} claims behind them "
        f"in {description.graphs:,} graphs, {description.documents:,} documents."
    )


def _partitions(description: Description, dataset: ox.NamedNode, root: str) -> Iterator[Statement]:
    for kind, class_property, number, parts in (
        ("class", "void:class", "void:entities", description.classes),
        ("property", "void:property", "void:triples", description.properties),
    ):
        for part in parts:
            node = ox.NamedNode(f"{root}dataset#{kind}-{slugify(compact(part.iri))}")
            yield dataset, term(f"void:{kind}Partition"), node
            yield from _typed(node, "void:Dataset")
            yield from _with(node, class_property, ox.NamedNode(part.iri))
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


def _lists(description: Description, dataset: ox.NamedNode) -> Iterator[Statement]:
    for vocabulary in description.vocabularies:
        yield from _with(dataset, "void:vocabulary", ox.NamedNode(vocabulary.iri))
    for example in description.examples:
        yield from _with(dataset, "void:exampleResource", ox.NamedNode(example.iri))
    for source in description.sources[:MAX_LISTED_SOURCES]:
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
