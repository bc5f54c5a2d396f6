"""The forward index: the words and facts of each item, so that chosen items are scored without another search.

tantivy finds items by their words. Scoring 200 given items takes it 1 ms among 5,000 and 3 ms among 100,000, and a
search needs that twice (for candidates that only the vectors found, and for how much of the query a hit covers). From
the forward index either takes 0.2 ms, however large the collection.

A word is stored as its key, a checksum of 32 bits: that two words of one query and one item share a key is less likely
than one in ten million.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from search.analysis import fingerprint
from search.analysis.dates import day_range
from search.analysis.low_value_passages import is_low_value
from search.analysis.tokens import STOP_WORDS
from search.index.page_cache import PageCache
from search.index.schema import words_of_text
from search.index.segments import FACTS, Segment, locate, read_layout
from search.index.stemmer import Stems
from search.index.terms import ENTITY, PLACE
from search.item import Item

__all__ = [
    "EMPTY_ROW",
    "FIELDS",
    "LENGTHS",
    "ForwardIndex",
    "ForwardRow",
    "concatenated_ranges",
    "is_kept",
    "key",
    "make_row",
    "query_key",
]

FIELDS: Final = ("title", "text", "exact")
"""Fields whose lengths are stored, in this order."""

_SHORT_WORD_CHARS: Final = 4
_MAX_COUNT: Final = 255
_TABLE_SIZE: Final = 1 << 14  # stays in the fastest cache
_EXACT_LENGTH_STEPS: Final = 24  # lengths with a step of their own, before the steps of SmallFloat begin

Slots = npt.NDArray[np.int64]


def _length(step: int) -> int:
    """The field length of a step: exact up to 39, then three significant bits."""
    bits = step - _EXACT_LENGTH_STEPS
    if bits < 8:
        return step
    return _EXACT_LENGTH_STEPS + ((bits & 7 | 8) << ((bits >> 3) - 1))


_LENGTHS: Final = [_length(step) for step in range(256)]
LENGTHS: Final[npt.NDArray[np.float32]] = np.array(_LENGTHS, np.float32)
"""float32[256]: step → field length."""


def _step(length: int) -> int:
    """The step of a field with this number of words."""
    return bisect_right(_LENGTHS, length) - 1


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """One item: FACTS[1] without its `end`, the keys of its words, and their counts."""

    facts: npt.NDArray[Any]
    words: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]


EMPTY_ROW: Final = ForwardRow(np.zeros(1, FACTS), np.empty(0, np.uint32), np.empty(0, np.uint8))


def key(field: str, word: str) -> int:
    """32 bits that stand for a word in a field."""
    return zlib.crc32(f"{field} {word}".encode("utf-8", "replace"))


query_key = lru_cache(maxsize=20_000)(key)
"""`key`, cached for the words of queries, which come again."""


def is_kept(word: str) -> bool:
    """Whether every occurrence of this word of the exact field is stored.

    Amounts, short names and initials are. Common words and long plain words are not: they would double the size, and
    queries rank by their stems.
    """
    if word.isalpha():
        return len(word) <= _SHORT_WORD_CHARS and word not in STOP_WORDS
    return True


def make_row(item: Item, texts: Mapping[str, str], stems: Stems) -> ForwardRow:
    """The row of an item. `texts`: its `search.index.schema.field_texts`."""
    counts: dict[int, int] = {}
    lengths = []
    for field in FIELDS:
        words = texts[field].split() if field == "exact" else stems.of(texts[field])
        lengths.append(_step(len(words)))
        for word, count in Counter(words).items():
            if field != "exact" or is_kept(word):
                counts[key(field, word)] = count
    own = (item.iri,) if item.kind == "entity" else ()
    for iri in {*own, *item.entities}:
        counts[key(ENTITY, iri)] = 1
    for iri in item.places:
        counts[key(PLACE, iri)] = 1
    values = np.minimum(np.fromiter(counts.values(), np.int64, len(counts)), _MAX_COUNT).astype(np.uint8)
    return ForwardRow(_facts(item, texts, lengths), np.fromiter(counts.keys(), np.uint32, len(counts)), values)


def _facts(item: Item, texts: Mapping[str, str], lengths: Sequence[int]) -> npt.NDArray[Any]:
    days = day_range(item.date) if item.date else None
    facts = np.zeros(1, FACTS)
    facts["document"] = fingerprint.key(item.document) if item.document else 0
    if item.kind == "passage" and item.text:
        facts["fingerprint"] = fingerprint.fingerprint(words_of_text(texts))
    facts["last_day"] = days[1] if days else 0
    facts["lengths"] = lengths
    facts["low_value"] = is_low_value(item.text, item.heading)
    return facts


class ForwardIndex:
    """Read access, safe to share between threads. Raises OSError, ValueError or KeyError if a file is damaged."""

    def __init__(self, folder: Path) -> None:
        self._segments = [_OpenSegment(folder, segment) for segment in read_layout(folder)[1] if segment.rows]
        self._slots = [segment.slots for segment in self._segments]
        self._starts = np.array([slots[0] for slots in self._slots], np.int64)

    def facts(self, slots: Slots) -> npt.NDArray[Any]:
        """FACTS[n] of each slot; zeros for unknown ones."""
        located = locate(self._starts, self._slots, slots)
        if len(located) == 1 and len(located[0][0]) == len(slots):  # copying row by row takes eight times as long
            return self._segments[located[0][1]].facts.take(located[0][2])
        facts = np.zeros(len(slots), FACTS)
        for positions, number, rows in located:
            facts[positions] = self._segments[number].facts.take(rows)
        return facts

    def counts(self, slots: Slots, keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        """uint8[len(slots), len(keys)]: how often each item has each word, at most 255; 0 for unknown slots."""
        counts = np.zeros((len(slots), len(keys)), np.uint8)
        if len(keys):
            table = _key_table(tuple(keys))
            for positions, number, rows in locate(self._starts, self._slots, slots):
                counts[positions] = self._segments[number].counts(rows, table).take(table.columns, axis=1)
        return counts


class _KeyTable(NamedTuple):
    """Keys for a fast comparison with many words.

    `keys`: rising. `columns`: for each key that was asked for, its place among these (the first of equal ones).
    `is_likely`: bool[_TABLE_SIZE], whether a key has these last bits.
    """

    keys: npt.NDArray[np.uint32]
    columns: npt.NDArray[np.intp]
    is_likely: npt.NDArray[np.bool_]


@lru_cache(maxsize=32)  # one search needs each table two or three times
def _key_table(keys: tuple[int, ...]) -> _KeyTable:
    unsorted = np.array(keys, np.uint32)
    rising = np.sort(unsorted)
    is_likely = np.zeros(_TABLE_SIZE, bool)
    is_likely[rising % _TABLE_SIZE] = True
    return _KeyTable(rising, np.searchsorted(rising, unsorted), is_likely)


class _OpenSegment:
    """One segment, opened."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self.slots = segment.slots(folder)
        self.facts = segment.facts(folder)
        self._words, self._counts = segment.words(folder)
        self._pages = PageCache(self._words)

    def counts(self, rows: npt.NDArray[np.intp], table: _KeyTable) -> npt.NDArray[np.uint8]:
        """uint8[len(rows), len(table.keys)]."""
        counts = np.zeros((len(rows), len(table.keys)), np.uint8)
        ends = self.facts["end"]
        upper = ends[rows].astype(np.int64)
        lower = np.where(rows > 0, ends[rows - 1], 0).astype(np.int64)
        places, row_ends = concatenated_ranges(lower, upper)
        words = self._words.take(places)
        self._pages.count_reads(len(rows))
        # The table of last bits rules out nearly all words; the others are compared in full.
        likely = np.flatnonzero(table.is_likely.take((words & np.uint32(_TABLE_SIZE - 1)).astype(np.intp)))
        likely_words = words[likely]
        column = np.minimum(np.searchsorted(table.keys, likely_words), len(table.keys) - 1)
        is_match = table.keys[column] == likely_words
        likely, column = likely[is_match], column[is_match]
        counts[np.searchsorted(row_ends, likely, side="right"), column] = self._counts[places[likely]]
        return counts


def concatenated_ranges(
    lower: npt.NDArray[np.int64], upper: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All numbers from `lower[n]` up to `upper[n]`, one range after the other, and the end of each range among them.

    A running sum of steps takes a third of the time of `np.repeat`.
    """
    ends = np.cumsum(upper - lower)
    is_filled = upper > lower
    first, last = lower[is_filled], upper[is_filled]
    steps = np.ones(int(ends[-1]) if len(ends) else 0, np.int64)
    if len(first):
        steps[0] = first[0]
        steps[ends[is_filled][:-1]] = first[1:] - last[:-1] + 1
    return np.cumsum(steps, out=steps), ends
