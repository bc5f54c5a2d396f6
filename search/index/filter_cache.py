"""Which units pass the conditions of a search: counted and listed once, since people ask on with the filter they chose.

To count what passes costs as much as a search of a large collection, and to list it a microsecond a unit.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index.lexical import LexicalIndex
from search.index.terms import Condition

__all__ = ["LISTED", "FilterCache"]

LISTED: Final = 250_000
"""Units that are listed at most."""

_COUNTS: Final = 1_000
_LISTS: Final = 16
"""Counts and lists that are kept, the latter of up to 2 MB."""

Slots = npt.NDArray[np.int64]


class FilterCache:
    """For one opened index, which never changes. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._lexical = lexical
        # Of the index, not of this object: that would hold itself, and the index's files with it, until a collection.
        self._counted = lru_cache(maxsize=_COUNTS)(partial(_counted, lexical))
        self._listed = lru_cache(maxsize=_LISTS)(partial(_listed, lexical))

    def count(self, condition: Condition) -> int:
        """How many units pass."""
        return self._counted(condition)

    def slots(self, condition: Condition) -> Slots | None:
        """Those that pass, rising; not to be changed. None where they are more than `LISTED`."""
        return self._listed(condition) if self.count(condition) <= LISTED else None

    def among(self, slots: Slots, condition: Condition) -> Slots:
        """Those of some slots that pass, in any order."""
        return self._lexical.score(slots, condition.query, condition.query).slots


def _counted(lexical: LexicalIndex, condition: Condition) -> int:
    return lexical.count(condition.query)


def _listed(lexical: LexicalIndex, condition: Condition) -> Slots:
    found, _ = lexical.best(condition.query, max(1, lexical.count(condition.query)))
    found.sort()
    found.flags.writeable = False
    return found
