"""A search that finds nothing tells what to leave out, each with what it finds then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from search.searcher import Searcher
from search.types import Filters, Query, SearchSuggestion


def followed(searcher: Searcher, query: Query, way: SearchSuggestion) -> Query:
    """The search that the way leads to, as the page's link asks for it."""
    if way.kind == "filter":
        rest = tuple(value for value in getattr(query.filters, way.field) if value != way.value)
        return replace(query, filters=replace(query.filters, **{way.field: rest}))  # type: ignore[arg-type]
    if way.kind == "dates":
        return replace(query, filters=replace(query.filters, date_from=None, date_to=None))
    return replace(query, text=way.text, filters=Filters() if way.kind == "filters" else query.filters)


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
def test_each_way_finds_as_many_as_it_says(searcher: Searcher, query: Query, kinds: set[str]) -> None:
    found = searcher.search(query)
    assert found.total == 0
    assert {way.kind for way in found.ways} == kinds
    for way in found.ways:
        assert way.count > 0
        assert searcher.search(followed(searcher, query, way)).total == way.count


def test_what_was_left_out_is_told_as_it_was_written(searcher: Searcher) -> None:
    assert [way.value for way in searcher.search(Query("games -Games")).ways] == ["-Games"]


def test_what_finds_something_needs_no_way_out(searcher: Searcher) -> None:
    assert searcher.search(Query("games")).ways == ()


def test_explanations_name_the_words_as_they_were_written(searcher: Searcher) -> None:
    found = searcher.search(Query("Funding for GAMES studios"))
    terms = {term.term for hit in found.hits for term in hit.explain.terms}
    assert len(terms) >= 2
    assert {found.words[term] for term in terms} <= {"Funding", "GAMES", "studios"}
