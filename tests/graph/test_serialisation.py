"""Serialisation: what is written reads back as the same terms, or is refused."""

from __future__ import annotations

import io
import random
from collections import Counter
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
import rdflib

from graph.errors import UnwritableTerm
from graph.serialisation import XmlGate, serialised
from graph.vocabulary import PREFIXES
from graph.write.rdf_export import FORMATS, export

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
DATASETS = 10_000
LETTERS = "ab<>&\"'\\{}[]()$@#:;,.-_ \n\t\r\u00e9\u0080\u0085\u2028\u00a0\ufeff\u0301🎭\U0010ffff"
FORBIDDEN = "\x00\x07\x0b\x1b\ufffe\uffff"
IRIS = [
    "http://example.org/a", "http://example.org/a#b", "http://example.org/p/12", "http://example.org/", "urn:x:y",
    "http://example.org/a%20b?c=1&d='2'", "http://example.org/caf\u00e9", "http://example.org/\U0001f3ad", "schema:x",
    "skos:prefLabel", "http://example.org/a.", "http://example.org/-a", "mailto:jo@example.org", "https://schema.org/name",
    "http://www.w3.org/2000/xmlns/a", "http://www.w3.org/XML/1998/namespacelang", "http://example.org/a/(b)",
    *(RDF + name for name in ("type", "li", "_1", "about", "Description", "first", "rest", "nil", "reifies", "value")),
]  # fmt: skip
DATATYPES = [
    *(XSD + name for name in ("string", "integer", "decimal", "double", "boolean", "date", "anyURI")),
    *(RDF + name for name in ("XMLLiteral", "HTML", "JSON")), "http://example.org/type",
]  # fmt: skip
LEXICAL = ["1", "01", "+1.0", "1e0", "INF", "true", "2020-02-30", "{}", '{"a": 1 }', "<b>x</b>", "9" * 30, "", " "]
BLANKS = ["a", "1a", "0", "_-a", "a-b", "a.b", "\u00e9"]


def _text(chance: random.Random) -> str:
    letters = LETTERS + (FORBIDDEN if chance.random() < 0.05 else "")
    return "".join(chance.choices(letters, k=chance.randrange(8)))


def _literal(chance: random.Random) -> ox.Literal:
    kind = chance.randrange(4)
    if kind == 0:
        return ox.Literal(_text(chance))
    if kind == 1:
        return ox.Literal(_text(chance), language=chance.choice(["en", "cy", "en-gb", "x-mine"]))
    if kind == 2:
        direction = chance.choice([ox.BaseDirection.LTR, ox.BaseDirection.RTL])
        return ox.Literal(_text(chance), language="ar", direction=direction)
    text = chance.choice(LEXICAL) if chance.random() < 0.7 else _text(chance)
    return ox.Literal(text, datatype=ox.NamedNode(chance.choice(DATATYPES)))


def _subject(chance: random.Random) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(chance.choice(BLANKS)) if chance.random() < 0.3 else ox.NamedNode(chance.choice(IRIS))


def _triple(chance: random.Random, depth: int = 0) -> ox.Triple:
    predicate = ox.NamedNode(chance.choice(IRIS))
    kind = chance.random()
    if kind < 0.1 and depth < 3:
        return ox.Triple(_subject(chance), predicate, _triple(chance, depth + 1))
    return ox.Triple(_subject(chance), predicate, _subject(chance) if kind < 0.4 else _literal(chance))


def _quads(chance: random.Random, *, one_graph: bool) -> list[ox.Quad]:
    graphs = [ox.DefaultGraph(), ox.NamedNode("http://example.org/g"), ox.NamedNode("urn:g"), ox.BlankNode("g1")]
    triples = [_triple(chance) for _ in range(chance.randrange(1, 5))]
    return [ox.Quad(*triple, graphs[0] if one_graph else chance.choice(graphs)) for triple in triples]


def _canonical(quads: list[ox.Quad]) -> set[str]:
    if any("_:" in str(quad) for quad in quads):
        dataset = ox.Dataset(quads)
        # RDFC-1.0 knows no triple terms; the engine's own algorithm does.
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        quads = list(dataset)
    return {str(quad) for quad in quads}


