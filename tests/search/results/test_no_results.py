"""A search without results suggests changes, each with the number of results it leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from search.searcher import Searcher
from search.types import Filters, Query, SearchSuggestion


def changed(query: Query, suggestion: SearchSuggestion) -> Query:
    """The query that a suggestion leads to, as the link on the page has it."""
    if suggestion.kind == "filter":
        values = tuple(value for value in getattr(query.filters, suggestion.field) if value != suggestion.value)
        return replace(query, filters=replace(query.filters, **{suggestion.field: values}))  # type: ignore[arg-type]
    if suggestion.kind == "dates":
        return replace(query, filters=replace(query.filters, date_from=None, date_to=None))
    return replace(query, text=suggestion.text, filters=Filters() if suggestion.kind == "filters" else query.filters)


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        (Query("games", filters=Filters(publisher=("Nobody",))), {"filter"}),
        (Query("games", filters=Filters(date_from="1901", date_to="1902")), {"dates"}),
        (Query('"games of chance and dice" funding'), {"words"}),
        (Query("games -games"), {"words"}),
        (Query("games -kind:passage -kind:entity"), {"words"}),
        (Query("games kind:passage -kind:passage"), {"words"}),
        (Query("games year:1901 kind:passage"), {"words"}),
        (Query("games -games", filters=Filters(publisher=("Nobody",))), {"filters"}),
        (Query("games", filters=Filters(publisher=("Nobody",), collection=("none",))), {"filters"}),
    ],
)
def test_each_suggestion_finds_as_many_as_it_says(searcher: Searcher, query: Query, kinds: set[str]) -> None:
    results = searcher.search(query)
    assert results.total == 0
    assert {suggestion.kind for suggestion in results.ways} == kinds
    for suggestion in results.ways:
        assert suggestion.count > 0
        assert searcher.search(changed(query, suggestion)).total == suggestion.count


def test_a_suggestion_names_the_omitted_words_as_they_were_typed(searcher: Searcher) -> None:
    assert [suggestion.value for suggestion in searcher.search(Query("games -Games")).ways] == ["-Games"]


def test_a_search_with_results_has_no_suggestions(searcher: Searcher) -> None:
    assert searcher.search(Query("games")).ways == ()


def test_explanations_name_the_words_as_they_were_written(searcher: Searcher) -> None:
    results = searcher.search(Query("Funding for GAMES studios"))
    terms = {term.term for hit in results.hits for term in hit.explain.terms}
    assert len(terms) >= 2
    assert {results.words[term] for term in terms} <= {"Funding", "GAMES", "studios"}
