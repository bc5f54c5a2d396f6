"""What the forward index has told in the course of one search, so that no unit is read twice for it.

The words of a unit are wanted up to three times: for its lexical score, for how much of the query it covers, and for
the explanation where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from search.index.bm25 import Reader
from search.index.forward import query_key as key
from search.query.lexical_query import LexicalQuery

__all__ = ["TermCountCache", "counts_for"]

Slots = npt.NDArray[np.int64]


class TermCountCache:
    """Counts as from `ForwardIndex.counts`, of the words that have these keys. For one thread."""

    def __init__(self, forward: Reader, keys: Iterable[int]) -> None:
        self._forward = forward
        self._keys = list(dict.fromkeys(keys))
        self._column = {key: column for column, key in enumerate(self._keys)}
        self._slots: Slots = np.empty(0, np.int64)
        self._held = np.empty((0, len(self._keys)), np.uint8)

    def counts(self, slots: Slots, keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        """uint8[len(slots), len(keys)]. Raises KeyError on another key."""
        columns = [self._column[key] for key in keys]
        place = self._read(slots)
        return self._held.take(place, axis=0).take(columns, axis=1)

    def _read(self, slots: Slots) -> npt.NDArray[np.intp]:
        """Read what is new, and say where each slot stands among all that was read."""
        if len(self._slots):
            place = np.minimum(np.searchsorted(self._slots, slots), len(self._slots) - 1)
            new = slots[self._slots.take(place) != slots]
            if not len(new):
                return place
        else:
            new = slots
        known = np.concatenate([self._slots, new])
        held = np.concatenate([self._held, self._forward.counts(new, self._keys)])
        rising = np.argsort(known)
        self._slots, self._held = known.take(rising), held.take(rising, axis=0)
        return np.searchsorted(self._slots, slots)


def counts_for(forward: Reader, query: LexicalQuery) -> TermCountCache:
    """Of all words that a search with this query asks about."""
    terms = (key(term.field, term.word) for term in query.terms)
    stems = (key("text", stem) for stem in query.stems)
    forms = (key("exact", form) for number in query.numbers for form in number)
    stands = (key(*way) for ways in query.stands.values() for way in ways)
    return TermCountCache(forward, chain(terms, stems, forms, stands))
