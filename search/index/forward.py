"""The forward index: from a unit to its words, so that chosen units are scored without another search.

tantivy finds units by their words. To score 200 given units it takes 1 ms among 5,000 and 3 ms among 100,000, and a
search needs that twice (for the candidates that only the vectors found, and for how much of the query a hit covers);
from this index either takes 0.2 ms, however large the collection.

A word is kept by its key, 32 bits of a checksum: that two words of one query and one unit share a key is less likely
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
from search.analysis.low_value_passages import is_furniture
from search.analysis.tokens import STOP_WORDS
from search.index.page_cache import PageCache
from search.index.schema import words_of_text
from search.index.segments import FACTS, Segment, locate, read_layout
from search.index.stemmer import Stems
from search.item import Item

__all__ = [
    "CONSTANT",
    "ENTITY",
    "FIELDS",
    "LENGTHS",
    "NOTHING",
    "PLACE",
    "ForwardIndex",
    "ForwardRow",
    "held_of",
    "is_kept",
    "key",
    "query_key",
    "ranges",
]

FIELDS: Final = ("title", "text", "exact")
"""Whose lengths are kept, in this order."""

ENTITY: Final = "entity"
PLACE: Final = "place"
CONSTANT: Final = (ENTITY, PLACE)
"""The fields under which the entities are kept that a unit is about or mentions, and its places with all that they lie
in. How often is not told: a term of these adds its weight."""

_SHORT: Final = 4
_MOST: Final = 255
_TABLE: Final = 1 << 14  # stays in the fastest cache

Slots = npt.NDArray[np.int64]


_LINEAR: Final = 24  # lengths that have a step of their own before the steps of SmallFloat begin


def _length(step: int) -> int:
    """The field length that this step stands for: exact up to 39, then three significant bits."""
    bits = step - _LINEAR
    if bits < 8:
        return step
    return _LINEAR + ((bits & 7 | 8) << ((bits >> 3) - 1))


_LENGTHS: Final = [_length(step) for step in range(256)]
LENGTHS: Final[npt.NDArray[np.float32]] = np.array(_LENGTHS, np.float32)


def _step(length: int) -> int:
    """The step of a field of so many words."""
    return bisect_right(_LENGTHS, length) - 1


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """What is kept of one unit: FACTS[1] without its end, the keys of its words, and their counts."""

    facts: npt.NDArray[Any]
    words: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.uint8]


NOTHING: Final = ForwardRow(np.zeros(1, FACTS), np.empty(0, np.uint32), np.empty(0, np.uint8))


def key(field: str, word: str) -> int:
    return zlib.crc32(f"{field} {word}".encode("utf-8", "replace"))


query_key = lru_cache(maxsize=20_000)(key)
"""`key`, for the words of queries, which come again."""


def is_kept(word: str) -> bool:
    """Whether this word of the exact field is kept wherever it occurs.

    Amounts, short names and initials are. Common words and plain long ones are not: they double the size, and queries
    rank by their stems.
    """
    if word.isalpha():
        return len(word) <= _SHORT and word not in STOP_WORDS
    return True


def held_of(item: Item, texts: Mapping[str, str], stems: Stems) -> ForwardRow:
    """`texts`: those of the unit's fields, from `search.index.schema.field_texts`."""
    counted: dict[int, int] = {}
    lengths = []
    for field in FIELDS:
        words = texts[field].split() if field == "exact" else stems.of(texts[field])
        lengths.append(_step(len(words)))
        for word, count in Counter(words).items():
            if field != "exact" or is_kept(word):
                counted[key(field, word)] = count
    about = (item.iri,) if item.kind == "entity" else ()
    for iri in {*about, *item.entities}:
        counted[key(ENTITY, iri)] = 1
    for iri in item.places:
        counted[key(PLACE, iri)] = 1
    days = day_range(item.date) if item.date else None
    facts = np.zeros(1, FACTS)
    facts[0] = (
        0,
        fingerprint.key(item.document) if item.document else 0,
        fingerprint.fingerprint(words_of_text(texts)) if item.kind == "passage" and item.text else 0,
        days[1] if days else 0,
        tuple(lengths),
        is_furniture(item.text, item.heading),
    )
    counts = np.minimum(np.fromiter(counted.values(), np.int64, len(counted)), _MOST).astype(np.uint8)
    return ForwardRow(facts, np.fromiter(counted.keys(), np.uint32, len(counted)), counts)


