"""A copy in memory of a small graph, in which the engine finds a triple in half the time.

To copy it takes a second or two, so it is done once queries have taken about as long, and between them: a slice after
each answer, and on while nobody asks. Rows come out of it in another order than out of the store, so it answers only
what `is_unordered` lets pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyoxigraph

__all__ = ["MOST", "Copied", "is_unordered"]

MOST: Final = 250_000
"""Quads of a graph that is copied: about 90 MB in each worker."""

_TABLES: Final = 64 << 20
"""Bytes of tables that no such graph has; one that has them is not begun."""

_UNREADABLE: Final = (OSError, MemoryError, ValueError, RuntimeError)
"""What comes of a damaged table."""

_SLICE: Final = 100
"""Quads copied at a time: a millisecond."""

_ORDERED: Final = re.compile(r"limit|offset|sum|avg|sample|group_concat|\\u", re.IGNORECASE)


def is_unordered(query: str) -> bool:
    """Whether the rows of a SELECT or ASK query mean the same in any order.

    Not of one page of many, which must follow the page before; nor where the order shows in a value: a sum of
    fractions, texts in a row. By the letters, wherever they stand: a keyword needs no boundary, and may be escaped.
    """
    return _ORDERED.search(query) is None


class Copied:
    """The store of one generation, and what is copied of it.

    `size`: of its tables in bytes. `after`: seconds that queries may take before it is worth a copy; 0: it is copied
    here and now.
    """

    def __init__(self, store: pyoxigraph.Store, size: int, after: float) -> None:
        self.store = store
        self._left = after
        self._quads: Iterator[pyoxigraph.Quad] | None = None
        self._copy: pyoxigraph.Store | None = None
        self._count = 0
        self._whole = False
        self._given_up = size > _TABLES
        while not after and self.go_on():
            continue

    @property
    def fastest(self) -> pyoxigraph.Store:
        """The copy, once it is whole."""
        return self._copy if self._whole and self._copy is not None else self.store

    def took(self, seconds: float) -> None:
        """A query on this generation took so long."""
        self._left -= seconds

    def go_on(self) -> bool:
        """Copy another slice, if it is time; whether there is more to copy."""
        if self._left > 0 or self._whole or self._given_up:
            return False
        try:
            self._slice()
        except _UNREADABLE:  # whoever asks for what is there is told
            self.forget()
        return not (self._whole or self._given_up)

    def forget(self) -> None:
        """Let the copy go, for good."""
        self._quads = self._copy = None
        self._whole, self._given_up = False, True

    def _slice(self) -> None:
        import pyoxigraph

        if self._quads is None or self._copy is None:
            self._copy = pyoxigraph.Store()
            for name in self.store.named_graphs():  # some of them may be empty
                self._copy.add_graph(name)
            self._quads = iter(self.store.quads_for_pattern(None, None, None, None))
        some = list(islice(self._quads, _SLICE))
        self._copy.extend(some)
        self._count += len(some)
        if len(some) < _SLICE:
            self._quads, self._whole = None, True
        elif self._count > MOST:
            self.forget()
