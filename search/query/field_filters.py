"""Parser of `field:value` in a query: publisher:Nesta, year:2018, place:"North West", and -place:London to exclude.

A value is a name as people write it, or an IRI. A field or value that the index does not know stays an ordinary word of
the query, so that no colon breaks a search.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from graph.deadline import Deadline
from graph.errors import InputError
from search.analysis.dates import day_range
from search.analysis.tokens import exact_words
from search.index.lexical import LexicalIndex
from search.index.schema import FILTER_FIELDS, fold
from search.index.terms import EVERYTHING, AnyValue
from search.query.lexical_query import prefix_clause
from search.query.parser import parse
from search.types import Filters

__all__ = [
    "LITERAL_FIELDS",
    "FieldedQuery",
    "excluding_fields",
    "parse_fields",
    "values_for_name",
    "without_excluding_fields",
    "without_exclusions",
    "without_field",
]

LITERAL_FIELDS: Final = frozenset({"publisher", "collection", "reliability", "kind", "document", "type"})
"""Fields whose values are not the names of entities."""

_FIELD: Final = re.compile(rf'(?<!\S)([-−])?({"|".join(FILTER_FIELDS)}):(?:"([^"]+)"|([^\s"]+))', re.IGNORECASE)
_MAX_VALUES: Final = 1_000
_MAX_NAMES: Final = 60
_MAX_NAME_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class FieldedQuery:
    """A query with its fields parsed.

    `text`: the query without the known fields. If it holds nothing else (`only_fields`), the text is their values: the
    words to rank the passing items by. `filters`: the given filters and those of the fields. `fields`: the known fields
    as they were typed.
    """

    text: str
    filters: Filters
    only_fields: bool = False
    fields: str = ""


def parse_fields(text: str, filters: Filters, lexical: LexicalIndex, deadline: Deadline | None = None) -> FieldedQuery:
    """The query `text` with its fields parsed, added to `filters`.

    Raises InputError if it only excludes, QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
    """
    if ":" not in text:
        return FieldedQuery(text, filters)
    deadline = deadline or Deadline.never()
    words: list[str] = []
    fields: list[str] = []
    values: dict[str, None] = {}
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    end = 0
    for match in _FIELD.finditer(text):
        deadline.check()
        field, value = match[2].lower(), (match[3] or match[4]).strip()
        narrowed = _with_field(filters, field, value, lexical=lexical, known=known, exclude=bool(match[1]))
        if narrowed is None:
            continue
        filters = narrowed
        if not match[1]:
            values[value] = None
        fields.append(match[0])
        words.append(text[end : match.start()])
        end = match.end()
    if not fields:
        return FieldedQuery(text, filters)
    remaining = " ".join("".join([*words, text[end:]]).split())
    if any(char.isalnum() for char in remaining):
        return FieldedQuery(remaining, filters, fields=" ".join(fields))
    if not values:
        raise InputError("There is no word to search for.", "Add a word to look for.")
    return FieldedQuery(" ".join(values), filters, only_fields=True, fields=" ".join(fields))


def excluding_fields(text: str) -> list[str]:
    """The fields with a minus, as they stand in the text."""
    return [match[0] for match in _FIELD.finditer(text) if match[1]]


def without_excluding_fields(text: str) -> str:
    """The text without the fields with a minus."""
    return _without(text, lambda match: bool(match[1]))


def without_field(text: str, field: str) -> str:
    """The text without this field where it has no minus."""
    return _without(text, lambda match: not match[1] and match[2].lower() == field)


def _without(text: str, is_removed: Callable[[re.Match[str]], bool]) -> str:
    return " ".join(_FIELD.sub(lambda match: " " if is_removed(match) else match[0], text).split())


def without_exclusions(text: str) -> str:
    """The query `text` without the fields, words and phrases that it excludes.

    Raises InputError if it only excludes words.

    >>> without_exclusions('film -place:London -games')
    'film'
    """
    if "-" not in text and "−" not in text:
        return text
    remaining = without_excluding_fields(text)
    parsed = parse(remaining) if remaining else None
    return parsed.text if parsed and parsed.excluded else remaining


def _with_field(
    filters: Filters,
    field: str,
    value: str,
    *,
    lexical: LexicalIndex,
    known: dict[tuple[str, str], tuple[str, ...]],
    exclude: bool,
) -> Filters | None:
    """The filters with this field; None if its value is unknown. `known` keeps the look-ups of one query."""
    if field == "year":
        if not value.isascii() or day_range(value) is None:
            return None
        if not exclude:
            return replace(filters, date_from=value, date_to=value)
        known[field, value] = (value,)
    if (field, value) not in known:
        known[field, value] = values_for_name(field, value, lexical)
    values = known[field, value]
    if not values:
        return None
    if exclude:
        exclusions = (f"{field}:{excluded}" for excluded in values)
        return replace(filters, without=tuple(dict.fromkeys((*filters.without, *exclusions))))
    changes: dict[str, Any] = {field: tuple(dict.fromkeys((*getattr(filters, field), *values)))}
    return replace(filters, **changes)


def values_for_name(field: str, name: str, lexical: LexicalIndex) -> tuple[str, ...]:
    """The values of a filter field that `name` may stand for: itself, one that ends in it ("…#Programme"), or the IRIs
    of the entities with this name."""
    if lexical.count(AnyValue(field, (name,))):
        return (name,)
    folded = fold(name)
    if field in LITERAL_FIELDS:
        values = [facet.value for facet in lexical.facets(EVERYTHING, [field], _MAX_VALUES)[field]]
        return tuple(value for value in values if folded in (fold(value), fold(re.split(r"[#/]", value)[-1])))
    words = [fold(word.text) for word in exact_words(name)][:_MAX_NAME_WORDS]
    if not words:
        return ()
    cards = [stored.item for stored in lexical.matching(prefix_clause(words), _MAX_NAMES)]
    return tuple(card.iri for card in cards if folded in map(fold, (card.title, *card.aliases)))
