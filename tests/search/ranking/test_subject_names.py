"""A text is found by the names and the description of its subject, and the explanation shows that."""

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
def searcher(tmp_path: Path, words: Encoder, collection: list[Item]) -> Searcher:
    item = Item("p/told", "passage", "What came of it", "Half of the founders raised money.", about=ABOUT)
    build([*collection, item], tmp_path, words)
    return Searcher(Index.open(tmp_path), lambda: words)


@pytest.mark.parametrize("text", ["Lighthouse Scheme", "LS founders", "seaside studios that were coached"])
def test_a_text_is_found_by_its_subject(searcher: Searcher, text: str) -> None:
    assert searcher.search(Query(text, mode="lexical")).hits[0].iri == "p/told"


def test_the_explanation_separates_words_of_the_subject_from_words_of_the_text(searcher: Searcher) -> None:
    explain = searcher.search(Query("founders at the seaside", mode="lexical")).hits[0].explain
    assert {(term.term, term.field) for term in explain.terms} == {("founders", "text"), ("seaside", "about")}
    assert sum(term.score for term in explain.terms) == pytest.approx(explain.lexical_raw, abs=1e-4)


def test_a_phrase_is_looked_for_in_the_text_itself(searcher: Searcher) -> None:
    assert not searcher.search(Query('"seaside studios"', mode="lexical")).hits


def test_the_snippet_shows_the_text_alone(searcher: Searcher) -> None:
    hit = searcher.search(Query("Lighthouse Scheme", mode="lexical")).hits[0]
    assert hit.snippet.text == "Half of the founders raised money."


def test_without_a_subject_the_fields_hold_the_text_alone() -> None:
    item = Item("p", "passage", "Title", "text", heading="A > B")
    assert field_texts(item) == {"title": "Title", "text": "Title\nA > B\ntext", "exact": "title | a b | text"}


def test_the_names_of_a_subject_are_indexed_and_follow_the_graph(tmp_path: Path, words: Encoder) -> None:
    note = NOTE.replace("sources: [gov]", 'sources: [gov]\nabout: ["prog:scale-up", "prog:unknown"]')
    folder = write_folder(tmp_path / "data", {"texts/scale-up.md": note})
    home = Home(tmp_path / "atlas")

    def rename(store: ox.Store) -> Changes:
        store.add(ox.Quad(ox.NamedNode(SCALE_UP), term("skos:altLabel"), ox.Literal("Ladder"), DEFAULT))
        return Changes(entities=frozenset({SCALE_UP}))

    def kinds(text: str) -> set[str]:
        hits = Searcher(Index.open(home.require().path), lambda: words).search(Query(text, mode="lexical")).hits
        return {hit.kind for hit in hits}

    with Writer(home, SearchIndexer(lambda: words)).session() as session:
        build_starter(session, load(folder), built={})
        assert kinds("ladder") == set()
        session.change(rename)
    assert kinds("ladder") == {"passage", "entity"}
