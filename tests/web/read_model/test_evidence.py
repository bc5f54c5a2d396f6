"""Cells of a result row that facts connect: entities given by IRI, by name, or by a value that only they have."""

from __future__ import annotations

from types import SimpleNamespace

import pyoxigraph as ox
import pytest

from graph.model import Value
from graph.storage.snapshot import Snapshot
from graph.vocabulary import expand
from web.read_model.evidence import evidence_between
from web.read_model.row_evidence import connected_cells

DATE, INTEGER = expand("xsd:date"), expand("xsd:integer")
FACTS = """
@prefix x: <http://e/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix dcterms: <http://purl.org/dc/terms/> .
x:ingame rdfs:label "InGAME" ; x:start "2018-11-01"^^xsd:date ; x:partOf x:programme ; dcterms:source x:paper .
x:programme rdfs:label "Clusters"@en ; x:start "2018-11-01"^^xsd:date ; x:note "nine of them"@en .
x:paper rdfs:label "A paper" .
x:city rdfs:label "Bradford" ; x:field x:film . x:council rdfs:label "Bradford" . x:film rdfs:label "Film" .
x:gva-2010 x:year "2010" ; x:value 65188 ; x:unit "million" .
x:gva-2011 x:year "2011" ; x:value 69398 ; x:unit "million" .
x:gva-2012 x:unit "million" . x:gva-2013 x:unit "million" .
"""
NAMES = {"ingame": ["http://e/ingame"], "clusters": ["http://e/programme"], "film": ["http://e/film"],
         "a paper": ["http://e/paper"], "bradford": ["http://e/city", "http://e/council"]}  # fmt: skip


def iri(name: str) -> Value:
    return Value("iri", f"http://e/{name}", name)


def text(value: str, datatype: str | None = None, language: str | None = None) -> Value:
    return Value("literal", value, value, datatype, language)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    store = ox.Store()
    store.load(FACTS.encode(), ox.RdfFormat.TURTLE)
    return Snapshot(store)


def connected(snapshot: Snapshot, *row: Value | None) -> list[str]:
    (terms,) = connected_cells(snapshot, [row], NAMES)
    return [term.removeprefix("http://e/").partition("^^")[0] for term in terms]


START = text("2018-11-01", DATE)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((iri("ingame"), START), ["ingame", '"2018-11-01"']),
        ((iri("ingame"), None, text("InGAME")), ["ingame", '"InGAME"']),
        ((iri("ingame"), text("InGAME"), START), ["ingame", '"2018-11-01"']),
        ((iri("programme"), text("nine of them", None, "en")), ["programme", '"nine of them"@en']),
        ((iri("programme"), text("nine of them")), []),  # another literal
        ((text("InGAME"), START), ["ingame", '"2018-11-01"']),  # not the programme, which began on that day too
        ((text("Clusters"), text("InGAME")), ["programme", "ingame"]),
        ((text("Bradford"), text("Film")), ["city", "film"]),  # the linked one of two entities
        ((text("Bradford"), text("7", INTEGER)), []),
        ((text("2010"), text("65188", INTEGER), text("million")), ["gva-2010", '"2010"', '"65188"', '"million"']),
        ((text("2010"), text("69398", INTEGER)), []),  # values of two statistics
        ((iri("ingame"), text("A paper")), []),  # linked by the source relation only
        ((text("million"),), []), ((text("InGAME"),), []), ((), []), ((None,), []),
        ((text("x", "no datatype"), text("x", None, "not a tag"), iri("not an iri<")), []),
    ],
)  # fmt: skip
def test_connected_cells_of_a_row(row: tuple[Value | None, ...], expected: list[str], snapshot: Snapshot) -> None:
    assert sorted(connected(snapshot, *row)) == sorted(expected)


def test_literals_too_long_for_an_address_are_left_out() -> None:
    store = ox.Store()
    subject, name = ox.NamedNode("http://e/long"), ox.NamedNode("http://e/text")
    store.add(ox.Quad(subject, name, ox.Literal("x" * 5_000)))
    assert connected_cells(Snapshot(store), [(iri("long"), text("x" * 5_000))], {}) == [()]


def test_hostile_terms_are_no_literals(snapshot: Snapshot) -> None:
    view = SimpleNamespace(snapshot=snapshot)
    for bad in ('"', '"x" . <x:s> <x:p> "y"', '"x"@not a tag', '"x"^^<no iri>', '"\n"'):
        assert evidence_between(view, ["http://e/ingame", bad]) == ()  # type: ignore[arg-type]