def _xml_names(body: bytes) -> Counter[str]:
    """All texts of the document as an XML reader of the standard library reads them."""
    return Counter(text for element in ElementTree.fromstring(body).iter() if (text := element.text))


def test_generated_datasets_read_back_from_every_format_or_are_refused() -> None:
    chance, outcomes = random.Random(17), Counter[tuple[str, bool]]()
    for number in range(DATASETS):
        name = list(FORMATS)[number % len(FORMATS)]
        form, one_graph = FORMATS[name], name in ("turtle", "ntriples", "rdfxml")
        quads = _quads(chance, one_graph=one_graph)
        store, output = ox.Store(), io.BytesIO()
        store.extend(quads)
        kept = list(store)  # the store keeps numbers and tags in one form
        try:
            export(store, output, name, "default" if one_graph else None)
        except UnwritableTerm:
            outcomes[name, False] += 1
            continue
        body = output.getvalue()
        back = ox.Store()
        back.load(body, form)
        assert _canonical(list(back)) == _canonical(kept), (name, [str(quad) for quad in quads])
        if name == "rdfxml":
            literals = Counter(quad.object.value for quad in kept if isinstance(quad.object, ox.Literal))
            assert not literals - Counter({"": 99}) - _xml_names(body), body
        outcomes[name, True] += 1
    assert {name for name, written in outcomes if not written} == {"rdfxml", "jsonld"}
    assert all(outcomes[name, True] > DATASETS / 50 for name in FORMATS), outcomes


@pytest.mark.parametrize("form", [ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD], ids=str)
def test_another_reader_reads_the_same_statements(form: ox.RdfFormat) -> None:
    """Without RDF 1.2, which it does not know, and ill-typed literals, which it normalises."""
    chance, name = random.Random(4), "xml" if form == ox.RdfFormat.RDF_XML else "json-ld"
    for _ in range(150):
        predicate = ox.NamedNode(chance.choice(IRIS))
        triple = ox.Triple(_subject(chance), predicate, ox.Literal(_text(chance), language="en"))
        try:
            body = serialised([triple], form, prefixes=PREFIXES)
        except UnwritableTerm:
            continue
        ((_, property_name, text),) = rdflib.Graph().parse(data=body, format=name)
        assert (str(property_name), str(text)) == (predicate.value, triple.object.value), body  # type: ignore[union-attr]


@pytest.mark.parametrize("form", [ox.QueryResultsFormat.XML, ox.QueryResultsFormat.JSON, ox.QueryResultsFormat.TSV])
def test_generated_results_read_back_or_are_refused(form: ox.QueryResultsFormat) -> None:
    chance = random.Random(5)
    for _ in range(600):
        store, output = ox.Store(), io.BytesIO()
        store.extend(_quads(chance, one_graph=True))
        query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY STR(?p) STR(?s) STR(?o)"
        rows = [[str(term) for term in row] for row in store.query(query)]  # type: ignore[union-attr]
        gate = XmlGate(output)
        try:
            store.query(query).serialize(gate if form == ox.QueryResultsFormat.XML else output, form)  # type: ignore[union-attr, arg-type]
        except UnwritableTerm:
            assert form == ox.QueryResultsFormat.XML
            continue
        back = ox.parse_query_results(output.getvalue(), form)
        assert [[str(term) for term in row] for row in back] == rows  # type: ignore[union-attr]
        if form == ox.QueryResultsFormat.XML:
            texts = _xml_names(output.getvalue())
            objects = [row["o"] for row in store.query(query)]  # type: ignore[union-attr, index]
            assert all(texts[term.value] for term in objects if isinstance(term, ox.Literal) and term.value)


@pytest.mark.parametrize("width", range(1, 8))
def test_the_gate_of_xml_sees_characters_however_the_bytes_are_cut(width: int) -> None:
    def through(text: str) -> bytes:
        output = io.BytesIO()
        gate, body = XmlGate(output), f"<a>{text}</a>".encode()
        for start in range(0, len(body), width):
            gate.write(body[start : start + width])
        return output.getvalue()

    assert through("one\r\ntwo \uffee\uff0f") == "<a>one&#xD;\ntwo \uffee\uff0f</a>".encode()
    for character in FORBIDDEN:
        with pytest.raises(UnwritableTerm, match=rf"U\+{ord(character):04X}"):
            through(f"x{character}")
