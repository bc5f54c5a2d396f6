"""Nearest vectors by cosine in one generation: exact in small segments, found in a compressed index in large ones.

In large segments the candidates of the compressed index get their exact cosines.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.faiss_cache import SHARED_CACHE, FaissCache
from search.index.page_cache import PageCache
from search.index.segments import SCALE, Segment, locate, read_layout
from search.index.top_k import order

__all__ = ["EXACT_ROWS", "DenseIndex", "VectorQuery"]

Slots = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float32]

EXACT_ROWS: Final = 10_000
"""Rows up to which a segment is scanned exactly (10,000 of 384 dimensions: about 1 ms)."""

_MIN_CANDIDATES: Final = 300
_OVERSAMPLING: Final = 1.5  # candidates for each wanted row
_GROWTH: Final = 4  # of the number of candidates, as long as too few of them are live
_BLOCK_ROWS: Final = 256  # made float32 at a time: they stay in the processor's cache
_PAGE_SHIFT: Final = 16  # 64 kB, the unit in which PageCache counts


class DenseIndex:
    """Read access, safe to share between threads. Raises OSError, ValueError or KeyError if a file is damaged.

    `exact_rows`: rows up to which a segment is scanned exactly.
    """

    def __init__(self, folder: Path, *, exact_rows: int = EXACT_ROWS, cache: FaissCache = SHARED_CACHE) -> None:
        use_one_thread()
        self.dimension, segments = read_layout(folder)
        self._segments = [
            _OpenSegment(folder, segment, dimension=self.dimension, is_small=segment.rows <= exact_rows, cache=cache)
            for segment in segments
            if segment.rows
        ]
        self._slots = [segment.slots for segment in self._segments]
        self._starts = np.array([slots[0] for slots in self._slots], np.int64)

    def __len__(self) -> int:
        return sum(segment.live_rows for segment in self._segments)

    def query(self, vector: Floats, deadline: Deadline | None = None) -> VectorQuery:
        """Look-ups by one vector (float32[d], unit length), which share what they compute.

        They raise QueryTimeout once `deadline` has passed, and QueryCancelled once it is cancelled.
        """
        return VectorQuery(
            self._segments, self._starts, self._slots, vector=vector, deadline=deadline or Deadline.never()
        )

    def vectors(self, slots: Slots) -> Floats:
        """float32[n, d], rows of unit length. Raises KeyError for an unknown slot."""
        vectors = np.empty((len(slots), self.dimension), np.float32)
        known = 0
        for positions, number, rows in locate(self._starts, self._slots, slots):
            vectors[positions] = self._segments[number].read(rows) / SCALE
            known += len(rows)
        if known != len(slots):
            raise KeyError("no vector for some slots")
        return vectors


class VectorQuery:
    """Cosines of one vector with those of the index. For one thread."""

    def __init__(
        self, segments: list[_OpenSegment], starts: Slots, slots: list[Slots], *, vector: Floats, deadline: Deadline
    ) -> None:
        self._segments, self._starts, self._slots, self._deadline = segments, starts, slots, deadline
        self._vector: Floats = (vector / SCALE).astype(np.float32)
        self._all_scores: dict[int, Floats] = {}
        self._candidate_scores: dict[int, tuple[Rows, Floats]] = {}

    def search(self, k: int) -> tuple[Slots, Floats]:
        """The `k` nearest live slots, best first, and their cosines in [-1, 1]."""
        best = []
        for number, segment in enumerate(self._segments):
            self._deadline.check()
            if segment.is_small:
                rows = segment.best(self._scores_of_all(number), k)
                scores = self._scores_of_all(number)[rows]
            else:
                rows = np.sort(segment.candidates(self._vector, k, self._deadline))
                scores = segment.score(self._vector, rows, self._deadline)
                self._candidate_scores[number] = rows, scores
            best.append((segment.slots[rows], scores))
        return _merge_best(best, k)

    def search_among(self, allowed: Slots, k: int) -> tuple[Slots, Floats]:
        """As `search`, among these slots only. Unknown slots are ignored."""
        scores = self.scores(allowed)
        known = ~np.isnan(scores)
        return _merge_best([(allowed[known], scores[known])], k)

    def above(self, threshold: float) -> Slots:
        """The live slots whose cosine is at least `threshold`. Reads all vectors: 35 ms for 100,000 of 384."""
        slots = (segment.slots[segment.above(self._vector, threshold, self._deadline)] for segment in self._segments)
        return np.concatenate([np.empty(0, np.int64), *slots])

    def scores(self, slots: Slots) -> Floats:
        """float32[n]: the cosine of each slot; NaN for an unknown slot."""
        scores = np.full(len(slots), np.nan, np.float32)
        for positions, number, rows in locate(self._starts, self._slots, slots):
            if number in self._all_scores:
                scores[positions] = self._all_scores[number][rows]
            else:
                scores[positions] = self._scores_of(number, rows)
        return scores

    def _scores_of(self, number: int, rows: Rows) -> Floats:
        """Scores of rows, some of which `search` may have scored already."""
        segment = self._segments[number]
        known, known_scores = self._candidate_scores.get(number, (np.empty(0, np.intp), np.empty(0, np.float32)))
        if not len(known):
            return segment.score(self._vector, rows, self._deadline)
        place = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        scores = known_scores[place]
        is_new = known[place] != rows
        scores[is_new] = segment.score(self._vector, rows[is_new], self._deadline)
        return scores

    def _scores_of_all(self, number: int) -> Floats:
        if number not in self._all_scores:
            self._all_scores[number] = self._segments[number].all_vectors @ self._vector
        return self._all_scores[number]


class _OpenSegment:
    """One segment. Vectors to compare with are divided by SCALE, since the stored ones are multiplied by it."""

    def __init__(self, folder: Path, segment: Segment, *, dimension: int, is_small: bool, cache: FaissCache) -> None:
        self.slots = segment.slots(folder)
        self.is_small = is_small
        self.live_rows = segment.rows - segment.dead
        self._rows = segment.rows
        self._vectors = segment.vectors(folder, dimension)
        self._pages = PageCache(self._vectors)
        self._dead_rows = np.searchsorted(self.slots, segment.dead_slots(folder))
        self._index_file, self._cache = segment.index_file(folder), cache

    @cached_property
    def all_vectors(self) -> Floats:
        """float32[rows, d] of a small segment (10,000 rows of 384: 15 MB)."""
        return self._vectors.astype(np.float32)

    @cached_property
    def _index(self) -> Any:
        return self._cache.open(self._index_file)

    def best(self, scores: Floats, k: int) -> Rows:
        """The live rows with the greatest of these scores of all rows."""
        if len(self._dead_rows):
            scores = scores.copy()
            scores[self._dead_rows] = -np.inf
        return _top(scores, min(k, self.live_rows))

    def read(self, rows: Rows) -> Floats:
        """float32[n, d], unit length times SCALE."""
        if self.is_small:
            return self.all_vectors[rows]
        vectors = self._vectors[rows].astype(np.float32)
        self._pages.count_reads(len(rows))
        return vectors

    def score(self, vector: Floats, rows: Rows, deadline: Deadline) -> Floats:
        """float32[n]: the cosine of each row."""
        deadline.check()
        if self.is_small:
            return self.all_vectors.take(rows, axis=0) @ vector
        scores = np.empty(len(rows), np.float32)
        buffer = np.empty((min(_BLOCK_ROWS, len(rows)), len(vector)), np.float32)
        for start in range(0, len(rows), _BLOCK_ROWS):
            deadline.check()
            block = rows[start : start + _BLOCK_ROWS]
            vectors = buffer[: len(block)]
            vectors[...] = self._vectors.take(block, axis=0)
            np.dot(vectors, vector, out=scores[start : start + _BLOCK_ROWS])
        self._pages.count_reads(len(rows))
        return scores

    def above(self, vector: Floats, threshold: float, deadline: Deadline) -> Rows:
        """Live rows whose cosine is at least `threshold`."""
        deadline.check()
        if self.is_small:
            scores = self.all_vectors @ vector
        else:
            scores = np.empty(self._rows, np.float32)
            for start in range(0, self._rows, _BLOCK_ROWS):
                deadline.check()
                block = self._vectors[start : start + _BLOCK_ROWS].astype(np.float32)
                np.dot(block, vector, out=scores[start : start + _BLOCK_ROWS])
            self._pages.count_reads(self._vectors.nbytes >> _PAGE_SHIFT)
        scores[self._dead_rows] = -np.inf
        return np.flatnonzero(scores >= threshold)

    def candidates(self, vector: Floats, k: int, deadline: Deadline) -> Rows:
        """Live rows that include the `k` nearest, as far as the compressed index can tell."""
        size = min(self._rows, max(_MIN_CANDIDATES, int(_OVERSAMPLING * k)))
        while True:
            deadline.check()
            numbers = self._index.search(vector[np.newaxis], size)[1][0]
            rows: Rows = numbers[numbers >= 0].astype(np.intp)
            if len(self._dead_rows):
                rows = rows[~np.isin(rows, self._dead_rows)]
            if len(rows) >= min(k, self.live_rows) or size == self._rows:
                return rows
            size = min(self._rows, _GROWTH * size)


@cache
def use_one_thread() -> None:
    """Keep numpy's products on the calling thread: searches are short, and many of them share few cores."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(1, "blas")


def _top(scores: Floats, k: int) -> Rows:
    """Rows of the `k` greatest scores, greatest first; equal scores in row order."""
    if k < len(scores):
        rows = np.argpartition(scores, len(scores) - k)[len(scores) - k :] if k > 0 else np.empty(0, np.intp)
    else:
        rows = np.arange(len(scores))
    return rows[order(scores[rows], rows)]


def _merge_best(parts: list[tuple[Slots, Floats]], k: int) -> tuple[Slots, Floats]:
    """The best `k` of several lists of slots with their scores."""
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    slots = np.concatenate([slots for slots, _ in parts])
    scores = np.concatenate([scores for _, scores in parts])
    best = order(scores, slots)[:k]
    return slots[best], scores[best]
