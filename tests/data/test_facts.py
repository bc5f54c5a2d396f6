"""Facts of the atlas, by SPARQL: shapes hold, disputed claims are no facts, the names of the article are known."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib

from graph.iri import DEFAULT_BASE
from graph.seed_data.load import Starter
from graph.vocabulary import PREFIXES, expand

ARTICLE = (
    "Nesta",
    "Creative Industries Policy and Evidence Centre",
    "Global Creative Economy Council",
    "DCMS",
    "Marta Foresti",
    "Bernard Hay",
    "Emily Hopkins",
    "Nick Wilson",
    "Josh Siepel",
    "Creative Scale-Up",
    "Creative Industries Clusters Programme",
    "Creative Industries Sector Plan",
    "2025 Spending Review",
    "Greater Manchester",
    "West Midlands",
    "West of England",
    "Manchester",
    "London",
    "Bristol",
    "Glasgow",
    "Birmingham",
    "Creative Industries Radar",
    "GCEC",
)


def rows(atlas: ox.Store, query: str) -> list[tuple[str, ...]]:
    solutions = atlas.query(query, prefixes=PREFIXES)
    assert isinstance(solutions, ox.QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    return [tuple(getattr(row[name], "value", "") for name in names) for row in solutions]


def ask(atlas: ox.Store, query: str) -> bool:
    return bool(atlas.query(f"ASK {{ {query} }}", base_iri=DEFAULT_BASE, prefixes=PREFIXES))


def test_the_shapes_hold(atlas: ox.Store, data: Path) -> None:
    default = (
        ox.Triple(q.subject, q.predicate, q.object)
        for q in atlas.quads_for_pattern(None, None, None, ox.DefaultGraph())
        if not isinstance(q.subject, ox.Triple)
    )
    facts = rdflib.Graph(store="Oxigraph")
    facts.parse(data=ox.serialize(default, format=ox.RdfFormat.N_TRIPLES), format="nt")
    shapes = rdflib.Graph().parse(data / "shapes.ttl")
    conforms, _, report = pyshacl.validate(facts, shacl_graph=shapes, inference="none", inplace=True)
    assert conforms, report


def test_the_shapes_report_violations(data: Path) -> None:
    wrong = f"""@base <{DEFAULT_BASE}> . @prefix schema: <https://schema.org/> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix ca: <{expand("ca:")}> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <place/atlantis> a schema:Place ; schema:latitude 31.3 ; schema:longitude -24.1 ; schema:location <place/no> .
        <programme/a> a ca:Programme ; rdfs:label "Twice" ; schema:startDate "2020-05"^^xsd:gYearMonth ;
            schema:endDate "2020"^^xsd:gYear .
        <programme/b> a ca:Programme ; rdfs:label "Twice" ; schema:startDate "2020-05"^^xsd:gYearMonth ;
            schema:endDate "2019"^^xsd:gYear .
        <{PREFIXES["ca"][:-1]}> rdfs:label "Ontology" ."""
    facts = rdflib.Graph(store="Oxigraph").parse(data=wrong, format="turtle")
    shapes = rdflib.Graph().parse(data / "shapes.ttl")
    _, _, report = pyshacl.validate(facts, shacl_graph=shapes, inference="none", inplace=True)
    for message in ("exactly one label", "described source", "latitude lies", "longitude lies", "no earlier", "share"):
        assert message in report, message
    assert report.count("ends no earlier") == 1  # 2020-05 to 2020 is in order at the shared precision
    assert "names is described" in report


@pytest.mark.parametrize("name", ARTICLE)
def test_the_article_can_be_linked(atlas: ox.Store, name: str) -> None:
    assert ask(atlas, f'?entity rdfs:label|skos:altLabel "{name}"')


def test_a_statement_is_asserted_only_where_a_claim_is_accepted(atlas: ox.Store, starter: Starter) -> None:
    proposed = rows(
        atlas,
        """SELECT ?s ?p ?o ?record { GRAPH ?g { ?c rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ;
             ca:status ca:proposed ; ca:record ?record } ?s ?p ?o
           FILTER NOT EXISTS { GRAPH ?h { ?d rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ;
             ca:status ca:accepted } } }""",
    )
    assert proposed == []


def test_creative_pec_published_creative_radar(atlas: ox.Store) -> None:
    radar, publisher = "<report/creative-radar-2020>", "schema:publisher"
    assert ask(atlas, f"{radar} {publisher} <organisation/creative-pec>")
    assert not ask(atlas, f"{radar} {publisher} <organisation/nesta>")
    claimed = f"rdf:subject {radar} ; rdf:predicate {publisher} ; rdf:object <organisation/nesta>"
    assert ask(atlas, f"GRAPH <source/seed> {{ ?claim {claimed} ; ca:status ca:proposed }}")


@pytest.mark.parametrize(
    ("triple", "asserted"),
    [
        ("<person/marta-foresti> ca:chairOf <organisation/global-creative-economy-council>", True),
        ("<organisation/lago-collective> ca:ledBy <person/marta-foresti>", False),
        ('<programme/audience-of-the-future> ca:budget "£33 million (early ISCF page)"', False),
        ('<programme/audience-of-the-future> ca:budget "£39.3 million (closing page)"', True),
        ('<cluster/ingame> ca:budget "£9 million centre (2018)"', False),
        ('<cluster/ingame> ca:budget "£11.5 million project (2023)"', False),
        ("<programme/cultural-compacts> ca:keyFigure ?figure", False),
        ("<programme/cultural-compacts> ca:statusNote ?note", False),
        ("<authority/north-tyneside> schema:containedInPlace <place/north-east-combined-authority-area>", True),
        ("<authority/north-tyneside> schema:containedInPlace <authority/north-of-tyne>", False),
        ("<cluster/creative-informatics> a ca:ResearchCluster", True),
    ],
)
def test_preferred_readings_are_asserted_and_the_others_are_not(atlas: ox.Store, triple: str, asserted: bool) -> None:
    assert ask(atlas, triple) is asserted


def test_every_conflict_is_modelled_with_positions_whose_records_exist(atlas: ox.Store) -> None:
    assert len(rows(atlas, "SELECT ?d { ?d a ca:Disagreement }")) == 32
    unknown = rows(
        atlas,
        """SELECT DISTINCT ?record { ?position ca:claimRecord ?record
           FILTER NOT EXISTS { GRAPH ?g { ?claim ca:record ?record } }
           FILTER NOT EXISTS { ?thing dcterms:identifier ?record } }""",
    )
    assert unknown == [("stat:208",)]  # its figure is not asserted; the claim from the conflict replaces it


def test_claims_are_about_things_that_are_described(atlas: ox.Store) -> None:
    undescribed = rows(
        atlas,
        f"""SELECT DISTINCT ?thing {{ GRAPH ?g {{ ?claim rdf:subject|rdf:object ?thing ; ca:status ?status }}
            FILTER(ISIRI(?thing) && STRSTARTS(STR(?thing), "{DEFAULT_BASE}"))
            FILTER NOT EXISTS {{ ?thing a ?type }} }}""",
    )
    assert undescribed == []


def test_counts(atlas: ox.Store) -> None:
    def count(pattern: str) -> int:
        return int(rows(atlas, f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {pattern} }}")[0][0])

    assert count("?x a ca:Programme") == 48
    assert count("?x a ca:Theme") == 14
    assert count("?x a ca:ResearchCluster") == 11
    assert count("?x a ca:CreativeCluster") == 38
    assert (
        count("?x a ca:IndustryCode ; skos:broader <https://w3id.org/creative-atlas/id/sector/creative-industries>")
        == 31
    )
    assert count("?x a ca:Statistic") == 208
    assert count("?x a ca:Source") == 240
