"""A place in a query finds items on it and on the places in it; an amount finds that amount and no other."""

from __future__ import annotations

from typing import Any

import pytest

from search.index.index import Index, build
from search.item import Item
from search.searcher import Searcher
from search.types import Hit, Query

_NORTH_WEST = "place/north-west"


def _place(name: str, title: str, *above: str) -> Item:
    iri = f"place/{name}"
    return Item(iri, "entity", title, f"{title} is a place.", entities=(iri,), places=(iri, *above))


def _text(name: str, text: str, *places: str) -> Item:
    return Item(f"p/{name}", "passage", "A report", text, places=places, entities=places[:1])


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, word_encoder: Any) -> Searcher:
    items = [
        _place("north-west", "North West"),
        _place("salford", "Salford", _NORTH_WEST),
        _text("salford", "Glass workshops in Salford sell to museums.", "place/salford", _NORTH_WEST),
        _text("region", "The region in the top left corner has glass workshops too.", _NORTH_WEST),
        _text("wind", "A wind blew from the west and the north over the glass workshops of Kent."),
        _text("right", "Of the loans £3.4 million went to printers."),
        _text("wrong", "Loans of £4.3 million, then of £3.8 million and £4 million, and 3 grants of £34 million."),
        _text("euro", "The printers had €3.4 million in loans, and £3,400 for paper."),
        *(_text(f"more-{n}", f"Rope makers keep {n} boats in the harbour of a town.") for n in range(20)),
    ]
    folder = tmp_path_factory.mktemp("places") / "generation"
    encoder = word_encoder()
    build(items, folder, encoder)
    return Searcher(Index.open(folder), lambda: encoder)


def _hits(searcher: Searcher, text: str, **more: Any) -> list[Hit]:
    return list(searcher.search(Query(text, limit=30, **more)).hits)


@pytest.mark.parametrize("mode", ["hybrid", "lexical"])
def test_a_region_finds_its_places_before_texts_with_its_words_by_chance(searcher: Searcher, mode: str) -> None:
    places = [
        hit.iri for hit in _hits(searcher, "glass workshops in the North West", mode=mode, entities=(_NORTH_WEST,))
    ]
    if mode == "lexical":  # the encoder of the tests knows words only, so hybrid mode adds nothing
        assert places.index("p/region") < places.index("p/wind") > places.index("p/salford")
    assert {"p/region", "p/salford", "place/salford"} <= set(places)


def test_the_explanation_names_the_place_and_sums_up(searcher: Searcher) -> None:
    hits = {hit.iri: hit for hit in _hits(searcher, "North West", entities=(_NORTH_WEST,))}
    explain = hits["p/salford"].explain
    assert [(term.term, term.field) for term in explain.terms] == [("North West", "place")]
    assert sum(term.score for term in explain.terms) == pytest.approx(explain.lexical_raw)
    assert dict(explain.boosts)["words covered"] > 0


@pytest.mark.parametrize("text", ["£3.4 million", "£3.4m", "3.4 million", "3,400,000", "loans £3.4 million"])
def test_an_amount_finds_itself_first_and_no_part_of_another(searcher: Searcher, text: str) -> None:
    hits = _hits(searcher, text)
    assert hits[0].iri == "p/right" or ("£" not in text and hits[0].iri == "p/euro")
    wrong = next((hit for hit in hits if hit.iri == "p/wrong"), None)
    assert wrong is None or {term.term for term in wrong.explain.terms} <= {"loans"}
    assert wrong is None or "£3.4" not in "".join(wrong.snippet.text[a:b] for a, b in wrong.snippet.highlights)
