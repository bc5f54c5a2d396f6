"""Diversity of the first page: no document fills it, and no text stands on it twice. Pure functions."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from search.analysis.fingerprint import is_near_duplicate

__all__ = ["FIRST_RANKS", "MAX_RANKS_PER_DOCUMENT", "diversify"]

FIRST_RANKS: Final = 10
"""Ranks that are diversified."""

MAX_RANKS_PER_DOCUMENT: Final = 3
"""Most of the first ranks that one document takes while others have something to show."""

_CONSIDERED_RANKS: Final = 100
_MIN_SCORE_RATIO: Final = 0.15  # to the score of a demoted row: a row with less does not overtake it


def diversify(
    order: npt.NDArray[np.intp],
    *,
    documents: npt.NDArray[np.int64],
    fingerprints: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.intp], dict[int, int | None]]:
    """`order` with demoted rows just after the first ranks, in their old order, and these rows with their reason.

    `documents` (0 = none), `fingerprints` (0 = none) and `scores` have a value for each row that `order` names. A
    row is demoted if a row above it says the same (the reason is that row), or if enough rows of its document stand
    above it (the reason is None). No row overtakes another with a far better score.
    """
    first: list[int] = []
    demoted: dict[int, int | None] = {}
    ranks_of: dict[int, int] = {}
    seen: list[tuple[int, int]] = []
    considered = 0
    best_demoted: float | None = None
    for row in order[:_CONSIDERED_RANKS].tolist():
        if len(first) == FIRST_RANKS or (best_demoted is not None and scores[row] < _MIN_SCORE_RATIO * best_demoted):
            break
        considered += 1
        document, fingerprint = int(documents[row]), int(fingerprints[row])
        twin = next((other for known, other in seen if is_near_duplicate(fingerprint, known)), None)
        if twin is not None or (document and ranks_of.get(document, 0) >= MAX_RANKS_PER_DOCUMENT):
            demoted[row] = twin
            if best_demoted is None:
                best_demoted = scores[row]
            continue
        first.append(row)
        ranks_of[document] = ranks_of.get(document, 0) + 1
        if fingerprint:
            seen.append((fingerprint, row))
    return np.concatenate([np.array([*first, *demoted], np.intp), order[considered:]]), demoted
