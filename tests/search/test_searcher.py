"""Searches, completion and similar items over the small collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import InputError, UnknownEntity
from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.item import Item
from search.query.lexical_query import ENTITY_WEIGHT
from search.searcher import Searcher
from search.types import MAX_QUERY_CHARS, Filters, Mode, Query

MODES: tuple[Mode, ...] = ("hybrid", "lexical", "dense")


def iris(searcher: Searcher, text: str, **more: Any) -> list[str]:
    return [hit.iri for hit in searcher.search(Query(text, **more)).hits]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("access to finance", {"p/1", "p/2"}),
        ("why do concert halls shut", {"p/22", "p/13"}),
        ("apprenticeships for film crews", {"p/7"}),
        ("universities working with studios", {"p/4"}),
    ],
)
def test_the_right_passage_comes_first(searcher: Searcher, text: str, expected: set[str], mode: Mode) -> None:
    if mode == "lexical" and "concert" in text:
        assert iris(searcher, text, mode=mode) == []
    else:
        assert iris(searcher, text, mode=mode)[0] in expected


@pytest.mark.parametrize(("amount", "first"), [("£25 million", "p/2"), ("£25m", "p/2"), ("£250 million", "p/3")])
def test_an_amount_is_not_ten_times_itself(searcher: Searcher, amount: str, first: str) -> None:
    assert iris(searcher, amount, mode="lexical")[0] == first
    assert iris(searcher, f'"{amount}"') == [first]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ('"R&D"', {"p/4", "p/5"}),
        ('"25.5 per cent"', {"p/5"}),
        ('"scale up"', {"p/11"}),
        ('"£7 billion"', {"p/14"}),
        ('"Tŵr Mawr"', {"p/12"}),
        ('"games companies" -laboratories', {"p/2", "e/growth-fund"}),
    ],
)
def test_phrases_and_exclusions_hold_for_every_hit(searcher: Searcher, phrase: str, expected: set[str]) -> None:
    for mode in MODES:
        assert set(iris(searcher, phrase, mode=mode)) <= expected
    assert set(iris(searcher, phrase)) == expected


def test_accents_may_be_left_out(searcher: Searcher) -> None:
    assert "p/12" in iris(searcher, "llyn peninsula", mode="lexical")


@pytest.mark.parametrize("text", ["flurb gnarp wibble", "asdf qwer zxcv", "jlkj"])
def test_nonsense_finds_nothing(searcher: Searcher, text: str) -> None:
    assert searcher.search(Query(text)).total == 0


@pytest.mark.parametrize("mode", MODES)
def test_the_sum_in_the_explanation_is_the_score(searcher: Searcher, mode: Mode) -> None:
    results = searcher.search(Query("R&D clusters £25 million fund", mode=mode, entities=("e/tide", "e/growth-fund")))
    assert results.hits
    for hit in results.hits:
        why = hit.explain
        parts = why.lexical_weight * (why.lexical or 0) + why.dense_weight * (why.dense or 0)
        assert hit.score == why.score == pytest.approx(parts + sum(value for _, value in why.boosts))
        if why.lexical_raw:
            assert sum(term.score for term in why.terms) == pytest.approx(why.lexical_raw, rel=1e-3)
    scores = [hit.score for hit in results.hits]
    assert scores == sorted(scores, reverse=True)


def test_entities_of_the_query_raise_the_scores_of_their_hits(searcher: Searcher) -> None:
    plain = {hit.iri: hit for hit in searcher.search(Query("partnerships", limit=30)).hits}
    named = {hit.iri: hit for hit in searcher.search(Query("partnerships", limit=30, entities=("e/tide",))).hits}
    assert dict(named["e/tide"].explain.boosts)["entity"] == pytest.approx(0.10)
    assert named["p/4"].explain.lexical_raw == pytest.approx((plain["p/4"].explain.lexical_raw or 0) + ENTITY_WEIGHT)
    assert ("Tide Council", "entity") in [(term.term, term.field) for term in named["p/4"].explain.terms]


def test_an_entity_finds_texts_that_mention_it_under_another_name(searcher: Searcher) -> None:
    assert "p/4" not in {hit.iri for hit in searcher.search(Query("TC", mode="lexical")).hits}
    assert "p/4" in {hit.iri for hit in searcher.search(Query("TC", mode="lexical", entities=("e/tide",))).hits}


def test_highlights_are_code_points_of_the_snippet(searcher: Searcher) -> None:
    hit = searcher.search(Query("£7 billion players", mode="lexical")).hits[0]
    marked = [hit.snippet.text[start:end] for start, end in hit.snippet.highlights]
    assert (hit.iri, marked) == ("p/14", ["Players", "£7 billion"])


def test_filters_cut_hits_totals_and_facets_alike(searcher: Searcher) -> None:
    every = searcher.search(Query("creative work", limit=100, facets=True))
    for facet in ("publisher", "theme", "place", "kind", "year"):
        for offered in every.facets[facet]:
            if facet == "year":
                chosen = Filters(date_from=offered.value, date_to=offered.value)
            else:
                chosen = Filters(**{facet: (offered.value,)})
            narrowed = searcher.search(Query("creative work", limit=100, filters=chosen, facets=True))
            assert narrowed.total == len(narrowed.hits) >= offered.count
            counted = {value.value: value.count for value in narrowed.facets[facet]}
            assert counted[offered.value] == narrowed.total
    assert every.total == len(every.hits) == sum(value.count for value in every.facets["kind"])


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_lets_only_its_values_pass(searcher: Searcher, mode: Mode) -> None:
    chosen = Filters(
        publisher=("Lantern Trust", "Tide Council"), kind=("passage",), date_from="2024", date_to="2024-01"
    )
    hits = set(iris(searcher, "music and writers who are paid", mode=mode, filters=chosen))
    assert hits and hits <= {"p/9", "p/10", "p/17"}
    assert iris(searcher, "music", filters=Filters(collection=("nowhere",))) == []


def test_paging_goes_through_all_hits_once(searcher: Searcher) -> None:
    full_list = iris(searcher, "creative firms", limit=100)
    pages = [iris(searcher, "creative firms", limit=3, offset=offset) for offset in range(0, len(full_list) + 3, 3)]
    assert [iri for page in pages for iri in page] == full_list
    assert iris(searcher, "creative firms", offset=10**6) == []
    assert searcher.search(Query("creative firms", limit=0)).total == len(full_list)


def test_lexical_search_never_opens_the_encoder(generation: Any) -> None:
    def fail() -> Encoder:
        raise AssertionError("the encoder is opened")

    searcher = Searcher(Index.open(generation), fail)
    assert iris(searcher, "film", mode="lexical")
    assert searcher.complete("har")


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=80) | st.text(alphabet='"-£&. a1🎮()+*:^~[]{}\\/', max_size=80))
def test_no_text_breaks_a_search(searcher: Searcher, text: str) -> None:
    try:
        results = searcher.search(Query(text, facets=True))
    except InputError as error:
        assert error.remedy
        return
    assert results.total >= len(results.hits)


def test_the_longest_query_is_answered(searcher: Searcher) -> None:
    assert searcher.search(Query(("film " * 500)[:MAX_QUERY_CHARS])).total
    assert searcher.search(Query(" ".join(f"w{n}" for n in range(400))[:MAX_QUERY_CHARS])).total >= 0


def test_completion_puts_names_that_begin_so_first(searcher: Searcher) -> None:
    assert [completion.label for completion in searcher.complete("harb")] == ["Harbour Institute"]
    assert [completion.label for completion in searcher.complete("har", 1)] == ["Harbour Institute"]
    assert {completion.iri for completion in searcher.complete("ha")} == {"e/harbour", "e/harpsichord"}
    assert searcher.complete("inst harb")[0].iri == "e/harbour"
    assert searcher.complete("NGF")[0] == searcher.complete("ngf")[0]
    assert searcher.complete("ngf")[0].matched == "NGF"
    assert searcher.complete("lly")[0].label == "Llŷn"


@pytest.mark.parametrize("typed", ["kings coll", "king's coll", "King’s", "coll king", "obri", "o'bri", "O’Brien col"])
def test_a_name_with_an_apostrophe_is_completed_with_and_without_it(tmp_path: Path, words: Encoder, typed: str) -> None:
    names = ("King’s College London", "Kingston upon Thames Collections", "O'Brien Collection")
    build([Item(f"e/{name}", "entity", name, types=("t",)) for name in names], tmp_path, words)
    completions = Searcher(Index.open(tmp_path), lambda: words).complete(typed)
    assert completions[0].label == ("O'Brien Collection" if typed[:1] in "oO" else "King’s College London")


@pytest.mark.parametrize("prefix", ["", " ", "…", "zzzz", "x" * 100_000, '"', "\ud800"])
def test_a_prefix_of_no_name_has_no_completions(searcher: Searcher, prefix: str) -> None:
    assert searcher.complete(prefix) == ()


def test_similar_passages(searcher: Searcher) -> None:
    nearest = searcher.similar("p/9", 3, kind="passage")
    assert nearest[0].iri in {"p/10", "p/24"} and "p/9" not in {hit.iri for hit in nearest}
    assert all(hit.kind == "entity" for hit in searcher.similar("e/harbour", 3, kind="entity"))
    with pytest.raises(UnknownEntity):
        searcher.similar("e/nobody")
