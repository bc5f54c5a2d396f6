"""A data folder for the tests of pages: one R&D cluster with its partners, sources that disagree, three documents.

`hostile=True` adds an entity, a source, a disagreement and a document whose every text attacks the page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tests.support.folder import PREFIXES

__all__ = ["HOSTILE_LABEL", "write_site_folder"]

HOSTILE_LABEL: Final = (
    "<script>window.hit=1</script>\"><img src=x onerror='window.hit=1'>{{7*7}}\u202egnp.exe\u2066 "
    + "javascript:alert(1) "
    + "x" * 10_000
)

_PREFIXES: Final = PREFIXES + (
    "@base <https://w3id.org/creative-atlas/id/> .\n"
    "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    "@prefix org: <http://www.w3.org/ns/org#> .\n"
)

_ONTOLOGY: Final = """
ca:ResearchCluster a owl:Class ; rdfs:label "R&D cluster" .
ca:Programme a owl:Class ; rdfs:label "Programme" .
org:Organization a owl:Class ; rdfs:label "Organisation" .
schema:Person a owl:Class ; rdfs:label "Person" .
schema:Place a owl:Class ; rdfs:label "Place" .
ca:Theme a owl:Class ; rdfs:label "Theme" .
ca:Statistic a owl:Class ; rdfs:label "Statistic" .

ca:directorOf a owl:ObjectProperty ; rdfs:label "director of" ; owl:inverseOf ca:director .
ca:director a owl:ObjectProperty ; rdfs:label "director" ; owl:inverseOf ca:directorOf .
ca:ledBy a owl:ObjectProperty ; rdfs:label "led by" ; skos:definition "Who leads a cluster." .
ca:fundedBy a owl:ObjectProperty ; rdfs:label "funded by" .
ca:keyFigure a owl:ObjectProperty ; rdfs:label "statistic" .
ca:partner a owl:ObjectProperty ; rdfs:label "partner" ; skos:definition "Takes part in a cluster." .
dcterms:isPartOf a owl:ObjectProperty ; rdfs:label "part of" .
schema:location a owl:ObjectProperty ; rdfs:label "located in" .
ca:grantReference a owl:DatatypeProperty ; rdfs:label "grant reference" .
ca:budget a owl:DatatypeProperty ; rdfs:label "budget" .
"""

_FURTHER_PROPERTIES: Final = (
    "ca:about", "ca:asOf", "ca:claimRecord", "ca:judgement", "ca:note", "ca:position", "ca:preferred", "ca:qualifier",
    "ca:record", "ca:reliability", "ca:status", "ca:unit", "ca:validFrom", "ca:validTo", "ca:value",
    "dcterms:identifier", "dcterms:issued", "dcterms:publisher", "dcterms:source", "dcterms:title",
    "schema:description", "schema:latitude", "schema:longitude", "schema:text", "schema:url", "skos:altLabel",
    "skos:definition",
)  # fmt: skip

_SOURCES: Final = """
<source/grant> a ca:Source ; dcterms:identifier "grant" ; ca:reliability "official" ; dcterms:title "InGAME grant" ;
  dcterms:publisher "UKRI Gateway to Research" ; dcterms:issued "2018" ;
  schema:url <https://gtr.ukri.org/projects?ref=AH%2FS002871%2F1> .
<source/announcement> a ca:Source ; dcterms:identifier "announcement" ; ca:reliability "secondary" ;
  dcterms:title "InGAME partners announced" ; dcterms:publisher "Creative Dundee" ; dcterms:issued "2018-11" ;
  schema:url <https://creativedundee.com/ingame> .
<source/courier> a ca:Source ; dcterms:identifier "courier" ; ca:reliability "press" ;
  dcterms:title "Games hub adds £84.7m" ; dcterms:publisher "The Courier" ; dcterms:issued "2023-07-14" ;
  schema:url <https://www.thecourier.co.uk/ingame> .
<source/profile> a ca:Source ; dcterms:identifier "profile" ; ca:reliability "low" ; dcterms:title "Profile page" ;
  dcterms:publisher "GitHub" ; schema:url <https://github.com/ingame> .
<source/memory> a ca:Source ; dcterms:identifier "memory" ; ca:reliability "memory" ; dcterms:title "(background)" .
"""

_PARTNERS: Final = (
    "BBC", "4J Studios", "Beano Studios", "Biome Collective", "Creative Dundee", "Creative Scotland", "deltaDNA",
    "Interface", "Microsoft", "Outplay Entertainment", "TIGA", "Ukie", "V&A Dundee",
)  # fmt: skip

_ENTITIES: Final = """
<cluster/ingame> a ca:ResearchCluster ; rdfs:label "InGAME" ;
  skos:altLabel "Innovation for Games and Media Enterprise" ;
  schema:description "Dundee video-games R&D cluster, 2018 to 2024." ; schema:latitude "56.46" ;
  schema:longitude "-2.97" ; dcterms:source <source/grant> .
