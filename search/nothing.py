"""What to say when nothing was found: which condition left nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Final

from search.matched import DEEPEST
from search.parse import parse
from search.speller import Speller
from search.types import Filters, Query
from search.ways import Count
from search.words import exact_words

__all__ = ["past_the_end", "why_nothing"]

_SHOWN: Final = 60  # letters of a value in a sentence


def why_nothing(query: Query, speller: Speller, count: Count) -> str | None:
    """One sentence on what left nothing. `count`: how many results another query has."""
    parsed = parse(query.text)
    for phrase in parsed.phrases:
        words = " ".join(phrase)
        if not count(Query(f'"{words}"', mode="lexical")).count:
            return f"No text here has the phrase “{words[:_SHOWN]}”."
    if query.filters and (said := _narrowed(query, count)):
        return said
    if parsed.excluded and count(replace(query, text=parsed.text)).count:
        return f"All that matches holds a word that you left out: “{' '.join(parsed.excluded[0])[:_SHOWN]}”."
    unknown = speller.unknown(parsed.text)
    if unknown:
        written = {word.text: parsed.text[word.start : word.end] for word in exact_words(parsed.text)}
        named = ", ".join(_quoted(written.get(word, word)[:_SHOWN]) for word in unknown[:3])
        return f"No text here has {named}, and none is near in meaning."
    return None


def _narrowed(query: Query, count: Count) -> str | None:
    """Which of the filters left nothing."""
    filters = query.filters
    for name, values in filters.values().items():
        rest = count(replace(query, limit=0, facets=False, filters=replace(filters, **{name: ()})))  # type: ignore[arg-type]
        if rest.count:
            return f"Nothing passes {name} = {values[0][:_SHOWN]}; without that there would be {rest}."
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
