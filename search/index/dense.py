"""Nearest vectors by cosine in one generation, over its segments; exact for small ones, rescored for large ones."""

from __future__ import annotations

import threading
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.page_cache import PageCache
from search.index.segments import SCALE, Segment, locate, read_layout
from search.index.top_k import order

__all__ = ["EXACT_ROWS", "DenseIndex", "VectorQuery", "faiss_module"]

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

EXACT_ROWS: Final = 10_000
"""Segments up to this size are scanned exactly (10k rows of 384: about 1 ms)."""

_LEAST: Final = 300  # candidates that are fetched, or _TIMES k, before the exact scores decide
_TIMES: Final = 1.5
_CHUNK: Final = 256  # rows made float32 at a time: stays in the processor's cache


class DenseIndex:
    """Read access, safe to share between threads. Raises OSError, ValueError or KeyError when files are amiss."""

    def __init__(self, folder: Path) -> None:
        one_thread()
        self.dimension, segments = read_layout(folder)
        self._parts = [_Part(folder, segment, self.dimension) for segment in segments if segment.rows]
        self._slots = [part.slots for part in self._parts]
        self._starts = np.array([slots[0] for slots in self._slots], np.int64)

    def __len__(self) -> int:
        return sum(part.segment.rows - part.segment.dead for part in self._parts)

    def ask(self, vector: Floats, deadline: Deadline | None = None) -> VectorQuery:
        """Questions about one vector (float32[d], unit), which share what they work out.

        They raise QueryTimeout once `deadline` has passed, and QueryCancelled once it is cancelled.
        """
        return VectorQuery(self._parts, self._starts, self._slots, vector, deadline or Deadline.never())

    def search(self, vector: Floats, k: int) -> tuple[Slots, Floats]:
        """As `VectorQuery.search`."""
        return self.ask(vector).search(k)

    def search_among(self, vector: Floats, allowed: Slots, k: int) -> tuple[Slots, Floats]:
        """As `VectorQuery.search_among`."""
        return self.ask(vector).search_among(allowed, k)

    def scores(self, vector: Floats, slots: Slots) -> Floats:
        """As `VectorQuery.scores`."""
        return self.ask(vector).scores(slots)

    def vectors(self, slots: Slots) -> Floats:
        """float32[n, d], unit rows. Raises KeyError on an unknown slot."""
        result = np.empty((len(slots), self.dimension), np.float32)
        held = 0
        for at, number, rows in locate(self._starts, self._slots, slots):
            result[at] = self._parts[number].rows_of(rows) / SCALE
            held += len(rows)
        if held != len(slots):
            raise KeyError("no vector for some slots")
        return result


class VectorQuery:
    """One vector and how near the index's are to it. For one thread."""

    def __init__(
        self, parts: list[_Part], starts: Slots, held: list[Slots], vector: Floats, deadline: Deadline
    ) -> None:
        self._parts, self._starts, self._held, self._deadline = parts, starts, held, deadline
        self._vector: Floats = (vector / SCALE).astype(np.float32)
        self._whole: dict[int, Floats] = {}
        self._near: dict[int, tuple[npt.NDArray[np.intp], Floats]] = {}

    def search(self, k: int) -> tuple[Slots, Floats]:
        """The `k` nearest live slots, best first, and their cosines in [-1, 1]."""
        found = []
        for number, part in enumerate(self._parts):
            self._deadline.check()
            if part.is_small:
                rows = part.best(self._all_scores(number), k)
                scores = self._all_scores(number)[rows]
            else:
                rows = np.sort(part.candidates(self._vector, k, self._deadline))
                scores = part.score_rows(self._vector, rows, self._deadline)
                self._near[number] = rows, scores
            found.append((part.slots[rows], scores))
        return _best(found, k)

    def search_among(self, allowed: Slots, k: int) -> tuple[Slots, Floats]:
        """As `search`, among these slots only; exact. Unknown slots are passed over."""
        scores = self.scores(allowed)
        known = ~np.isnan(scores)
        return _best([(allowed[known], scores[known])], k)

    def above(self, least: float) -> Slots:
        """The live slots whose cosine is no less. Reads every vector: 35 ms for 100,000 of 384."""
        found = (part.slots[part.above(self._vector, least, self._deadline)] for part in self._parts)
        return np.concatenate([np.empty(0, np.int64), *found])

    def scores(self, slots: Slots) -> Floats:
        """float32[n]: the cosine of each slot; NaN where there is no such slot."""
        result = np.full(len(slots), np.nan, np.float32)
        for at, number, rows in locate(self._starts, self._held, slots):
            part = self._parts[number]
            if number in self._whole:
                result[at] = self._whole[number][rows]
            else:
                result[at] = self._scores(number, part, rows)
        return result

    def _scores(self, number: int, part: _Part, rows: npt.NDArray[np.intp]) -> Floats:
        """Scores of rows, some of which the search before has scored already."""
        known, scores = self._near.get(number, (np.empty(0, np.intp), np.empty(0, np.float32)))
        if not len(known):
            return part.score_rows(self._vector, rows, self._deadline)
        place = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        found = scores[place]
        new = known[place] != rows
        found[new] = part.score_rows(self._vector, rows[new], self._deadline)
        return found

    def _all_scores(self, number: int) -> Floats:
        if number not in self._whole:
            self._whole[number] = self._parts[number].whole @ self._vector
        return self._whole[number]