<programme/clusters> a ca:Programme ; rdfs:label "Creative Industries Clusters Programme" ;
  schema:description "Nine R&D clusters and the PEC." ; dcterms:source <source/grant> .
<org/ahrc> a org:Organization ; rdfs:label "Arts and Humanities Research Council" ; skos:altLabel "AHRC" ;
  schema:description "Research council." ; dcterms:source <source/grant> .
<org/abertay-uni> a org:Organization ; rdfs:label "Abertay University" ;
  schema:description "University in Dundee." ; dcterms:source <source/grant> .
<org/nesta> a org:Organization ; rdfs:label "Nesta" ;
  schema:description "UK innovation agency for social good." ; dcterms:source <source/profile> .
<person/sean-taylor> a schema:Person ; rdfs:label "Sean Taylor" ; dcterms:source <source/courier> .
<place/dundee> a schema:Place ; rdfs:label "Dundee" ; schema:description "City in Scotland." ;
  schema:latitude "56.462" ; schema:longitude "-2.97" ; dcterms:source <source/courier> .
<place/caerdydd> a schema:Place ; rdfs:label "Caerdydd" ; schema:description "Ŵy, ŷd: the Welsh capital." ;
  schema:latitude "51.48" ; schema:longitude "-3.18" ; dcterms:source <source/memory> .
<theme/skills> a ca:Theme ; rdfs:label "Skills" ; dcterms:source <source/memory> .
<statistic/ingame-gva> a ca:Statistic ; rdfs:label "InGAME expected GVA, UK, 2023" ; ca:value "84.7" ;
  ca:unit "GBP million" ; ca:qualifier "forecast" ; dcterms:source <source/courier> .
"""

_DISAGREEMENT: Final = """
<disagreement/ingame-money/a> a ca:Position ; schema:text "£9m centre, 2018" ; dcterms:source <source/announcement> .
<disagreement/ingame-money/b> a ca:Position ; schema:text "£11.5m project, 2023" ; dcterms:source <source/courier> .
<disagreement/ingame-money/c> a ca:Position ; schema:text "£11.5m industry co-investment" ;
  dcterms:source <source/profile> .
<disagreement/ingame-money> a ca:Disagreement ; rdfs:label "InGAME money" ; ca:about <cluster/ingame> ;
  ca:position <disagreement/ingame-money/a>, <disagreement/ingame-money/b>, <disagreement/ingame-money/c> ;
  ca:judgement "Unresolved: keep with dates." .
"""

_DUNDEE: Final = """# Who leads it

InGAME is led by Abertay University in Dundee. The Arts and Humanities Research Council funds it 💷 with £9 million
from 2018. Sean Taylor became director of InGAME. Partners include the BBC, Microsoft and V&A Dundee.

# What it is for

The cluster gives games studios access to finance, to skills and to research. Small firms in Dundee said that access to
finance was their first concern.
"""

_GROWTH: Final = """Creative microclusters are small communities of creative businesses. InGAME is one of the clusters
that supports games. Access to finance differs between places. Nesta and AHRC supported the study.
"""


def write_site_folder(folder: Path, *, hostile: bool = False) -> Path:
    """Write the folder in the layout of the project's `data/`."""
    bad = HOSTILE_LABEL if hostile else ""
    further = "".join(f'{name} a owl:DatatypeProperty ; rdfs:label "{name}" .\n' for name in _FURTHER_PROPERTIES)
    files = {
        "ontology.ttl": _ONTOLOGY + further + (_hostile_ontology(bad) if bad else ""),
        "sources.ttl": _SOURCES + (_hostile_source(bad) if bad else ""),
        "entities/all.ttl": _ENTITIES + "".join(map(_partner, _PARTNERS)) + (_hostile_entity(bad) if bad else ""),
        "claims/all.ttl": "".join(_claims()) + ("".join(_hostile_claims(bad)) if bad else ""),
        "disagreements.ttl": _DISAGREEMENT + (_hostile_disagreement(bad) if bad else ""),
    }
    for name, turtle in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_PREFIXES + turtle, "utf-8")
    notes = folder / "texts"
    notes.mkdir()
    _note(notes / "dundee.md", "InGAME and the Dundee games cluster", "Creative Dundee", "2018-11-20", _DUNDEE)
    _note(notes / "growth.md", "Small engines of growth", "Nesta", "2020-11", _GROWTH)
    if bad:
        _note(notes / "hostile.md", bad, bad, bad[:30], f"# {bad}\n\n{bad}\n\nInGAME {bad}\n")
    return folder


