"""What is added to the fused score: each part between 0 and its constant, that of the document on either side of 0.

From the graph: the card of an entity that the query names (what mentions it has its share in the lexical score).
From the words: how much of the query a hit covers, where BM25 is content with one rare word said often. Against what
is no answer: a contents page. From the document: what its other passages have to say.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index.bm25 import Reader
from search.index.forward import query_key as key
from search.index.lexical import LexicalIndex
from search.query.lexical_query import LexicalQuery

__all__ = [
    "ABOUT",
    "COVERED",
    "FURNITURE",
    "NUMBERS",
    "RECENT",
    "SIBLING",
    "card_boost",
    "cover_boost",
    "cover_weights",
    "recent_boost",
    "sibling_boost",
]

Floats = npt.NDArray[np.float32]

ABOUT: Final = 0.10
"""Added to the card of an entity that the query names."""

COVERED: Final = 0.27
"""Added to a hit that holds all words of the query; in proportion to their rarity for some of them."""

NUMBERS: Final = 0.10
"""Added to a hit that holds all numbers of the query, so that a year or an amount is not just one word of many.

They are compared by value: £25 million is £25m and not £250 million."""

RECENT: Final = 0.10
"""Added, where recency is asked for, to the latest of the candidates; half of it to what is five years older."""

_HALF_LIFE: Final = 5.0  # years

FURNITURE: Final = -1.00
"""Added to contents pages and reference lists: they are full of the right words, and no answer."""


SIBLING: Final = 0.05
"""Share of a passage's score that is taken from the best other candidate of its document instead.

A passage is read in its document: of two that are as good, that one answers better whose document says more on it.
Method: passage and document scores interpolated (Callan, "Passage-Level Evidence in Document Retrieval", 1994). As a
share, and not as an addition, so that long documents have no advantage over short ones."""


def card_boost(slots: npt.NDArray[np.int64], cards: npt.NDArray[np.int64]) -> Floats:
    """float32[len(slots)], 0 or ABOUT. `cards`: the slots of the cards of entities that the query names."""
    return np.isin(slots, cards) * np.float32(ABOUT)


def cover_boost(lexical: LexicalIndex, forward: Reader, slots: npt.NDArray[np.int64], query: LexicalQuery) -> Floats:
    """float32[len(slots)] in [0, COVERED + NUMBERS]: what of the query each unit holds, as `forward` tells.

    A word is held in any of its ways: itself, another way to write it, the entity that it names; an amount in any of
    its forms.
    """
    frequencies, columns = _parts(lexical, query)
    weights = cover_weights(frequencies, len(lexical))
    parts = [(columns[name], weight) for name, weight in weights.items()]
    parts += [([key("exact", form) for form in number], NUMBERS / len(query.numbers)) for number in query.numbers]
    if not parts or not len(slots):
        return np.zeros(len(slots), np.float32)
    keys = [each for held, _ in parts for each in held]
    starts = np.cumsum([0, *(len(held) for held, _ in parts[:-1])])
    held = np.logical_or.reduceat(forward.counts(slots, keys) > 0, starts, axis=1)
    added: Floats = held.astype(np.float32) @ np.array([weight for _, weight in parts], np.float32)
    return added


def _parts(lexical: LexicalIndex, query: LexicalQuery) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Each word and each amount of the query: how many units hold it at least, and the keys of its ways."""
    ways: dict[str, list[tuple[str, str]]] = {}
    for stem in sorted(query.stems):
        ways.setdefault(query.alike.get(stem, stem), []).append(("text", stem))
    for stem, others in query.stands.items():
        ways[stem] += others
    for number in query.numbers:
        if not number[0].isdigit() or len(number) > 1:  # the stemmed fields have the others
            ways[number[0]] = [("exact", form) for form in number]
    frequencies = {name: sum(lexical.document_frequency(*way) for way in held) for name, held in ways.items()}
    return frequencies, {name: [key(*way) for way in held] for name, held in ways.items()}


def cover_weights(frequencies: dict[str, int], total: int) -> dict[str, float]:
    """What each word adds where it occurs, from the number of units that hold it; `total` counts all units."""
    rarity = {stem: math.log1p(total / (1 + held)) for stem, held in frequencies.items()}
    whole = sum(rarity.values())
    return {stem: COVERED * rare / whole for stem, rare in rarity.items() if whole and frequencies[stem]}


def recent_boost(days: npt.NDArray[np.int64]) -> Floats:
    """float32[n] in [0, RECENT]. `days` as yyyymmdd, 0 = undated, which gets nothing."""
    years = days // 10_000 + (days // 100 % 100) / 12
    age = (years.max() - years) if len(years) else years
    return np.where(days > 0, RECENT * 0.5 ** (age / _HALF_LIFE), 0.0).astype(np.float32)


def sibling_boost(scores: Floats, works: npt.NDArray[np.int64]) -> Floats:
    """float32[n]: SIBLING times how much better the best other candidate of the same document is; 0 without another.

    `works`: the document of each candidate, 0 = none.
    """
    if not len(scores):
        return np.zeros(0, np.float32)
    ranked = np.lexsort((-scores, works))
    sorted_works, sorted_scores = works[ranked], scores[ranked]
    starts = np.concatenate([[True], sorted_works[1:] != sorted_works[:-1]])
    first = np.flatnonzero(starts)[np.cumsum(starts) - 1]  # where the best of the same document stands
    second = np.minimum(first + 1, len(ranked) - 1)
    other = np.where(starts, second, first)
    alone = (sorted_works == 0) | (sorted_works[second] != sorted_works)
    added = np.empty(len(ranked), np.float32)
    added[ranked] = np.where(alone, 0.0, SIBLING * (sorted_scores[other] - sorted_scores))
    return added
