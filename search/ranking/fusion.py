"""Fusion of lexical and dense scores: a convex combination of min-max-scaled scores. Pure functions.

Every candidate of either list is scored by both, so a score of 0 is measured and not missing. Compared with reciprocal
rank fusion by `benchmarks/search_quality.py`. Method: Bruch, Gai and Ingber, "An Analysis of Fusion Functions for
Hybrid Retrieval" (2023).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["DENSE_WEIGHT", "LEXICAL_WEIGHT", "combine", "scale"]

Floats = npt.NDArray[np.float32]

LEXICAL_WEIGHT: Final = 0.34
DENSE_WEIGHT: Final = 0.66


def scale(scores: Floats) -> Floats:
    """float32[n] in [0, 1]: the least score becomes 0, the greatest 1, and the order stays.

    Equal scores all become 1 if they are positive, else 0.
    """
    if not len(scores):
        return scores.astype(np.float32)
    low, high = float(scores.min()), float(scores.max())
    if high - low <= 1e-9:
        return np.full(len(scores), 1.0 if high > 0 else 0.0, np.float32)
    return ((scores - np.float32(low)) / np.float32(high - low)).astype(np.float32, copy=False)


def combine(lexical: Floats, dense: Floats, weight: float = DENSE_WEIGHT) -> Floats:
    """float32[n] in [0, 1]: weight·dense + (1 - weight)·lexical, both already scaled."""
    return (np.float32(weight) * dense + np.float32(1.0 - weight) * lexical).astype(np.float32)
