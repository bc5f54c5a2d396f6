"""Fields in the query, spelling corrections, and the hints of empty results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.errors import InputError
from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.index.item_store import ItemStore
from search.index.lexical import LexicalIndex
from search.index.stemmer import Stems
from search.item import Item
from search.query.field_filters import without_exclusions
from search.query.lexical_query import lexical_query
from search.query.parser import parse
from search.query.spellcheck import SpellChecker
from search.ranking.boosts import COVER_BOOST
from search.results.serialise import results_json
from search.searcher import Searcher
from search.types import Filters, Query, Results


def ask(searcher: Searcher, text: str, **more: Any) -> Results:
    return searcher.search(Query(text, **more))


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ('publisher:"lantern trust" music', Filters(publisher=("Lantern Trust",))),
        ("kind:entity institute", Filters(kind=("entity",))),
        ("year:2024 writers", Filters(date_from="2024", date_to="2024")),
    ],
)
def test_a_field_in_the_query_is_a_filter(searcher: Searcher, text: str, filters: Filters) -> None:
    words = text.split(" ")[-1]
    results, chosen = ask(searcher, text, limit=50), ask(searcher, words, filters=filters, limit=50)
    assert results.total and [hit.iri for hit in results.hits] == [hit.iri for hit in chosen.hits]


def test_a_place_is_named_by_its_label(searcher: Searcher) -> None:
    places = {value.value for value in ask(searcher, "creative", facets=True).facets["place"]}
    cards = ask(searcher, "place", limit=100, filters=Filters(kind=("entity",))).hits
    named = [hit for hit in cards if hit.iri in places]
    for hit in named:
        results = ask(searcher, f'place:"{hit.title}" creative', limit=100)
        assert results.total == ask(searcher, "creative", limit=100, filters=Filters(place=(hit.iri,))).total


@pytest.mark.parametrize("field", ['publisher:"Lantern Trust"', "year:2024", "kind:entity"])
def test_a_field_with_a_minus_excludes_what_it_would_keep(searcher: Searcher, field: str) -> None:
    unfiltered, included, excluded = (
        ask(searcher, text, limit=50) for text in ("music", f"music {field}", f"music -{field}")
    )
    assert {hit.iri for hit in excluded.hits} == {hit.iri for hit in unfiltered.hits} - {
        hit.iri for hit in included.hits
    }
    assert included.total and excluded.total
    with pytest.raises(InputError, match="no word"):
        ask(searcher, f"-{field}")
    assert "left out" in (ask(searcher, "music -kind:passage -kind:entity").hint or "")


def test_an_unknown_field_with_a_minus_excludes_a_word(searcher: Searcher) -> None:
    assert (
        ask(searcher, "music -publisher:nobody", mode="lexical").total == ask(searcher, "music", mode="lexical").total
    )


@pytest.mark.parametrize(
    ("text", "remaining"),
    [
        ("games -place:London", "games"),
        ('games -place:"North West" -film "Creative Scotland"', "games Creative Scotland"),
        ("co-location place:London", "co-location place:London"),
    ],
)
def test_names_are_looked_up_without_the_exclusions(text: str, remaining: str) -> None:
    assert without_exclusions(text) == remaining


@pytest.mark.parametrize("mode", ["hybrid", "lexical"])
def test_fields_alone_ask_for_all_that_passes(searcher: Searcher, mode: Any) -> None:
    results = ask(searcher, 'publisher:"Lantern Trust" publisher:"Lantern Trust"', mode=mode, limit=50, facets=True)
    items = [stored.item for stored in searcher.index.lexical.everything()]
    passing = {item.iri for item in items if item.publisher == "Lantern Trust"}
    assert {hit.iri for hit in results.hits} == passing and results.total == len(passing) > 3
    assert ask(searcher, 'publisher:"Lantern Trust" zzxxqq', mode=mode).total == 0


def test_the_value_of_a_field_alone_is_not_corrected(tmp_path: Path, words: Encoder) -> None:
    texts = ["A museum.", "A note.", "A list.", "A letter."]
    named = [Item(f"p/{text}", "passage", "Text", text, collection="museun") for text in texts]
    build([*named, Item("p/other", "passage", "Other", "A museum.", collection="rest")], tmp_path, words)
    results = ask(Searcher(Index.open(tmp_path), lambda: words), "collection:museun")
    assert results.corrected is None and results.total == 4


@pytest.mark.parametrize("text", ["year:soon film", "publisher:nobody film", "place:… film", "http://year:x film"])
def test_an_unknown_value_stays_a_word(searcher: Searcher, text: str) -> None:
    assert ask(searcher, text, mode="lexical").total


def test_a_misspelling_is_corrected_only_without_results(searcher: Searcher) -> None:
    results = ask(searcher, "apprentiships", mode="lexical")
    assert results.corrected == "apprenticeships" and results.total
    assert ask(searcher, "apprentiships film", mode="lexical").corrected is None


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("Film Apprentiships", "Film Apprenticeships"),
        ("writers year:2024 apprentiships kind:passage", "writers apprenticeships year:2024 kind:passage"),
        ("film zzxxqq", None),
        ("film £731m", None),
        ("film apprenticeship", None),
    ],
)
def test_another_spelling_of_one_word_among_known_ones_is_suggested(
    searcher: Searcher, text: str, suggestion: str | None
) -> None:
    results = ask(searcher, text, mode="lexical")
    assert results.total and results.corrected is None
    assert results.suggestion == suggestion
    assert results_json(results).get("suggestion") == suggestion


class CountingIndex(LexicalIndex):
    """Counts how often its vocabulary is read."""

    def __init__(self, generation: Path) -> None:
        super().__init__(generation / "lexical", ItemStore(generation / "dense"))
        self.readings = 0

    def words(self, prefix: str) -> list[str]:
        self.readings += 1
        return super().words(prefix)


def test_the_vocabulary_is_read_once_for_an_unknown_word_and_never_for_known_ones(generation: Path) -> None:
    lexical = CountingIndex(generation)
    spelling = SpellChecker(lexical)
    assert spelling.correct("film music") is None
    assert lexical.readings == 0
    assert spelling.correct("film apprentiships") == "film apprenticeships"
    assert lexical.readings
    lexical.readings = 0
    assert spelling.correct("film apprentiships music") == "film apprenticeships music"
    assert lexical.readings == 0


def test_a_correction_keeps_the_typed_fields(searcher: Searcher) -> None:
    results = ask(searcher, "apprentiships kind:passage", mode="lexical")
    assert results.corrected == "apprenticeships kind:passage" and results.suggestion is None


def test_a_misspelt_word_is_corrected_although_texts_lie_near_it_by_chance(searcher: Searcher) -> None:
    results = ask(searcher, "micorcluster")
    assert ask(searcher, "micorcluster", mode="dense").total  # its letters mean something to the encoder
    assert results.corrected == "microcluster" and results.hits[0].title == "Microclusters"


def test_a_misspelling_that_shares_a_stem_by_chance_is_corrected(tmp_path: Path, words: Encoder) -> None:
    """ "acces" has the stem of ACC, but no word of the collection with that beginning has this stem."""
    texts = ["The ACC met in March.", "Access to finance for studios.", "Policy on access and finance."]
    build([Item(f"p/{n}", "passage", f"Note {n}", text) for n, text in enumerate(texts)], tmp_path, words)
    small = Searcher(Index.open(tmp_path), lambda: words)
    assert ask(small, "acces to finanse").corrected == "access to finance"
    for known in ("ACCs", "ACC", "policies", "accessing"):  # other forms of what is there
        assert ask(small, known, mode="lexical").corrected is None
        assert ask(small, known, mode="lexical").total
    assert ask(small, "acces", mode="lexical").suggestion == "access"  # as the stem of ACC it is results


def test_hints_name_words_as_they_were_written(searcher: Searcher) -> None:
    hint = ask(searcher, "£731m", mode="lexical").hint or ""
    assert "£731m" in hint and "731000000" not in hint


def test_right_to_left_words_do_not_reorder_the_hint(searcher: Searcher) -> None:
    hint = ask(searcher, "صناعات qqxx", mode="lexical").hint or ""
    assert "“\u2068صناعات\u2069”, “qqxx”" in hint


def test_a_paraphrase_is_not_corrected(tmp_path: Path, encoder: Encoder) -> None:
    films = Item("p/films", "passage", "Film", "A film.")
    moves = Item("p/moves", "passage", "Moves", "He moves house, she moves flat, they move on.")
    build([films, moves], tmp_path, encoder)
    results = ask(Searcher(Index.open(tmp_path), lambda: encoder), "movies")
    assert results.corrected is results.suggestion is None and results.hits[0].title == "Film"


@pytest.mark.parametrize(
    ("text", "filters", "part"),
    [
        ('film "purple elephants dance"', Filters(), "purple elephants dance"),
        ("film", Filters(publisher=("Nobody",)), "No publisher is known here as “Nobody”; a search without it lists"),
        ("film", Filters(publisher=("lantern trust",)), "takes Lantern Trust."),
        ("film", Filters(publisher=("lantern trust",), collection=("none",)), "takes Lantern Trust."),
        ("harpsichord", Filters(publisher=("Lantern Trust",)), "Nothing passes publisher = Lantern Trust; without"),
        ("film", Filters(date_from="1700", date_to="1701"), "dated"),
        ("asdfq qwzxer", Filters(), "“asdfq”"),
        ("harpsichord -harpsichord", Filters(), "left out: “harpsichord”"),
    ],
)
def test_an_empty_result_names_the_condition_that_left_nothing(
    searcher: Searcher, text: str, filters: Filters, part: str
) -> None:
    results = ask(searcher, text, filters=filters, mode="lexical")
    assert results.total == 0 and results.hint and part in results.hint
    assert ask(searcher, "film").hint is None


def test_a_hint_names_the_value_of_a_filter_by_its_label(tmp_path: Path, words: Encoder) -> None:
    place, kind = "https://example.org/place/w", "https://example.org/terms#Report"
    wales = Item(place, "entity", "Wales", "A nation.")
    passages = [
        Item("p/1", "passage", "A", "Castles.", places=(place,), types=(kind,)),
        Item("p/2", "passage", "B", "Docks."),
    ]
    build([wales, *passages], tmp_path, words)
    small = Searcher(Index.open(tmp_path), lambda: words)
    for chosen, part in ((Filters(place=(place,)), "place = Wales;"), (Filters(type=(kind,)), "type = Report;")):
        assert part in (ask(small, "docks", mode="lexical", filters=chosen).hint or "")
    unknown = ask(small, "docks", filters=Filters(place=("wales",))).hint or ""
    assert f"No place is known here as “wales”: the filter takes {place}." in unknown and 'place:"wales"' in unknown


def test_recency_is_an_option_that_the_explanation_shows(searcher: Searcher) -> None:
    plain, recent = ask(searcher, "creative work", limit=50), ask(searcher, "creative work", limit=50, recent=True)
    assert not any("recent" in dict(hit.explain.boosts) for hit in plain.hits)
    dated = {hit.document.date[:4]: dict(hit.explain.boosts)["recent"]
             for hit in recent.hits if hit.document and hit.document.date}  # fmt: skip
    assert dated[max(dated)] == max(dated.values()) <= 0.1001
    assert plain.total == recent.total


def test_made_up_words_find_nothing_and_the_hint_names_them(searcher: Searcher) -> None:
    for text in ("zzxxqq", "florbenschnitz", "xyzzy qwzxer"):
        results = ask(searcher, text)
        assert results.total == 0 and results.hint and f"“{text.split()[0]}”" in results.hint
    assert ask(searcher, "zzxxqq film").total  # a known word among them is looked for
    assert ask(searcher, "apprentiships").corrected == "apprenticeships"


def test_a_paraphrase_without_a_common_word_is_found(searcher: Searcher) -> None:
    results = ask(searcher, "cinema movies")
    assert results.total and results.hits[0].explain.dense_raw


@pytest.mark.parametrize(("written", "other"), [("25 million", "£25 million"), ("£25m", "£25,000,000")])
def test_amounts_compare_by_value(written: str, other: str) -> None:
    both = [lexical_query(parse(text), Filters(), Stems()).numbers for text in (written, other)]
    assert set(both[0][0]) & set(both[1][0])
    assert not set(both[0][0]) & set(lexical_query(parse("£250 million"), Filters(), Stems()).numbers[0])


@pytest.mark.parametrize("text", ["9 regional clusters", "nine regional clusters"])
def test_a_small_number_is_found_however_it_is_written(searcher: Searcher, text: str) -> None:
    first = ask(searcher, text).hits[0]
    assert first.iri == "p/4"
    assert text.split()[0] in {term.term for term in first.explain.terms}
    assert "nine" in {first.snippet.text[start:end] for start, end in first.snippet.highlights}
    assert dict(first.explain.boosts)["words covered"] >= COVER_BOOST - 1e-6