class _Part:
    """One segment, opened."""

    def __init__(self, folder: Path, segment: Segment, dimension: int) -> None:
        self.segment = segment
        self.slots = segment.slots(folder)
        self._vectors = segment.vectors(folder, dimension)
        self._residence = PageCache(self._vectors)
        self._index_file = segment.index_file(folder)
        dead = segment.dead_slots(folder)
        self._dead_rows = np.searchsorted(self.slots, dead)

    @property
    def is_small(self) -> bool:
        return self.segment.rows <= EXACT_ROWS

    def best(self, scores: Floats, k: int) -> npt.NDArray[np.intp]:
        """The live rows with the greatest of these scores, which every row has one of."""
        if len(self._dead_rows):
            scores = scores.copy()
            scores[self._dead_rows] = -np.inf
        return _top(scores, min(k, self.segment.rows - len(self._dead_rows)))

    def rows_of(self, rows: npt.NDArray[np.intp]) -> Floats:
        """float32[n, d], SCALE times as long as unit rows."""
        if self.is_small:
            return self.whole[rows]
        found = self._vectors[rows].astype(np.float32)
        self._residence.read(len(rows))
        return found

    def score_rows(self, vector: Floats, rows: npt.NDArray[np.intp], deadline: Deadline) -> Floats:
        """`vector` is divided by SCALE."""
        deadline.check()
        if self.is_small:
            return self.whole.take(rows, axis=0) @ vector
        scores = np.empty(len(rows), np.float32)
        room = np.empty((min(_CHUNK, len(rows)), len(vector)), np.float32)
        for at in range(0, len(rows), _CHUNK):
            deadline.check()
            some = rows[at : at + _CHUNK]
            held = room[: len(some)]
            held[...] = self._vectors.take(some, axis=0)
            np.dot(held, vector, out=scores[at : at + _CHUNK])
        self._residence.read(len(rows))
        return scores

    def above(self, vector: Floats, least: float, deadline: Deadline) -> npt.NDArray[np.intp]:
        """Live rows whose score is no less."""
        deadline.check()
        if self.is_small:
            scores = self.whole @ vector
        else:
            scores = np.empty(self.segment.rows, np.float32)
            for at in range(0, self.segment.rows, _CHUNK):
                deadline.check()
                part = self._vectors[at : at + _CHUNK].astype(np.float32)
                np.dot(part, vector, out=scores[at : at + _CHUNK])
            self._residence.read(self._vectors.nbytes >> 16)
        scores[self._dead_rows] = -np.inf
        return np.flatnonzero(scores >= least)

    @cached_property
    def whole(self) -> Floats:
        """A small segment, SCALE times as long, in the form that is scanned fastest (10k rows of 384: 15 MB)."""
        return self._vectors.astype(np.float32)

    def candidates(self, vector: Floats, k: int, deadline: Deadline) -> npt.NDArray[np.intp]:
        """Live rows among which the `k` nearest are, as far as the compressed index can tell."""
        wanted = min(self.segment.rows, max(_LEAST, int(_TIMES * k)))
        while True:
            deadline.check()
            found = self._index.search(vector[np.newaxis], wanted)[1][0]
            rows: npt.NDArray[np.intp] = found[found >= 0].astype(np.intp)
            if len(self._dead_rows):
                rows = rows[~np.isin(rows, self._dead_rows)]
            if len(rows) >= min(k, self.segment.rows - len(self._dead_rows)) or wanted == self.segment.rows:
                return rows
            wanted = min(self.segment.rows, 4 * wanted)

    @cached_property
    def _index(self) -> Any:
        return _opened(self._index_file)


_OPEN: WeakValueDictionary[tuple[str, int, int, int], Any] = WeakValueDictionary()
_OPENING = threading.Lock()


def _opened(file: Path) -> Any:
    """The index in a file. Generations share the files of a segment, so they share what was read (66 bytes a row)."""
    status = file.stat()
    # An inode's number is given again once its file is gone: name and time tell such files apart.
    key = file.name, status.st_ino, status.st_dev, status.st_mtime_ns
    with _OPENING:
        held = _OPEN.get(key)
        if held is None:
            faiss = faiss_module()
            faiss.omp_set_num_threads(1)  # many requests share few cores
            held = _OPEN[key] = faiss.read_index(str(file))
        return held


@cache
def one_thread() -> None:
    """Keep numpy's products on the thread that asks: a search is short, and many of them share few cores."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(1, "blas")


def faiss_module() -> Any:
    """FAISS, imported when first needed. As Any: its type stubs do not know the keyword arguments it takes."""
    import faiss

    return faiss


def _top(scores: Floats, k: int) -> npt.NDArray[np.intp]:
    """Rows of the `k` greatest scores, greatest first; equal scores in row order."""
    if k < len(scores):
        rows = np.argpartition(scores, len(scores) - k)[len(scores) - k :] if k > 0 else np.empty(0, np.intp)
    else:
        rows = np.arange(len(scores))
    return rows[order(scores[rows], rows)]


def _best(found: list[tuple[Slots, Floats]], k: int) -> tuple[Slots, Floats]:
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    slots = np.concatenate([slots for slots, _ in found])
    scores = np.concatenate([scores for _, scores in found])
    best = order(scores, slots)[:k]
    return slots[best], scores[best]
