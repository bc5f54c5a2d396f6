"""A copy in memory of a small graph, in which the engine finds a triple in half the time.

To copy it takes up to three seconds, so it is done once queries have taken as long, and between them: a slice after
each answer, and on while nobody asks. Rows come out of it in another order than out of the store, so it answers only
what `is_unordered` lets pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyoxigraph

__all__ = ["MOST", "MemoryCopy"]


MOST: Final = 250_000
"""Quads of a graph that is copied: about 90 MB in each worker."""

_PACE: Final = 1e-5
"""Seconds that it takes to copy a quad."""

_LEAST: Final = 0.25
"""Seconds that queries take before the least graph is copied: others than the newest are soon asked no more."""

_UNREADABLE: Final = (OSError, MemoryError, ValueError, RuntimeError)
"""What comes of a damaged table."""

_SLICE: Final = 100
"""Quads copied at a time: a millisecond."""


class MemoryCopy:
    """The store of one generation, and what is copied of it.

    `quads`: as its manifest says, None where it does not: then it is large. `after`: it is worth a copy when queries
    took so many times as long as copying takes; 0: it is copied here and now.
    """

    def __init__(self, store: pyoxigraph.Store, quads: int | None, after: float) -> None:
        self.store = store
        self._left = after * max(_LEAST, (quads or 0) * _PACE)
        self._quads: Iterator[pyoxigraph.Quad] | None = None
        self._copy: pyoxigraph.Store | None = None
        self._count = 0
        self._whole = False
        self._given_up = quads is None or quads > MOST
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
