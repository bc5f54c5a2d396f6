"""What to say when nothing was found: which condition left nothing.

Ways out of a search that found nothing: each condition that stands in the way, and what would come without it.
"""

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
from search.query.field_filters import LITERAL, excluding, including, untyped, values_named
from search.query.parser import parse
from search.query.spellcheck import Speller
from search.ranking.result_set import DEEPEST
from search.types import Filters, Query, SearchSuggestion

__all__ = ["Count", "Found", "past_the_end", "ways_out", "why_nothing"]

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
    return (stored.item.title if stored else re.split(r"[#/]", value.rstrip("#/"))[-1])[:_SHOWN]


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


_MOST: Final = 6
_WORDS: Final = 8  # of a query that are left out, one at a time

_MARKS: Final = ('"', "“", "-", "−")
"""A word after one of these belongs to a phrase, or is excluded."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many results another query has, and whether that is only the least."""

    count: int
    is_floor: bool = False

    def __str__(self) -> str:
        return f"at least {self.count:,}" if self.is_floor else f"{self.count:,}"


Count = Callable[[Query], Found]


def ways_out(asked: Query, understood: Query, count: Count) -> tuple[SearchSuggestion, ...]:
    """Changes that find something, each with how much. `understood`: the query without the fields typed into it."""
    found = tuple(islice((way for way in _ways(asked, understood, count) if way.count), _MOST))
    return found or tuple(way for way in _last(understood, count) if way.count)


def _last(understood: Query, count: Count) -> Iterator[SearchSuggestion]:
    """Nothing but the words: where it takes more than one change."""
    words = parse(understood.text.replace('"', " ")).text
    if understood.filters or words != understood.text:
        found = count(Query(words, limit=0, mode=understood.mode))
        yield SearchSuggestion("filters", words, found.count, count_is_floor=found.is_floor)


def _ways(asked: Query, understood: Query, count: Count) -> Iterator[SearchSuggestion]:
    plain = replace(understood, limit=0, offset=0, facets=False)
    for field, values in understood.filters.values().items():
        for value in values:
            chosen = value in getattr(asked.filters, field)
            left = tuple(each for each in (values if chosen else getattr(asked.filters, field)) if each != value)
            changed: dict[str, Any] = {field: left}
            text = plain.text if chosen else untyped(plain.text, field)
            found = count(replace(plain, text=text, filters=replace(plain.filters, **changed)))
            if chosen:
                yield SearchSuggestion("filter", asked.text, found.count, field, value, found.is_floor)
            elif rest := untyped(asked.text, field):
                yield SearchSuggestion("words", rest, found.count, field, value, found.is_floor)
    if understood.filters.date_from or understood.filters.date_to:
        undated = replace(plain.filters, date_from=None, date_to=None)
        typed = (asked.filters.date_from, asked.filters.date_to) == (None, None)
        text = untyped(asked.text, "year") if typed else asked.text
        found = count(replace(plain, filters=undated))
        yield SearchSuggestion("words" if typed else "dates", text, found.count, count_is_floor=found.is_floor)
    if understood.filters.without:
        found = count(replace(plain, text=including(plain.text), filters=replace(plain.filters, without=())))
        typed_out = " ".join(excluding(asked.text))
        yield SearchSuggestion(
            "words", including(asked.text), found.count, value=typed_out, count_is_floor=found.is_floor
        )
    for text, left_out in _texts(understood.text):
        found = count(replace(plain, text=text))
        yield SearchSuggestion("words", text, found.count, value=left_out, count_is_floor=found.is_floor)


def _texts(text: str) -> Iterator[tuple[str, str]]:
    """The query without its quotation marks, without what it excludes, and without each of its words."""
    parsed = parse(text)
    if parsed.phrases:
        yield text.replace('"', " ").replace("“", " ").replace("”", " ").strip(), " ".join(parsed.phrases[0])
    if parsed.excluded:
        yield parsed.text, " ".join(parsed.left_out)
    words = list(exact_words(text))
    for word in words[:_WORDS] if len(words) > 1 else ():
        rest = " ".join((text[: word.start] + text[word.end :]).split())
        if text[: word.start][-1:] not in _MARKS and _can_be_asked(rest):
            yield rest, text[word.start : word.end]


def _can_be_asked(text: str) -> bool:
    try:
        return bool(parse(text).text)
    except InputError:
        return False
