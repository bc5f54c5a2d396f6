"""Phrases for statistics, sums and offices."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.storage.snapshot import Snapshot
from web.read_model import fact_phrases

TURTLE = """
@prefix ca: <https://w3id.org/creative-atlas/ontology#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<x:gva> a ca:Statistic ; ca:value 177069.1 ; ca:unit "GBP million" ; ca:qualifier "current prices" .
<x:share> a ca:Statistic ; ca:value "5.30"^^xsd:decimal ; ca:unit "percent" .
<x:jobs> a ca:Statistic ; ca:value 2400000 ; ca:unit "jobs" .
<x:count> a ca:Statistic ; ca:value 709 ; ca:unit "count" .
<x:odd> a ca:Statistic ; ca:value "about ten" ; ca:unit "firms" .
<x:empty> a ca:Statistic .
<x:sum> a schema:MonetaryAmount ; schema:value 39300000 ; schema:currency "GBP" ;
    ca:amountKind ca:invested ; ca:asOf "2023-04" .
<x:named> a schema:MonetaryAmount ; rdfs:label "BridgeAI: £100 million" ;
    schema:value 100000000 ; schema:currency "GBP" .
<x:office> a org:Membership ; schema:startDate "2018-11" ; schema:endDate "2024" .
<x:now> a org:Membership ; schema:startDate "2024-11-05" .
ca:invested rdfs:label "invested" .
"""


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    store = ox.Store()
    store.load(TURTLE.encode(), format=ox.RdfFormat.TURTLE)
    return Snapshot(store)


@pytest.mark.parametrize(
    ("iri", "words"),
    [
        ("x:gva", "£177,069.1 million, current prices"),
        ("x:share", "5.3%"),
        ("x:jobs", "2,400,000 jobs"),
        ("x:count", "709"),
        ("x:odd", "about ten firms"),
        ("x:empty", None),
        ("x:sum", "£39,300,000, invested, as of April 2023"),
        ("x:named", None),
        ("x:office", "November 2018 to 2024"),
        ("x:now", "from 5 November 2024"),
        ("x:nothing", None),
    ],
)
def test_the_words_after_a_label(iri: str, words: str | None, snapshot: Snapshot) -> None:
    assert fact_phrases.details(snapshot, (iri,)).get(iri) == words
