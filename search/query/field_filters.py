"""`field:value` in what was typed: publisher:Nesta, year:2018, place:"North West", type:programme; and -place:London.

A value is a name as people write it, or an IRI. What is not known here stays an ordinary word of the query, so that no
colon breaks a search.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from graph.deadline import Deadline
from graph.errors import InputError
from search.analysis.dates import day_range
from search.analysis.tokens import exact_words
from search.index.lexical import LexicalIndex
from search.index.schema import FILTER_FIELDS, fold
from search.query.lexical_query import prefix_query
from search.query.parser import parse
from search.types import Filters

__all__ = ["LITERAL", "excluding", "fielded", "including", "untyped", "values_named", "wanted"]

LITERAL: Final = frozenset({"publisher", "collection", "reliability", "kind", "document", "type"})
"""Fields whose values are not known by the names of entities."""

_FIELD: Final = re.compile(rf'(?<!\S)([-−])?({"|".join(FILTER_FIELDS)}):(?:"([^"]+)"|([^\s"]+))', re.IGNORECASE)
_VALUES: Final = 1_000
_NAMES: Final = 60


def fielded(
    text: str, filters: Filters, lexical: LexicalIndex, deadline: Deadline | None = None
) -> tuple[str, Filters, bool, str]:
    """The text without the fields that are understood, the filters with them, whether that was all, and these fields.

    Where it was all, the text is their values: the words to rank by what passes. Raises InputError where it was only
    what to leave out, QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
    """
    deadline = deadline or Deadline.never()
    if ":" not in text:
        return text, filters, False, ""
    left: list[str] = []
    typed: list[str] = []
    values: dict[str, None] = {}
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    at = 0
    for match in _FIELD.finditer(text):
        deadline.check()
        field, value = match[2].lower(), (match[3] or match[4]).strip()
        narrowed = _with(filters, field, value, lexical, known, without=bool(match[1]))
        if narrowed is None:
            continue
        filters = narrowed
        if not match[1]:
            values[value] = None
        typed.append(match[0])
        left.append(text[at : match.start()])
        at = match.end()
    if not at:
        return text, filters, False, ""
    rest = " ".join("".join([*left, text[at:]]).split())
    if any(char.isalnum() for char in rest):
        return rest, filters, False, " ".join(typed)
    if not values:
        raise InputError("There is no word to search for.", "Add a word to look for.")
    return " ".join(values), filters, True, " ".join(typed)


def excluding(text: str) -> list[str]:
    """The fields that are typed with a minus, as they stand there."""
    return [match[0] for match in _FIELD.finditer(text) if match[1]]


def including(text: str) -> str:
    """The text without these."""
    return _cut(text, lambda match: bool(match[1]))


def untyped(text: str, field: str) -> str:
    """The text without this field, where it is typed without a minus."""
    return _cut(text, lambda match: not match[1] and match[2].lower() == field)


def _cut(text: str, which: Callable[[re.Match[str]], bool]) -> str:
    return " ".join(_FIELD.sub(lambda match: " " if which(match) else match[0], text).split())


def wanted(text: str) -> str:
    """The text without anything that it leaves out. Raises InputError where only words are left that it leaves out."""
    if "-" not in text and "−" not in text:
        return text
    left = including(text)
    parsed = parse(left) if left else None
    return parsed.text if parsed and parsed.excluded else left


def _with(
    filters: Filters,
    field: str,
    value: str,
    lexical: LexicalIndex,
    known: dict[tuple[str, str], tuple[str, ...]],
    *,
    without: bool,
) -> Filters | None:
    """`known`: what was looked up before, for a query may say the same many times."""
    if field == "year":
        days = day_range(value) if value.isascii() else None
        if not days:
            return None
        if not without:
            return replace(filters, date_from=value, date_to=value)
        known[field, value] = (value,)
    if (field, value) not in known:
        known[field, value] = values_named(field, value, lexical)
    found = known[field, value]
    if not found:
        return None
    if without:
        excluded = (f"{field}:{each}" for each in found)
        return replace(filters, without=tuple(dict.fromkeys((*filters.without, *excluded))))
    held: tuple[str, ...] = getattr(filters, field)
    return replace(filters, **{field: tuple(dict.fromkeys((*held, *found)))})  # type: ignore[arg-type]  # FILTER_FIELDS are its fields


def values_named(field: str, value: str, lexical: LexicalIndex) -> tuple[str, ...]:
    """The values of the field that `value` may mean: as it is, by its last part ("…#Programme"), or by its name."""
    from tantivy import Query

    wanted = fold(value)
    if lexical.count(Query.term_query(lexical.schema, field, value, index_option="basic")):
        return (value,)
    if field in LITERAL:
        held = [found.value for found in lexical.facets(Query.all_query(), [field], _VALUES)[field]]
        return tuple(name for name in held if wanted in (fold(name), fold(re.split(r"[#/]", name)[-1])))
    words = [fold(word.text) for word in exact_words(value)][:8]
    if not words:
        return ()
    ranked = lexical.search(prefix_query(words, lexical.schema), _NAMES)
    units = [stored.unit for stored in lexical.stored(ranked.addresses)]
    return tuple(unit.iri for unit in units if wanted in map(fold, (unit.title, *unit.aliases)))
