"""Ways out of a search that found nothing: each condition that stands in the way, and what would come without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from graph.errors import InputError
from search.analysis.tokens import exact_words
from search.query.field_filters import excluding, including, untyped
from search.query.parser import parse
from search.types import Query, Way

__all__ = ["Count", "Found", "ways_out"]

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


def ways_out(asked: Query, understood: Query, count: Count) -> tuple[Way, ...]:
    """Changes that find something, each with how much. `understood`: the query without the fields typed into it."""
    found = tuple(islice((way for way in _ways(asked, understood, count) if way.count), _MOST))
    return found or tuple(way for way in _last(understood, count) if way.count)


def _last(understood: Query, count: Count) -> Iterator[Way]:
    """Nothing but the words: where it takes more than one change."""
    words = parse(understood.text.replace('"', " ")).text
    if understood.filters or words != understood.text:
        found = count(Query(words, limit=0, mode=understood.mode))
        yield Way("filters", words, found.count, count_is_floor=found.is_floor)


def _ways(asked: Query, understood: Query, count: Count) -> Iterator[Way]:
    plain = replace(understood, limit=0, offset=0, facets=False)
    for field, values in understood.filters.values().items():
        for value in values:
            chosen = value in getattr(asked.filters, field)
            left = tuple(each for each in (values if chosen else getattr(asked.filters, field)) if each != value)
            changed: dict[str, Any] = {field: left}
            text = plain.text if chosen else untyped(plain.text, field)
            found = count(replace(plain, text=text, filters=replace(plain.filters, **changed)))
            if chosen:
                yield Way("filter", asked.text, found.count, field, value, found.is_floor)
            elif rest := untyped(asked.text, field):
                yield Way("words", rest, found.count, field, value, found.is_floor)
    if understood.filters.date_from or understood.filters.date_to:
        undated = replace(plain.filters, date_from=None, date_to=None)
        typed = (asked.filters.date_from, asked.filters.date_to) == (None, None)
        text = untyped(asked.text, "year") if typed else asked.text
        found = count(replace(plain, filters=undated))
        yield Way("words" if typed else "dates", text, found.count, count_is_floor=found.is_floor)
    if understood.filters.without:
        found = count(replace(plain, text=including(plain.text), filters=replace(plain.filters, without=())))
        typed_out = " ".join(excluding(asked.text))
        yield Way("words", including(asked.text), found.count, value=typed_out, count_is_floor=found.is_floor)
    for text, left_out in _texts(understood.text):
        found = count(replace(plain, text=text))
        yield Way("words", text, found.count, value=left_out, count_is_floor=found.is_floor)


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
