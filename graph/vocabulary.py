"""Vocabularies: the prefixes that our own terms, queries and exports use.

Standard vocabularies first; `ca:` only where none fits. `data/ontology.ttl` defines the `ca:` terms.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CA", "PART_OF", "PREFIXES", "SCHEMA_NAMESPACES", "compact", "expand", "short_name"]

CA: Final = "https://w3id.org/creative-atlas/ontology#"

PREFIXES: Final[dict[str, str]] = {
    "ca": CA,
    "id": "https://w3id.org/creative-atlas/id/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "prov": "http://www.w3.org/ns/prov#",
    "oa": "http://www.w3.org/ns/oa#",
    "qb": "http://purl.org/linked-data/cube#",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "void": "http://rdfs.org/ns/void#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "sh": "http://www.w3.org/ns/shacl#",
}

SCHEMA_NAMESPACES: Final = tuple(namespace for prefix, namespace in PREFIXES.items() if prefix != "id")
"""Namespaces of vocabularies: what is named in one of them is a class or a property, not an entity."""

PART_OF: Final = ("schema:containedInPlace", "dcterms:isPartOf")
"""Relations from a thing to the larger one that it lies in or belongs to."""


def expand(name: str) -> str:
    """IRI of a prefixed name. Raises KeyError on an unknown prefix.

    >>> expand("skos:Concept")
    'http://www.w3.org/2004/02/skos/core#Concept'
    """
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def compact(iri: str) -> str:
    """Shortest prefixed name of an IRI; the IRI itself where no prefix fits.

    >>> compact("http://www.w3.org/2004/02/skos/core#Concept"), compact("https://example.org/a")
    ('skos:Concept', 'https://example.org/a')
    """
    best = max((ns for ns in PREFIXES.values() if iri.startswith(ns)), key=len, default="")
    if not best:
        return iri
    prefix = next(key for key, ns in PREFIXES.items() if ns == best)
    return f"{prefix}:{iri[len(best) :]}"


def short_name(iri: str) -> str:
    """Name of a thing without a label: its prefixed name, else the last part of its IRI.

    >>> short_name("https://schema.org/Place"), short_name("https://example.org/a#b")
    ('schema:Place', 'b')
    """
    short = compact(iri)
    return short if short != iri else iri.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1] or iri
