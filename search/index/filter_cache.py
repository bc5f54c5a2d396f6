"""Cache of the items that pass a condition: users go on searching with the filter that they chose.

Counting these items takes as long as a search of a large collection, and listing them 1 µs an item.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index.lexical import LexicalIndex
from search.index.terms import Clause

__all__ = ["MAX_LISTED_ITEMS", "FilterCache"]

MAX_LISTED_ITEMS: Final = 250_000

_CACHED_COUNTS: Final = 1_000
_CACHED_LISTS: Final = 16  # of up to 2 MB each

Slots = npt.NDArray[np.int64]


class FilterCache:
    """Counts and lists of items per condition, for one opened index. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._lexical = lexical
        # Caches of the index, not of this object: it would refer to itself and keep the index's files open.
        self._counts = lru_cache(maxsize=_CACHED_COUNTS)(lexical.count)
        self._lists = lru_cache(maxsize=_CACHED_LISTS)(partial(_sorted_slots, lexical))

    def count(self, condition: Clause) -> int:
        """Number of items that pass."""
        return self._counts(condition)

    def slots(self, condition: Clause, max_items: int = MAX_LISTED_ITEMS) -> Slots | None:
        """Rising slots of the items that pass, read-only; None if they are more than `max_items`."""
        return self._lists(condition) if self.count(condition) <= max_items else None

    def among(self, slots: Slots, condition: Clause) -> Slots:
        """The given slots whose items pass, in any order."""
        return self._lexical.score(slots, condition, condition)[0]


def _sorted_slots(lexical: LexicalIndex, condition: Clause) -> Slots:
    slots, _ = lexical.best(condition, max(1, lexical.count(condition)))
    slots.sort()
    slots.flags.writeable = False
    return slots