class ForwardIndex:
    """Read access, safe to share between threads. Raises OSError, ValueError or KeyError when files are amiss."""

    def __init__(self, folder: Path) -> None:
        self._parts = [_Part(folder, segment) for segment in read_layout(folder)[1] if segment.rows]
        self._slots = [part.slots for part in self._parts]
        self._starts = np.array([slots[0] for slots in self._slots], np.int64)

    def facts(self, slots: Slots) -> npt.NDArray[Any]:
        """FACTS[n] of each slot; zeros for unknown ones."""
        located = locate(self._starts, self._slots, slots)
        if len(located) == 1 and len(located[0][0]) == len(slots):  # field by field it takes eight times as long
            return self._parts[located[0][1]].facts.take(located[0][2])
        result = np.zeros(len(slots), FACTS)
        for at, number, rows in located:
            result[at] = self._parts[number].facts.take(rows)
        return result

    def numbers(self, field: str, slots: Slots) -> npt.NDArray[np.int64]:
        """int64[n], or int64[n, 3] for `lengths`: this number of FACTS for each slot, 0 for unknown ones."""
        return self.facts(slots)[field].astype(np.int64)

    def counts(self, slots: Slots, keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        """uint8[len(slots), len(keys)]: how often each unit holds each word; 0 for unknown slots."""
        result = np.zeros((len(slots), len(keys)), np.uint8)
        if len(keys):
            wanted = _wanted(tuple(keys))
            for at, number, rows in locate(self._starts, self._slots, slots):
                result[at] = self._parts[number].counts(rows, wanted).take(wanted.column, axis=1)
        return result


class _Wanted(NamedTuple):
    """Keys, rising; which of them each of those asked for is; and which last bits they have.

    Of equal keys the first is counted.
    """

    keys: npt.NDArray[np.uint32]
    column: npt.NDArray[np.intp]
    likely: npt.NDArray[np.bool_]


@lru_cache(maxsize=32)  # one search asks two or three times
def _wanted(keys: tuple[int, ...]) -> _Wanted:
    asked = np.array(keys, np.uint32)
    rising = np.sort(asked)
    likely = np.zeros(_TABLE, bool)
    likely[rising % _TABLE] = True
    return _Wanted(rising, np.searchsorted(rising, asked), likely)


class _Part:
    """One segment, opened."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self.slots = segment.slots(folder)
        self.facts = segment.facts(folder)
        self._words, self._counts = segment.words(folder)
        self._residence = PageCache(self._words)

    def counts(self, rows: npt.NDArray[np.intp], wanted: _Wanted) -> npt.NDArray[np.uint8]:
        """uint8[len(rows), len(wanted.keys)]."""
        result = np.zeros((len(rows), len(wanted.keys)), np.uint8)
        ends = self.facts["end"]
        upper = ends[rows].astype(np.int64)
        lower = np.where(rows > 0, ends[rows - 1], 0).astype(np.int64)
        flat, upto = ranges(lower, upper)
        words = self._words.take(flat)
        self._residence.read(len(rows))
        # Nearly all words go by one look into a table of the last bits; what is left is compared in full.
        likely = np.flatnonzero(wanted.likely.take((words & np.uint32(_TABLE - 1)).astype(np.intp)))
        found = words[likely]
        column = np.minimum(np.searchsorted(wanted.keys, found), len(wanted.keys) - 1)
        same = wanted.keys[column] == found
        likely, column = likely[same], column[same]
        result[np.searchsorted(upto, likely, side="right"), column] = self._counts[flat[likely]]
        return result


def ranges(lower: npt.NDArray[np.int64], upper: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Slots]:
    """All numbers from `lower[n]` up to `upper[n]`, one range after the other, and where each range ends among them.

    A running sum of steps: a third of the time of `np.repeat`.
    """
    upto = np.cumsum(upper - lower)
    some = upper > lower
    first, last = lower[some], upper[some]
    steps = np.ones(int(upto[-1]) if len(upto) else 0, np.int64)
    if len(first):
        steps[0] = first[0]
        steps[upto[some][:-1]] = first[1:] - last[:-1] + 1
    return np.cumsum(steps, out=steps), upto
