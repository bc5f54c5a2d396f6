"""Empty results: a sentence on the condition that left nothing, and changes to the search that find something."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from graph.errors import InputError
from search.analysis.tokens import exact_words
from search.index.lexical import LexicalIndex
from search.query.field_filters import (
    LITERAL_FIELDS,
    excluding_fields,
    values_for_name,
    without_excluding_fields,
    without_field,
)
from search.query.parser import parse
from search.query.spellcheck import SpellChecker
from search.types import Filters, Query, SearchSuggestion

__all__ = ["CountResults", "ResultCount", "explain_empty", "explain_past_end", "suggest_changes"]

_MAX_SHOWN_CHARS: Final = 60  # of a value in a sentence
_MAX_NAMED_WORDS: Final = 3
_MAX_SUGGESTIONS: Final = 6
_MAX_OMITTED_WORDS: Final = 8  # of a query, one at a time

_PHRASE_MARKS: Final = ('"', "“", "-", "−")
"""A word after one of these belongs to a phrase, or is excluded."""


@dataclass(frozen=True, slots=True)
class ResultCount:
    """Number of results of a query; a lower bound if `is_floor`."""

    count: int
    is_floor: bool = False

    def __str__(self) -> str:
        return f"at least {self.count:,}" if self.is_floor else f"{self.count:,}"


CountResults = Callable[[Query], ResultCount]


def explain_empty(query: Query, lexical: LexicalIndex, spelling: SpellChecker, count: CountResults) -> str | None:
    """One sentence on the condition of `query` that left nothing. `count`: counts the results of another query."""
    parsed = parse(query.text)
    for phrase in parsed.phrases:
        words = " ".join(phrase)
        if not count(Query(f'"{words}"', mode="lexical")).count:
            return f"No text here has the phrase “{words[:_MAX_SHOWN_CHARS]}”."
    if query.filters and (sentence := _explain_filters(query, lexical, count)):
        return sentence
    if parsed.excluded and count(replace(query, text=parsed.text)).count:
        written = parsed.exclusions[0].strip('-−"')
        return f"All that matches holds a word that you left out: {_quoted(written[:_MAX_SHOWN_CHARS])}."
    unknown = spelling.unknown_words(parsed.text)
    if not unknown:
        return None
    spelling_of = {word.text: parsed.text[word.start : word.end] for word in exact_words(parsed.text)}
    shown = (spelling_of.get(word, word)[:_MAX_SHOWN_CHARS] for word in unknown[:_MAX_NAMED_WORDS])
    return f"No text here has {', '.join(map(_quoted, shown))}, and none is near in meaning."


def _explain_filters(query: Query, lexical: LexicalIndex, count: CountResults) -> str | None:
    """One sentence on the filter that left nothing."""
    filters = query.filters
    for name, values in filters.values().items():
        if not any(lexical.document_frequency(name, value) for value in values) and name != "kind":
            return _explain_unknown_value(name, values[0], lexical)
    for name, values in filters.values().items():
        changes: dict[str, Any] = {name: ()}
        others = count(replace(query, limit=0, facets=False, filters=replace(filters, **changes)))
        if others.count:
            return f"Nothing passes {name} = {_label(values[0], lexical)}; without that there would be {others}."
    if filters.date_from or filters.date_to:
        others = count(replace(query, filters=replace(filters, date_from=None, date_to=None)))
        if others.count:
            return f"Nothing is dated so; without the dates there would be {others}."
    if filters.without:
        others = count(replace(query, filters=replace(filters, without=())))
        if others.count:
            name, _, value = filters.without[0].partition(":")
            excluded = f"{name} = {value[:_MAX_SHOWN_CHARS]}"
            return f"All that matches has what you left out, {excluded}; with that there would be {others}."
    if count(replace(query, filters=Filters())).count:
        return "Nothing passes all the filters together; without them there are results."
    return None


def _explain_unknown_value(name: str, value: str, lexical: LexicalIndex) -> str:
    """That no item has this value of a filter, and how to find the right one."""
    shown = value[:_MAX_SHOWN_CHARS]
    sentence = f"No {name} is known here as {_quoted(shown)}"
    values = values_for_name(name, value, lexical)
    if values:
        return f'{sentence}: the filter takes {values[0]}. The words of a search take the name, as {name}:"{shown}".'
    sentence = f"{sentence}; a search without it lists those that there are, with facets=1."
    return (
        sentence if name in LITERAL_FIELDS else f'{sentence} The words of a search take a name, as place:"North West".'
    )


def _label(value: str, lexical: LexicalIndex) -> str:
    """The title of an IRI's card, or the last part of the IRI; another value as it is."""
    if "://" not in value:
        return value[:_MAX_SHOWN_CHARS]
    stored = lexical.by_iri([value]).get(value)
    return (stored.item.title if stored else re.split(r"[#/]", value.rstrip("#/"))[-1])[:_MAX_SHOWN_CHARS]


def _quoted(word: str) -> str:
    """In quotation marks. Right-to-left text is isolated, or a browser would reorder the sentence around it."""
    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in word):
        return f"“\u2068{word}\u2069”"
    return f"“{word}”"


def explain_past_end(offset: int, total: int, max_results: int) -> str:
    """One sentence on a page without hits of a search with `total` results, of which `max_results` can be listed."""
    if offset >= max_results and total > max_results:
        return (
            f"There are {total:,} results; only the first {max_results:,} are listed. Narrow the search for the others."
        )
    results = "is 1 result" if total == 1 else f"are {total:,} results"
    return f"There {results}; this page lies past the last of them."


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
            elif rest := without_field(typed.text, field):
                yield _suggestion("words", rest, results, field=field, value=value)


def _shorter_texts(text: str) -> Iterator[tuple[str, str]]:
    """The query without its quotation marks, without its exclusions, and without each word, with what was omitted."""
    parsed = parse(text)
    if parsed.phrases:
        yield text.replace('"', " ").replace("“", " ").replace("”", " ").strip(), " ".join(parsed.phrases[0])
    if parsed.excluded:
        yield parsed.text, " ".join(parsed.exclusions)
    words = list(exact_words(text))
    for word in words[:_MAX_OMITTED_WORDS] if len(words) > 1 else ():
        rest = " ".join((text[: word.start] + text[word.end :]).split())
        if text[: word.start][-1:] not in _PHRASE_MARKS and _is_query(rest):
            yield rest, text[word.start : word.end]


def _is_query(text: str) -> bool:
    try:
        return bool(parse(text).text)
    except InputError:
        return False