def _note(path: Path, title: str, publisher: str, date: str, text: str) -> None:
    """Every JSON string is a YAML string, so hostile titles are quoted as JSON."""
    fields = {"title": title, "kind": "note", "date": date, "publisher": publisher}
    front = "".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items())
    path.write_text(f"---\n{front}sources: [grant]\n---\n\n{text}", "utf-8")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-").replace("&", "")


def _partner(name: str) -> str:
    return f'<org/{_slug(name)}> a org:Organization ; rdfs:label "{name}" ; dcterms:source <source/announcement> .\n'


def _claim(name: str, subject: str, predicate: str, obj: str, sources: str, details: str = "") -> str:
    return (
        f"<claim-record/{name}> a ca:Claim ; rdf:subject <{subject}> ; rdf:predicate {predicate} ; rdf:object {obj} ;\n"
        f"  ca:status ca:accepted ; {details}dcterms:source {sources} .\n"
    )


def _claims() -> list[str]:
    ingame, both = "cluster/ingame", "<source/grant>, <source/announcement>"
    return [
        _claim("1", ingame, "dcterms:isPartOf", "<programme/clusters>", both, details='ca:validFrom "2018" ; '),
        _claim("2", ingame, "ca:ledBy", "<org/abertay-uni>", both),
        _claim("3", ingame, "ca:fundedBy", "<org/ahrc>", "<source/grant>",
               details='ca:validFrom "2018" ; ca:validTo "2024" ; '),
        _claim("4", ingame, "schema:location", "<place/dundee>", "<source/courier>"),
        _claim("5", ingame, "ca:keyFigure", "<statistic/ingame-gva>", "<source/courier>"),
        _claim("6", ingame, "ca:grantReference", '"AH/S002871/1"', "<source/grant>"),
        _claim("7", ingame, "ca:budget", '"£9 million centre (2018)"', "<source/announcement>",
               details='ca:note "As announced." ; '),
        _claim("8", "person/sean-taylor", "ca:directorOf", "<cluster/ingame>", "<source/courier>",
               details='ca:asOf "2023-07" ; '),
        _claim("9", "org/abertay-uni", "schema:location", "<place/dundee>", "<source/memory>"),
        _claim("10", "org/nesta", "ca:partner", "<cluster/ingame>", "<source/profile>"),
        *(_claim(_slug(name), ingame, "ca:partner", f"<org/{_slug(name)}>", "<source/announcement>")
          for name in _PARTNERS),
    ]  # fmt: skip


def _text(value: str) -> str:
    return str(ox.Literal(value))


def _hostile_ontology(bad: str) -> str:
    return (
        f"ca:Bad a owl:Class ; rdfs:label {_text(bad[:40])} ; skos:definition {_text(bad)} .\n"
        f"ca:bad a owl:DatatypeProperty ; rdfs:label {_text(bad[:60])} ; skos:altLabel {_text(bad)} .\n"
    )


def _hostile_source(bad: str) -> str:
    return (
        f'<source/bad> a ca:Source ; dcterms:identifier "bad" ; ca:reliability "low" ; dcterms:title {_text(bad)} ;\n'
        f'  dcterms:publisher {_text(bad)} ; dcterms:issued {_text(bad[:30])} ; schema:url "javascript:alert(1)" .\n'
    )


def _hostile_entity(bad: str) -> str:
    return (
        f"<org/hostile> a ca:Bad ; rdfs:label {_text(bad)} ; skos:altLabel {_text('also ' + bad)} ;\n"
        f'  schema:description {_text(bad)} ; schema:url "javascript:alert(1)" ;\n'
        "  dcterms:source <source/bad> .\n"
    )


def _hostile_claims(bad: str) -> list[str]:
    note = f"ca:note {_text(bad)} ; "
    return [
        _claim("bad-1", "org/hostile", "ca:bad", _text(bad), "<source/bad>", details=note),
        _claim("bad-2", "org/hostile", "ca:partner", "<cluster/ingame>", "<source/bad>"),
    ]


def _hostile_disagreement(bad: str) -> str:
    sides = range(6)
    return "".join(
        f"<disagreement/bad/{side}> a ca:Position ; schema:text {_text(bad)} ; dcterms:source <source/bad> .\n"
        for side in sides
    ) + (
        f"<disagreement/bad> a ca:Disagreement ; rdfs:label {_text(bad)} ; ca:about <org/hostile> ;\n"
        f"  ca:position {', '.join(f'<disagreement/bad/{side}>' for side in sides)} ; ca:judgement {_text(bad)} .\n"
    )
