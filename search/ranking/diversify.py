"""How the first page is laid out: no document fills it, and one text stands in it once. Pure functions."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from search.analysis.fingerprint import (
    is_same,
)

__all__ = ["FIRST", "LOOKED_AT", "PER_DOCUMENT", "spread"]


FIRST: Final = 10
"""The places that are shared out."""

PER_DOCUMENT: Final = 3
"""Most of the first places that one document takes while others have something to show."""

LOOKED_AT: Final = 100
"""Ranks among which something else is looked for."""

_WORTH: Final = 0.15  # of the score of what is put back: with less, nothing goes before it


def spread(
    order: npt.NDArray[np.intp],
    documents: npt.NDArray[np.int64],
    prints: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.intp], dict[int, int | None]]:
    """`order` with the first places shared out; what is put back follows at once, in its old order.

    And what was put back: with the one that says the same, or None where enough of its document stands above.

    `documents` (0 = none), `prints` (0 = none) and `scores`: int64[n], int64[n], float32[n], of each candidate that
    `order` counts. Nothing goes before what has a far better score.
    """
    taken: list[int] = []
    back: list[int] = []
    moved: dict[int, int | None] = {}
    counts: dict[int, int] = {}
    shown: list[tuple[int, int]] = []
    at = 0
    for row in order[:LOOKED_AT].tolist():
        if len(taken) == FIRST or (back and scores[row] < _WORTH * scores[back[0]]):
            break
        at += 1
        document, print_ = int(documents[row]), int(prints[row])
        twin = next((other for held, other in shown if is_same(print_, held)), None) if print_ else None
        if twin is not None or (document and counts.get(document, 0) >= PER_DOCUMENT):
            back.append(row)
            moved[row] = twin
            continue
        taken.append(row)
        counts[document] = counts.get(document, 0) + 1
        shown.append((print_, row))
    return np.concatenate([np.array(taken + back, np.intp), order[at:]]), moved
