"""The ontology page: every term in its place, and a drawing whose key says all that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.metadata.ontology import Ontology, anchor, ontology_triples, read_ontology
from graph.storage.snapshot import DEFAULT, Snapshot
from graph.vocabulary import CA, expand
from web.app import create_app
from web.pages.drawing.ontology_diagram import HEIGHT, WIDTH, draw
from web.services import compose
from web.settings import Settings


@pytest.fixture(scope="module")
def ontology(starter_snapshot: Snapshot) -> Ontology:
    return read_ontology(starter_snapshot)


@pytest.fixture(scope="module")
def client(starter_home: Path, cache: Path) -> Iterator[FlaskClient]:
    services = compose(Settings(home=starter_home, cache=cache))
    yield create_app(services).test_client()
    services.close()


@pytest.fixture(scope="module")
def page(client: FlaskClient) -> str:
    return client.get("/ontology").get_data(as_text=True)


def test_every_term_has_its_words(ontology: Ontology) -> None:
    terms = [*ontology.classes, *ontology.properties]
    assert len(ontology.classes) > 40
    assert [term.name for term in terms if not (term.definition and term.example and term.paraphrases)] == []
    assert len({term.anchor for term in terms}) == len(terms)


def test_counts_are_those_of_the_graph(ontology: Ontology, starter_snapshot: Snapshot) -> None:
    by_name = {term.name: term for term in (*ontology.classes, *ontology.properties)}
    programmes = set(starter_snapshot.subjects("rdf:type", expand("ca:Programme")))
    assert by_name["ca:Programme"].count == len(programmes)
    funded = list(starter_snapshot.store.quads_for_pattern(None, ox.NamedNode(expand("schema:funder")), None, DEFAULT))
    assert by_name["schema:funder"].count == by_name["ca:funds"].count == len(funded)
    assert by_name["org:Organization"].total > by_name["org:Organization"].count > 0


def test_all_terms_of_a_namespace_are_found_under_their_fragment(page: str, ontology: Ontology) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for term in (*ontology.classes, *ontology.properties):
        assert anchor(term.iri) in ids
        if term.iri.startswith(CA):
            assert term.iri.removeprefix(CA) in ids


def test_links_within_the_page_lead_somewhere(page: str) -> None:
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_no_style_stands_in_the_page(page: str) -> None:
    assert " style=" not in page
    assert "<style" not in page


def test_every_class_with_entries_links_to_them(page: str, client: FlaskClient) -> None:
    links = re.findall(r'href="(/browse\?kind=[^"]+)"', page)
    assert len(links) > 20
    for link in links[:8]:
        assert client.get(link).status_code == 200


def test_the_drawing_and_its_key_say_the_same(ontology: Ontology, page: str) -> None:
    diagram = draw(ontology)
    assert diagram == draw(ontology)
    assert len(diagram.boxes) >= 8
    assert [line.number for line in diagram.lines] == list(range(1, len(diagram.lines) + 1))
    labels = {box.label for box in diagram.boxes}
    for line in diagram.lines:
        assert {side for text in line.texts for side in (text.start, text.end)} <= labels
        assert f">{line.number}</text>" in page
    assert {side for line in diagram.lines for text in line.texts for side in (text.start, text.end)} == labels


def test_the_drawing_is_legible(ontology: Ontology) -> None:
    diagram = draw(ontology)
    for box in diagram.boxes:
        assert box.width / 2 <= box.x <= WIDTH - box.width / 2
        assert box.height / 2 <= box.y <= HEIGHT - box.height / 2
    for first, second in combinations(diagram.boxes, 2):
        gap = abs(first.x - second.x) - (first.width + second.width) / 2, abs(first.y - second.y) - first.height
        assert max(gap) >= 0, (first, second)
    for line, other_line in combinations(diagram.lines, 2):
        assert abs(line.x - other_line.x) + abs(line.y - other_line.y) > 16, (line.number, other_line.number)


def test_rdf_has_the_schema_and_not_the_data(starter_snapshot: Snapshot) -> None:
    subjects = {str(triple.subject) for triple in ontology_triples(starter_snapshot)}
    assert f"<{CA}Programme>" in subjects
    assert f"<{CA[:-1]}>" in subjects
    assert not [name for name in subjects if "/id/organisation/" in name]


def test_a_graph_without_an_ontology_has_an_empty_page() -> None:
    empty = read_ontology(Snapshot(ox.Store()))
    assert (empty.classes, empty.properties, empty.main) == ((), (), ())
    assert draw(empty).boxes == ()
