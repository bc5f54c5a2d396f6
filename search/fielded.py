"""`field:value` in what was typed: publisher:Nesta, year:2018, place:"North West", type:programme.

A value is a name as people write it, or an IRI. What is not known here stays an ordinary word of the query, so that no
colon breaks a search.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from search.dates import day_range
from search.lexical import LexicalIndex
from search.lexical_query import prefix_query
from search.schema import FILTER_FIELDS, fold
from search.types import Filters
from search.words import exact_words

__all__ = ["fielded"]

_LITERAL: Final = frozenset({"publisher", "collection", "reliability", "kind", "document", "type"})
_FIELD: Final = re.compile(rf'(?<!\S)({"|".join(FILTER_FIELDS)}):(?:"([^"]+)"|([^\s"]+))', re.IGNORECASE)
_VALUES: Final = 1_000
_NAMES: Final = 60


def fielded(text: str, filters: Filters, lexical: LexicalIndex) -> tuple[str, Filters, bool]:
    """The text without the fields that are understood, and the filters with them; whether that was all there was.

    Then the values are the words to rank by what passes.
    """
    left: list[str] = []
    values: dict[str, None] = {}
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    at = 0
    for match in _FIELD.finditer(text):
        field, value = match[1].lower(), (match[2] or match[3]).strip()
        narrowed = _with(filters, field, value, lexical, known)
        if narrowed is None:
            continue
        filters = narrowed
        values[value] = None
        left.append(text[at : match.start()])
        at = match.end()
    if not values:
        return text, filters, False
    rest = " ".join("".join([*left, text[at:]]).split())
    if any(char.isalnum() for char in rest):
        return rest, filters, False
    return " ".join(values), filters, True


def _with(
    filters: Filters, field: str, value: str, lexical: LexicalIndex, known: dict[tuple[str, str], tuple[str, ...]]
) -> Filters | None:
    """`known`: what was looked up before, for a query may say the same many times."""
    if field == "year":
        days = day_range(value) if value.isascii() else None
        return replace(filters, date_from=value, date_to=value) if days else None
    if (field, value) not in known:
        known[field, value] = _known(field, value, lexical)
    found = known[field, value]
    if not found:
        return None
    held: tuple[str, ...] = getattr(filters, field)
    return replace(filters, **{field: tuple(dict.fromkeys((*held, *found)))})  # type: ignore[arg-type]  # FILTER_FIELDS are its fields


def _known(field: str, value: str, lexical: LexicalIndex) -> tuple[str, ...]:
    """The values of the field that `value` may mean: as it is, by its last part ("…#Programme"), or by its name."""
    from tantivy import Query

    wanted = fold(value)
    if lexical.count(Query.term_query(lexical.schema, field, value, index_option="basic")):
        return (value,)
    if field in _LITERAL:
        held = [found.value for found in lexical.facets(Query.all_query(), [field], _VALUES)[field]]
        return tuple(name for name in held if wanted in (fold(name), fold(re.split(r"[#/]", name)[-1])))
    words = [fold(word.text) for word in exact_words(value)][:8]
    if not words:
        return ()
    ranked = lexical.search(prefix_query(words, lexical.schema), _NAMES)
    units = [stored.unit for stored in lexical.stored(ranked.addresses)]
    return tuple(unit.iri for unit in units if wanted in map(fold, (unit.title, *unit.aliases)))
