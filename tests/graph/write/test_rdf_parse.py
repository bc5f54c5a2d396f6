"""Limits on RDF texts: what is refused, what is just allowed, and that pieces of any length are read alike."""

from __future__ import annotations

import io
import json
import random

import pyoxigraph as ox
import pytest

from graph.errors import InputTooLarge
from graph.write.nesting import MAX_JSON_DEPTH, MAX_TRIPLE_TERM_DEPTH, MAX_XML_DEPTH
from graph.write.rdf_parse import STANDARD, ParsedText, ParseLimits
from graph.write.syntax_fault import RdfFault

TURTLE, XML, JSON = ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD
RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'


class Pieces(io.BytesIO):
    """A text that comes in pieces of random lengths."""

    def __init__(self, text: bytes, seed: int) -> None:
        super().__init__(text)
        self._random = random.Random(seed)

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._random.randint(1, 7))


def read(text: str, rdf_format: ox.RdfFormat, limits: ParseLimits = STANDARD) -> list[ox.Quad]:
    return list(ParsedText(io.BytesIO(text.encode()), rdf_format, base="http://e/", name="The body", limits=limits))


def xml(depth: int) -> str:
    pairs = (depth - 1) // 2
    return RDF + "<e:A><e:p>" * pairs + "</e:p></e:A>" * pairs + "</rdf:RDF>"


def objects(depth: int) -> str:
    return '{"http://e/p":' * depth + '"x"' + "}" * depth


def triple_terms(depth: int) -> str:
    return "<a:s> <a:p> " + "<<( <a:s> <a:p> " * depth + "<a:o>" + " )>>" * depth + " ."


@pytest.mark.parametrize(
    ("text", "rdf_format"),
    [
        (xml(MAX_XML_DEPTH + 3), XML),
        (xml(100_001), XML),
        (objects(MAX_JSON_DEPTH + 1), JSON),
        ("[" * 1_000_000, JSON),
        (objects(50_000), JSON),
        (triple_terms(MAX_TRIPLE_TERM_DEPTH + 1), TURTLE),
        (triple_terms(MAX_TRIPLE_TERM_DEPTH + 1), ox.RdfFormat.N_TRIPLES),
        (triple_terms(100_000), TURTLE),
        (triple_terms(100_000), ox.RdfFormat.N_QUADS),
        (triple_terms(100_000), ox.RdfFormat.TRIG),
    ],
)
def test_what_is_nested_too_deeply_is_refused(text: str, rdf_format: ox.RdfFormat) -> None:
    with pytest.raises(RdfFault, match="nested more than"):
        read(text, rdf_format)


@pytest.mark.parametrize(
    ("text", "rdf_format", "count"),
    [
        (xml(MAX_XML_DEPTH), XML, MAX_XML_DEPTH - 2),
        (objects(MAX_JSON_DEPTH), JSON, MAX_JSON_DEPTH),
        (triple_terms(MAX_TRIPLE_TERM_DEPTH), TURTLE, 1),
        ("<a:s> <a:p> " + "[ <a:p> " * 10_000 + "1" + " ]" * 10_000 + " .", TURTLE, 10_001),
        ("<a:s> <a:p> " + "(" * 5_000 + "1" + ")" * 5_000 + " .", TURTLE, 10_001),
        ("".join(f'<a:s{n}> <a:p> "std::cout <<(x) << 1" .\n' for n in range(3_000)), TURTLE, 3_000),
        (json.dumps([{"@id": f"a:{n}", "a:p": '\\"[{[{' + "\\" * n} for n in range(300)]), JSON, 300),
    ],
)
def test_what_nests_no_deeper_is_read(text: str, rdf_format: ox.RdfFormat, count: int) -> None:
    assert len(read(text, rdf_format)) == count


@pytest.mark.parametrize("seed", range(20))
def test_strings_are_told_from_brackets_wherever_a_piece_ends(seed: int) -> None:
    strings = ['"', "\\", '\\"', "[[[[", "}{", '"]\\', "\\\\", ""]
    chosen = random.Random(seed)
    values = ["".join(chosen.choices(strings, k=5)) for _ in range(300)]
    text = json.dumps([{"@id": f"a:{n}", "a:p": value} for n, value in enumerate(values)])
    quads = list(ParsedText(Pieces(text.encode(), seed), JSON, base="http://e/", name="The body"))
    assert {quad.object.value for quad in quads if isinstance(quad.object, ox.Literal)} == set(values)
    with pytest.raises(RdfFault, match="nested"):
        list(ParsedText(Pieces(objects(201).encode(), seed), JSON, base="http://e/", name="The body"))
    with pytest.raises(RdfFault, match="nested"):
        deep = triple_terms(1_001).encode()
        list(ParsedText(Pieces(deep, seed), TURTLE, base="http://e/", name="The body"))


ENTITIES = [
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + RDF
    + "<e:A><e:p>&b;</e:p></e:A></rdf:RDF>",
    '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + RDF + "<e:A><e:p>&a;</e:p></e:A></rdf:RDF>",
    '<!DOCTYPE r [<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;]>' + RDF + "</rdf:RDF>",
    '<?xml version="1.0"?><!DOCTYPE r [\n<!ENTITY ns "http://e/">]>' + RDF + '<e:A rdf:about="&ns;a"/></rdf:RDF>',
]  # fmt: skip


@pytest.mark.parametrize("text", ENTITIES)
def test_entities_are_refused_and_named(text: str) -> None:
    with pytest.raises(RdfFault, match="declares an entity") as caught:
        read(text, XML)
    assert caught.value.line in (1, 2)
    assert read("<!DOCTYPE rdf:RDF>" + RDF + "<e:A/></rdf:RDF>", XML), "a DTD without entities does no harm"


def test_a_text_may_not_expand_without_end() -> None:
    """A long prefix makes much of few bytes."""
    text = f"@prefix p: <http://e/{'x' * 50_000}> .\n" + "p:a p:b p:c .\n" * 3_000
    with pytest.raises(InputTooLarge, match="expands to more than 300 times"):
        read(text, TURTLE)


@pytest.mark.parametrize("term", [
    '"LONG"', '"LONG"@en', '"x"@en-LONG', '"x"^^<a:LONG>', "<a:LONG>", "<<( <a:s> <a:p> \"LONG\" )>>", "p:LONG",
])  # fmt: skip
def test_a_term_has_a_longest_length(term: str) -> None:
    limits = ParseLimits(term_bytes=4_000)
    text = "@prefix p: <a:> . <a:s> <a:p> " + term + " ."
    short, long = "é" * 1_990, "é" * 2_001
    if "@en-" in term:
        short, long = "-".join(["abcdefgh"] * 440), "-".join(["abcdefgh"] * 450)
    assert len(read(text.replace("LONG", short), TURTLE, limits)) == 1
    with pytest.raises(InputTooLarge, match="4,000 are allowed"):
        read(text.replace("LONG", long), TURTLE, limits)


def test_a_write_of_large_terms_is_noticed() -> None:
    for length, large in ((1_000, False), (60_000, False), (70_000, True)):
        text = ParsedText(
            io.BytesIO(f'<a:s> <a:p> "{"x" * length}" .'.encode()), TURTLE, base="http://e/", name="The body"
        )
        assert len(list(text)) == text.count == 1
        assert text.holds_large_terms is large
