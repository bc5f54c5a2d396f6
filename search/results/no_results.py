"""Explanation of an empty result: one sentence on the condition that left nothing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any, Final

from search.analysis.tokens import exact_words
from search.index.lexical import LexicalIndex
from search.query.field_filters import LITERAL_FIELDS, values_for_name
from search.query.parser import parse
from search.query.spellcheck import SpellChecker
from search.results.result_count import CountResults
from search.types import Filters, Query

__all__ = ["explain_empty", "explain_past_end"]

_MAX_SHOWN_CHARS: Final = 60  # of a value in a sentence
_MAX_NAMED_WORDS: Final = 3


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
