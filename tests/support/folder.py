"""A small data folder: two sources, three entities, one disputed claim, one note."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_folder"]

PREFIXES = """\
@prefix ca: <https://w3id.org/creative-atlas/ontology#> .
@prefix id: <https://w3id.org/creative-atlas/id/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

"""

_DEFINED = (
    "dcterms:title", "dcterms:publisher", "dcterms:source", "dcterms:identifier", "dcterms:issued",
    "schema:description", "skos:altLabel", "ca:reliability", "ca:status", "ca:record", "ca:note",
    "ca:validFrom", "ca:fundedBy",
)  # fmt: skip

FILES = {
    "ontology.ttl": "".join(f'{name} a rdf:Property ; rdfs:label "{name.partition(":")[2]}" .\n' for name in _DEFINED)
    + 'ca:Programme rdfs:label "Programme" .\n',
    "sources.ttl": """\
<https://w3id.org/creative-atlas/id/source/gov> a ca:Source ; dcterms:title "Guidance" ; ca:reliability "official" ;
  dcterms:identifier "gov" .
<https://w3id.org/creative-atlas/id/source/blog> a ca:Source ; dcterms:title "A blog" ; ca:reliability "low" ;
  dcterms:identifier "blog" .
""",
    "entities/organisations.ttl": """\
<https://w3id.org/creative-atlas/id/organisation/dcms> a ca:Organisation ;
  rdfs:label "Department for Culture, Media and Sport" ; skos:altLabel "DCMS" ;
  dcterms:identifier "org:dcms" ; dcterms:source <https://w3id.org/creative-atlas/id/source/gov> .
<https://w3id.org/creative-atlas/id/organisation/nesta> a ca:Organisation ; rdfs:label "Nesta" ;
  dcterms:identifier "org:nesta" ; dcterms:source <https://w3id.org/creative-atlas/id/source/gov> .
""",
    "entities/programmes.ttl": """\
<https://w3id.org/creative-atlas/id/programme/scale-up> a ca:Programme ; rdfs:label "Creative Scale-Up" ;
  dcterms:identifier "prog:scale-up" ; dcterms:source <https://w3id.org/creative-atlas/id/source/gov> ,
    <https://w3id.org/creative-atlas/id/source/blog> .
""",
    "claims/funding.ttl": """\
<https://w3id.org/creative-atlas/id/claim-record/rel-1> a ca:Claim ;
  rdf:subject <https://w3id.org/creative-atlas/id/programme/scale-up> ; rdf:predicate ca:fundedBy ;
  rdf:object <https://w3id.org/creative-atlas/id/organisation/dcms> ; ca:status ca:accepted ; ca:validFrom "2018" ;
  dcterms:source <https://w3id.org/creative-atlas/id/source/gov> , <https://w3id.org/creative-atlas/id/source/blog> .
<https://w3id.org/creative-atlas/id/claim-record/rel-2> a ca:Claim ;
  rdf:subject <https://w3id.org/creative-atlas/id/programme/scale-up> ; rdf:predicate ca:fundedBy ;
  rdf:object <https://w3id.org/creative-atlas/id/organisation/nesta> ; ca:status ca:proposed ;
  dcterms:source <https://w3id.org/creative-atlas/id/source/blog> .
""",
}

NOTE = """\
---
title: Creative Scale-Up in brief
kind: note
date: 2026-11-01
publisher: Creative Atlas notes
sources: [gov]
---

Creative Scale-Up was a pilot programme. It was paid for by the Department for Culture, Media and Sport.
"""


def write_folder(folder: Path, changed: dict[str, str] | None = None) -> Path:
    """Write the folder. `changed`: file → other content (Turtle without prefixes; an empty text omits the file)."""
    for name, content in {**FILES, **(changed or {})}.items():
        if content and not name.endswith(".md"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PREFIXES + content, "utf-8")
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / "scale-up.md").write_text((changed or {}).get("texts/scale-up.md", NOTE), "utf-8")
    return folder
