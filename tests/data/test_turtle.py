"""Files of the data folder: they parse, they are canonical, every term in use is defined."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.convert import turtle
from graph.seed_data.load import Starter
from graph.vocabulary import PREFIXES, compact, expand
from tests.support.paths import ROOT

FILES = sorted((ROOT / "data").rglob("*.ttl"))
NEEDED = ("rdfs:label", "skos:definition", "skos:example", "skos:altLabel")
# Terms of RDF itself, which no question is about.
MACHINERY = ("rdf:", "owl:", "sh:", "rdfs:domain", "rdfs:range", "rdfs:subClassOf", "rdfs:subPropertyOf")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_parses_and_has_no_blank_nodes(path: Path) -> None:
    quads = list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE))
    assert quads
    terms = {term for quad in quads for term in (quad.subject, quad.object)}
    assert not [term for term in terms if isinstance(term, ox.BlankNode)]


def test_every_property_and_class_in_use_is_defined_with_words(data: Path, atlas: ox.Store) -> None:
    ontology = ox.Store()
    ontology.load(path=str(data / "ontology.ttl"), format=ox.RdfFormat.TURTLE)
    used = {quad.predicate.value for quad in atlas}
    types = (quad.object for quad in atlas.quads_for_pattern(None, ox.NamedNode(expand("rdf:type")), None))
    used |= {name.value for name in types if isinstance(name, ox.NamedNode)}
    missing = []
    for name in sorted(used):
        short = compact(name)
        if short.startswith(MACHINERY):
            continue
        node = ox.NamedNode(name)
        missing += [
            f"{short} lacks {needed}"
            for needed in NEEDED
            if not any(ontology.quads_for_pattern(node, ox.NamedNode(expand(needed)), None))
        ]
    assert not missing


def test_claimed_predicates_are_defined_too(atlas: ox.Store, starter: Starter) -> None:
    predicate, label = ox.NamedNode(expand("rdf:predicate")), ox.NamedNode(expand("rdfs:label"))
    claimed = {quad.object for quad in starter.claims if quad.predicate == predicate}
    names = {p for p in claimed if isinstance(p, ox.NamedNode) and not p.value.startswith(PREFIXES["rdf"])}
    assert not [p.value for p in names if not any(atlas.quads_for_pattern(p, label, None))]


def test_relations_are_few_and_the_rare_ones_are_explained(starter: Starter, data: Path) -> None:
    """Sixty at most, without names and codes; the reference of properties explains each rare one (under four uses)."""
    predicate = ox.NamedNode(expand("rdf:predicate"))
    claims = ox.Store()
    for path in sorted(data.glob("claims/*.ttl")):
        claims.load(path=str(path), format=ox.RdfFormat.TURTLE)
    relations = {quad.object for quad in claims.quads_for_pattern(None, predicate, None)}
    names = {ox.NamedNode(expand(name)) for name in ("skos:altLabel", "ca:onsCode")}
    assert names < relations
    assert 40 <= len(relations - names) <= 60

    parts: dict[ox.NamedNode | ox.BlankNode | ox.Triple, dict[str, str]] = defaultdict(dict)
    for quad in starter.claims:
        if quad.predicate.value.startswith(PREFIXES["rdf"]):
            parts[quad.subject][quad.predicate.value] = str(quad.object)
    facts = {
        tuple(part[expand(f"rdf:{name}")] for name in ("predicate", "subject", "object")) for part in parts.values()
    }
    counts = Counter(fact[0] for fact in facts)
    rare = {compact(name[1:-1]) for name, count in counts.items() if count < 4}
    rows = (ROOT / "docs" / "reference" / "properties.md").read_text(encoding="utf-8")
    assert rare == set(re.findall(r"^\| `(\w+:\w+)` \|", rows, re.M))


@given(st.text())
def test_a_literal_survives_the_writer(value: str) -> None:
    value = "".join(char for char in value if not 0xD800 <= ord(char) <= 0xDFFF)
    document = f"<urn:s> <urn:p> {turtle.text(value)} .".encode()
    (triple,) = ox.parse(document, format=ox.RdfFormat.TURTLE)
    assert isinstance(triple.object, ox.Literal)
    assert triple.object.value == value


@pytest.mark.parametrize("value", ["18", "2018-1", "June 2018", "2018-11-20T00:00:00"])
def test_a_date_of_another_form_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not a year"):
        turtle.date(value)
