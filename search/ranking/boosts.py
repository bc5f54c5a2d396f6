"""Boosts: what is added to the fused score of a candidate, and shown in its explanation.

- From the graph: the card of an entity that the query names. (Items that mention it gain in their lexical score.)
- From the words: how much of the query a hit covers, where BM25 is content with one rare word that occurs often.
- From the text: contents pages and reference lists, which are no answer, lose.
- From the document: what its other passages score.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index.bm25 import TermCounts
from search.index.forward_index import query_key as key
from search.index.lexical import LexicalIndex
from search.query.lexical_query import LexicalQuery

__all__ = [
    "CARD_BOOST",
    "COVER_BOOST",
    "LOW_VALUE_PENALTY",
    "NUMBER_BOOST",
    "RECENCY_BOOST",
    "SIBLING_SHARE",
    "card_boost",
    "cover_boost",
    "cover_weights",
    "recency_boost",
    "sibling_boost",
]

Floats = npt.NDArray[np.float32]

CARD_BOOST: Final = 0.10
"""For the card of an entity that the query names."""

COVER_BOOST: Final = 0.27
"""For a hit with all words of the query; for some of them a share, by their rarity."""

NUMBER_BOOST: Final = 0.10
"""For a hit with all numbers of the query, so that a year or an amount is more than one word of many.

Numbers are compared by value: £25 million is £25m and not £250 million."""

RECENCY_BOOST: Final = 0.10
"""For the latest of the candidates, if the caller asks for recent ones; half of it for one that is five years older."""

_HALF_LIFE_YEARS: Final = 5.0

LOW_VALUE_PENALTY: Final = -1.00
"""For contents pages and reference lists: they are full of the right words, and no answer."""

SIBLING_SHARE: Final = 0.05
"""Share of a passage's score that is replaced by the score of the best other candidate of its document.

Of two equally good passages, that one answers better whose document says more on the subject. Method: interpolated
passage and document scores (Callan, "Passage-Level Evidence in Document Retrieval", 1994). A share, and not an
addition, gives long documents no advantage over short ones."""


def card_boost(slots: npt.NDArray[np.int64], cards: npt.NDArray[np.int64]) -> Floats:
    """float32[len(slots)], 0 or CARD_BOOST. `cards`: slots of the cards of the entities that the query names."""
    return np.isin(slots, cards) * np.float32(CARD_BOOST)


def cover_boost(lexical: LexicalIndex, counts: TermCounts, slots: npt.NDArray[np.int64], query: LexicalQuery) -> Floats:
    """float32[len(slots)] in [0, COVER_BOOST + NUMBER_BOOST]: how much of the query each item covers.

    An item covers a word if it holds the word, a variant of it, or the entity that it names; it covers an amount in any
    of its forms.
    """
    frequencies, columns = _parts(lexical, query)
    weights = cover_weights(frequencies, len(lexical))
    parts = [(columns[name], weight) for name, weight in weights.items()]
    number_weight = NUMBER_BOOST / max(1, len(query.numbers))
    parts += [([key("exact", form) for form in number], number_weight) for number in query.numbers]
    if not parts or not len(slots):
        return np.zeros(len(slots), np.float32)
    keys = [key for keys, _ in parts for key in keys]
    starts = np.cumsum([0, *(len(keys) for keys, _ in parts[:-1])])
    covered = np.logical_or.reduceat(counts.counts(slots, keys) > 0, starts, axis=1)
    boosts: Floats = covered.astype(np.float32) @ np.array([weight for _, weight in parts], np.float32)
    return boosts


def _parts(lexical: LexicalIndex, query: LexicalQuery) -> tuple[dict[str, int], dict[str, list[int]]]:
    """For each word and amount of the query: the number of items with it, and the keys of the terms that cover it."""
    terms: dict[str, list[tuple[str, str]]] = {}
    for stem in sorted(query.stems):
        terms.setdefault(query.number_variants.get(stem, stem), []).append(("text", stem))
    for stem, pairs in query.name_terms.items():
        terms[stem] += pairs
    for number in query.numbers:
        if not number[0].isdigit() or len(number) > 1:  # the stemmed fields have the others
            terms[number[0]] = [("exact", form) for form in number]
    frequencies = {name: sum(lexical.document_frequency(*pair) for pair in pairs) for name, pairs in terms.items()}
    return frequencies, {name: [key(*pair) for pair in pairs] for name, pairs in terms.items()}


def cover_weights(frequencies: dict[str, int], total: int) -> dict[str, float]:
    """Word → boost where it occurs, from the number of items with it; `total` counts all items."""
    rarity = {word: math.log1p(total / (1 + frequency)) for word, frequency in frequencies.items()}
    total_rarity = sum(rarity.values())
    return {
        word: COVER_BOOST * rare / total_rarity for word, rare in rarity.items() if total_rarity and frequencies[word]
    }


def recency_boost(days: npt.NDArray[np.int64]) -> Floats:
    """float32[n] in [0, RECENCY_BOOST]. `days` as yyyymmdd; undated items (0) get nothing."""
    years = days // 10_000 + (days // 100 % 100) / 12
    age = (years.max() - years) if len(years) else years
    return np.where(days > 0, RECENCY_BOOST * 0.5 ** (age / _HALF_LIFE_YEARS), 0.0).astype(np.float32)


def sibling_boost(scores: Floats, documents: npt.NDArray[np.int64]) -> Floats:
    """float32[n]: SIBLING_SHARE times the lead of the best other candidate of the same document; 0 without another.

    `documents`: the document of each candidate, 0 = none.
    """
    if not len(scores):
        return np.zeros(0, np.float32)
    ranked = np.lexsort((-scores, documents))
    sorted_documents, sorted_scores = documents[ranked], scores[ranked]
    is_best = np.concatenate([[True], sorted_documents[1:] != sorted_documents[:-1]])
    best = np.flatnonzero(is_best)[np.cumsum(is_best) - 1]  # place of the best of the same document
    second = np.minimum(best + 1, len(ranked) - 1)
    other = np.where(is_best, second, best)
    is_single = (sorted_documents == 0) | (sorted_documents[second] != sorted_documents)
    boosts = np.empty(len(ranked), np.float32)
    boosts[ranked] = np.where(is_single, 0.0, SIBLING_SHARE * (sorted_scores[other] - sorted_scores))
    return boosts
