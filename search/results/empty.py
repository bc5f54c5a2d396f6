"""What to say when nothing was found: which condition left nothing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Final

from search.analysis.tokens import exact_words
from search.index.lexical import LexicalIndex
from search.query.field_filters import LITERAL, values_named
from search.query.parser import parse
from search.query.spellcheck import Speller
from search.ranking.result_set import DEEPEST
from search.results.ways import Count
from search.types import Filters, Query

__all__ = ["past_the_end", "why_nothing"]

_SHOWN: Final = 60  # letters of a value in a sentence


def why_nothing(query: Query, lexical: LexicalIndex, speller: Speller, count: Count) -> str | None:
    """One sentence on what left nothing. `count`: how many results another query has."""
    parsed = parse(query.text)
    for phrase in parsed.phrases:
        words = " ".join(phrase)
        if not count(Query(f'"{words}"', mode="lexical")).count:
            return f"No text here has the phrase “{words[:_SHOWN]}”."
    if query.filters and (said := _narrowed(query, lexical, count)):
        return said
    if parsed.excluded and count(replace(query, text=parsed.text)).count:
        written = parsed.left_out[0].strip('-−"')
        return f"All that matches holds a word that you left out: {_quoted(written[:_SHOWN])}."
    unknown = speller.unknown(parsed.text)
    if unknown:
        spelt = {word.text: parsed.text[word.start : word.end] for word in exact_words(parsed.text)}
        named = ", ".join(_quoted(spelt.get(word, word)[:_SHOWN]) for word in unknown[:3])
        return f"No text here has {named}, and none is near in meaning."
    return None


def _narrowed(query: Query, lexical: LexicalIndex, count: Count) -> str | None:
    """Which of the filters left nothing."""
    filters = query.filters
    for name, values in filters.values().items():
        if not any(lexical.document_frequency(name, value) for value in values) and name != "kind":
            return _not_here(name, values[0], lexical)
    for name, values in filters.values().items():
        rest = count(replace(query, limit=0, facets=False, filters=replace(filters, **{name: ()})))  # type: ignore[arg-type]
        if rest.count:
            return f"Nothing passes {name} = {_label(values[0], lexical)}; without that there would be {rest}."
    if filters.date_from or filters.date_to:
        rest = count(replace(query, filters=replace(filters, date_from=None, date_to=None)))
        if rest.count:
            return f"Nothing is dated so; without the dates there would be {rest}."
    if filters.without:
        rest = count(replace(query, filters=replace(filters, without=())))
        if rest.count:
            name, _, value = filters.without[0].partition(":")
            return (
                f"All that matches has what you left out, {name} = {value[:_SHOWN]}; with that there would be {rest}."
            )
    if count(replace(query, filters=Filters())).count:
        return "Nothing passes all the filters together; without them there are results."
    return None


def _not_here(name: str, value: str, lexical: LexicalIndex) -> str:
    """That no unit has this value of a filter, and how to find the one that was meant."""
    said = f"No {name} is known here as {_quoted(value[:_SHOWN])}"
    meant = values_named(name, value, lexical)
    if meant:
        return (
            f'{said}: the filter takes {meant[0]}. The words of a search take the name, as {name}:"{value[:_SHOWN]}".'
        )
    said = f"{said}; a search without it lists those that there are, with facets=1."
    return said if name in LITERAL else f'{said} The words of a search take a name, as place:"North West".'


def _label(value: str, lexical: LexicalIndex) -> str:
    """What a value is called: the title of its card, or the last part of its address."""
    if "://" not in value:
        return value[:_SHOWN]
    stored = lexical.by_iri([value]).get(value)
    return (stored.unit.title if stored else re.split(r"[#/]", value.rstrip("#/"))[-1])[:_SHOWN]


def _quoted(word: str) -> str:
    """In quotation marks; what is written from right to left is set apart, or the sentence around it is reordered."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in word):
        return f"“\u2068{word}\u2069”"
    return f"“{word}”"


def past_the_end(offset: int, total: int) -> str:
    """One sentence on a page without results where there are `total`."""
    if offset >= DEEPEST and total > DEEPEST:
        return f"There are {total:,} results; only the first {DEEPEST:,} are listed. Narrow the search for the others."
    there = "is 1 result" if total == 1 else f"are {total:,} results"
    return f"There {there}; this page lies past the last of them."
