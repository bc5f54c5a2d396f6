"""What in a row of an answer facts tie together, by IRI, by name, or by what is said of an entry."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from graph.model import Value
from graph.storage.snapshot import Snapshot
from graph.vocabulary import expand
from web.read_model.evidence import among, connected

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


def said(text: str, datatype: str | None = None, language: str | None = None) -> Value:
    return Value("literal", text, text, datatype, language)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    store = ox.Store()
    store.load(FACTS.encode(), ox.RdfFormat.TURTLE)
    return Snapshot(store)


def ends(snapshot: Snapshot, *row: Value | None) -> list[str]:
    (found,) = connected(snapshot, [row], NAMES)
    return [each.removeprefix("http://e/").partition("^^")[0] for each in found]


START = said("2018-11-01", DATE)


@pytest.mark.parametrize(
    ("row", "tied"),
    [
        ((iri("ingame"), START), ["ingame", '"2018-11-01"']),
        ((iri("ingame"), None, said("InGAME")), ["ingame", '"InGAME"']),
        ((iri("ingame"), said("InGAME"), START), ["ingame", '"2018-11-01"']),
        ((iri("programme"), said("nine of them", None, "en")), ["programme", '"nine of them"@en']),
        ((iri("programme"), said("nine of them")), []),  # another literal
        ((said("InGAME"), START), ["ingame", '"2018-11-01"']),  # not the programme, which began on that day too
        ((said("Clusters"), said("InGAME")), ["programme", "ingame"]),
        ((said("Bradford"), said("Film")), ["city", "film"]),  # of two of that name the one that is tied
        ((said("Bradford"), said("7", INTEGER)), []),
        ((said("2010"), said("65188", INTEGER), said("million")), ["gva-2010", '"2010"', '"65188"', '"million"']),
        ((said("2010"), said("69398", INTEGER)), []),  # of two statistics
        ((iri("ingame"), said("A paper")), []),  # that a source speaks of it
        ((said("million"),), []), ((said("InGAME"),), []), ((), []), ((None,), []),
        ((said("x", "no datatype"), said("x", None, "not a tag"), iri("not an iri<")), []),
    ],
)  # fmt: skip
def test_what_a_row_ties(row: tuple[Value | None, ...], tied: list[str], snapshot: Snapshot) -> None:
    assert sorted(ends(snapshot, *row)) == sorted(tied)


def test_literals_too_long_for_an_address_are_left_out() -> None:
    store = ox.Store()
    subject, name = ox.NamedNode("http://e/long"), ox.NamedNode("http://e/text")
    store.add(ox.Quad(subject, name, ox.Literal("x" * 5_000)))
    assert connected(Snapshot(store), [(iri("long"), said("x" * 5_000))], {}) == [()]


def test_hostile_ends_are_no_literals(snapshot: Snapshot) -> None:
    class Only:
        """As much of a view as is asked of it before anything is found."""

        def __init__(self) -> None:
            self.snapshot = snapshot

    for bad in ('"', '"x" . <x:s> <x:p> "y"', '"x"@not a tag', '"x"^^<no iri>', '"\n"'):
        assert among(Only(), ["http://e/ingame", bad]) == ()  # type: ignore[arg-type]
