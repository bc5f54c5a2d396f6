"""A text is found by what its subject is called and what it is, and the explanation says so."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.seed_data.build import build as build_starter
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.storage.snapshot import DEFAULT, term
from graph.write.writer import Changes, Writer
from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.index.schema import field_texts
from search.indexing.indexer import SearchIndexer
from search.item import Item
from search.searcher import Searcher
from search.types import Query
from tests.support.folder import NOTE, write_folder

SCALE_UP = "https://w3id.org/creative-atlas/id/programme/scale-up"
ABOUT = "Lighthouse Scheme, LS. A pilot that coaches seaside studios."


@pytest.fixture
def told(tmp_path: Path, words: Encoder, collection: list[Item]) -> Searcher:
    item = Item("p/told", "passage", "What came of it", "Half of the founders raised money.", about=ABOUT)
    build([*collection, item], tmp_path, words)
    return Searcher(Index.open(tmp_path), lambda: words)


@pytest.mark.parametrize("text", ["Lighthouse Scheme", "LS founders", "seaside studios that were coached"])
def test_a_text_is_found_by_its_subject(told: Searcher, text: str) -> None:
    assert told.search(Query(text, mode="lexical")).hits[0].iri == "p/told"


def test_the_explanation_tells_the_words_of_the_subject_from_those_of_the_text(told: Searcher) -> None:
    explain = told.search(Query("founders at the seaside", mode="lexical")).hits[0].explain
    assert {(term.term, term.field) for term in explain.terms} == {("founders", "text"), ("seaside", "about")}
    assert sum(term.score for term in explain.terms) == pytest.approx(explain.lexical_raw, abs=1e-4)


def test_a_phrase_is_asked_of_the_text_itself(told: Searcher) -> None:
    assert not told.search(Query('"seaside studios"', mode="lexical")).hits


def test_the_snippet_shows_the_text_alone(told: Searcher) -> None:
    hit = told.search(Query("Lighthouse Scheme", mode="lexical")).hits[0]
    assert hit.snippet.text == "Half of the founders raised money."


def test_without_a_subject_the_fields_are_as_they_were() -> None:
    item = Item("p", "passage", "Title", "text", heading="A > B")
    assert field_texts(item) == {"title": "Title", "text": "Title\nA > B\ntext", "exact": "title | a b | text"}


def test_what_a_note_says_it_is_about_is_indexed_with_it_and_follows_the_facts(tmp_path: Path, words: Encoder) -> None:
    note = NOTE.replace("sources: [gov]", 'sources: [gov]\nabout: ["prog:scale-up", "prog:unknown"]')
    folder = write_folder(tmp_path / "data", {"texts/scale-up.md": note})
    home = Home(tmp_path / "atlas")

    def rename(store: ox.Store) -> Changes:
        store.add(ox.Quad(ox.NamedNode(SCALE_UP), term("skos:altLabel"), ox.Literal("Ladder"), DEFAULT))
        return Changes(entities=frozenset({SCALE_UP}))

    def found(text: str) -> set[str]:
        hits = Searcher(Index.open(home.require().path), lambda: words).search(Query(text, mode="lexical")).hits
        return {hit.kind for hit in hits}

    with Writer(home, SearchIndexer(lambda: words)).session() as session:
        build_starter(session, load(folder), built={})
        assert found("ladder") == set()
        session.change(rename)
    assert found("ladder") == {"passage", "entity"}
