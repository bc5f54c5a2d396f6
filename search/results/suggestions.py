"""Suggestions after an empty result: changes to the search that find something, each with its number of results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from graph.errors import InputError
from search.analysis.tokens import exact_words
from search.query.field_filters import excluding_fields, without_excluding_fields, without_field
from search.query.parser import parse
from search.results.result_count import CountResults, ResultCount
from search.types import Query, SearchSuggestion

__all__ = ["suggest_changes"]

_MAX_SUGGESTIONS: Final = 6
_MAX_OMITTED_WORDS: Final = 8  # of a query, one at a time

_PHRASE_MARKS: Final = ('"', "“", "-", "−")
"""A word after one of these belongs to a phrase, or is excluded."""


def suggest_changes(typed: Query, parsed: Query, count: CountResults) -> tuple[SearchSuggestion, ...]:
    """Changes to a search that find something, each with the number of its results.

    `typed`: the query as the caller gave it. `parsed`: the same with its typed fields as filters.
    """
    one_change = tuple(islice((change for change in _changes(typed, parsed, count) if change.count), _MAX_SUGGESTIONS))
    return one_change or tuple(change for change in _only_words(parsed, count) if change.count)


def _only_words(parsed: Query, count: CountResults) -> Iterator[SearchSuggestion]:
    """The search without filters, quotation marks and exclusions, if it has any."""
    words = parse(parsed.text.replace('"', " ")).text
    if parsed.filters or words != parsed.text:
        yield _suggestion("filters", words, count(Query(words, limit=0, mode=parsed.mode)))


def _suggestion(kind: Any, text: str, results: ResultCount, *, field: str = "", value: str = "") -> SearchSuggestion:
    return SearchSuggestion(kind, text, results.count, field=field, value=value, count_is_floor=results.is_floor)


def _changes(typed: Query, parsed: Query, count: CountResults) -> Iterator[SearchSuggestion]:
    """The search without each single condition, whether it finds something or not."""
    plain = replace(parsed, limit=0, offset=0, facets=False)
    yield from _without_values(typed, plain, count)
    if parsed.filters.date_from or parsed.filters.date_to:
        results = count(replace(plain, filters=replace(plain.filters, date_from=None, date_to=None)))
        if typed.filters.date_from or typed.filters.date_to:
            yield _suggestion("dates", typed.text, results)
        else:
            yield _suggestion("words", without_field(typed.text, "year"), results)
    if parsed.filters.without:
        text = without_excluding_fields(plain.text)
        results = count(replace(plain, text=text, filters=replace(plain.filters, without=())))
        excluded = " ".join(excluding_fields(typed.text))
        yield _suggestion("words", without_excluding_fields(typed.text), results, value=excluded)
    for text, omitted in _shorter_texts(parsed.text):
        yield _suggestion("words", text, count(replace(plain, text=text)), value=omitted)


def _without_values(typed: Query, plain: Query, count: CountResults) -> Iterator[SearchSuggestion]:
    """The search without each value of a filter, whether it was chosen or typed."""
    for field, values in plain.filters.values().items():
        chosen = getattr(typed.filters, field)
        for value in values:
            is_chosen = value in chosen
            remaining = tuple(other for other in (values if is_chosen else chosen) if other != value)
            changes: dict[str, Any] = {field: remaining}
            text = plain.text if is_chosen else without_field(plain.text, field)
            results = count(replace(plain, text=text, filters=replace(plain.filters, **changes)))
            if is_chosen:
                yield _suggestion("filter", typed.text, results, field=field, value=value)
            elif shorter := without_field(typed.text, field):
                yield _suggestion("words", shorter, results, field=field, value=value)


def _shorter_texts(text: str) -> Iterator[tuple[str, str]]:
    """The query without its quotation marks, without its exclusions, and without each word, with what was omitted."""
    parsed = parse(text)
    if parsed.phrases:
        yield text.replace('"', " ").replace("“", " ").replace("”", " ").strip(), " ".join(parsed.phrases[0])
    if parsed.excluded:
        yield parsed.text, " ".join(parsed.exclusions)
    words = list(exact_words(text))
    for word in words[:_MAX_OMITTED_WORDS] if len(words) > 1 else ():
        shorter = " ".join((text[: word.start] + text[word.end :]).split())
        if text[: word.start][-1:] not in _PHRASE_MARKS and _is_query(shorter):
            yield shorter, text[word.start : word.end]


def _is_query(text: str) -> bool:
    try:
        return bool(parse(text).text)
    except InputError:
        return False
