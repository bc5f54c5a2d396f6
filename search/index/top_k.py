"""Positions of the greatest scores, in a stable order. Pure functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["order", "top"]

Floats = npt.NDArray[np.float32]


def order(scores: Floats, ties: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Positions by falling score; equal scores by rising `ties`, so that the same search gives the same list."""
    negative = -scores
    positions = np.argsort(negative)
    ranked = negative[positions]
    # Mostly all scores differ, and then plain sorting, in a tenth of the time, is enough.
    if (ranked[1:] > ranked[:-1]).all():
        return positions
    return np.lexsort((ties, negative))


def top(scores: Floats, ties: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.intp]:
    """The first `count` positions of `order`."""
    if len(scores) <= count:
        return order(scores, ties)
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    best = np.flatnonzero(scores >= least)
    return best[order(scores[best], ties[best])[:count]]
