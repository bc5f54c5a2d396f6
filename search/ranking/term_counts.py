"""Cache of forward-index reads for one search.

A search needs the term counts of an item up to three times: for its BM25 score, for the boost by covered words, and for
its explanation. It reads them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from search.index.bm25 import TermCounts
from search.index.forward_index import query_key as key
from search.query.lexical_query import LexicalQuery

__all__ = ["TermCountCache", "term_counts"]

Slots = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint8]


class TermCountCache:
    """Term counts as `ForwardIndex.counts` gives them, for the terms with these keys. For one thread."""

    def __init__(self, forward: TermCounts, keys: Iterable[int]) -> None:
        self._forward = forward
        self._keys = list(dict.fromkeys(keys))
        self._column = {key: column for column, key in enumerate(self._keys)}
        self._slots: Slots = np.empty(0, np.int64)
        self._counts: Counts = np.empty((0, len(self._keys)), np.uint8)

    def counts(self, slots: Slots, keys: Sequence[int]) -> Counts:
        """uint8[len(slots), len(keys)]. Raises KeyError for a key that the cache was not made for."""
        columns = [self._column[key] for key in keys]
        rows = self._rows(slots)
        return self._counts.take(rows, axis=0).take(columns, axis=1)

    def _rows(self, slots: Slots) -> npt.NDArray[np.intp]:
        """Read the slots that are new; the row of each slot in the cache."""
        if len(self._slots):
            rows = np.minimum(np.searchsorted(self._slots, slots), len(self._slots) - 1)
            new = slots[self._slots.take(rows) != slots]
            if not len(new):
                return rows
        else:
            new = slots
        known = np.concatenate([self._slots, new])
        counts = np.concatenate([self._counts, self._forward.counts(new, self._keys)])
        rising = np.argsort(known)
        self._slots, self._counts = known.take(rising), counts.take(rising, axis=0)
        return np.searchsorted(self._slots, slots)


def term_counts(forward: TermCounts, query: LexicalQuery) -> TermCountCache:
    """A cache for all terms of which a search with this query needs counts."""
    terms = (key(term.field, term.word) for term in query.terms)
    stems = (key("text", stem) for stem in query.stems)
    numbers = (key("exact", form) for number in query.numbers for form in number)
    names = (key(*pair) for pairs in query.name_terms.values() for pair in pairs)
    return TermCountCache(forward, chain(terms, stems, numbers, names))
