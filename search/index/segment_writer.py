"""Writer of the dense index of a new generation: hard links to the old segments, and small new files for changes.

Segments shrink from first to last. A tail that grew to a quarter of the segment before it is merged into that, and a
segment with more than 5 % dead rows is rewritten. Each vector is thus rewritten a few times in its life (log4 of the
collection), and the cost of a change follows its size.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index import forward_index_writer, item_store
from search.index.dense import EXACT_ROWS
from search.index.faiss_cache import faiss_module
from search.index.forward_index import EMPTY_ROW, ForwardRow
from search.index.segments import SCALE, Segment, read_layout, write_layout

__all__ = ["DenseWriter"]

_MERGE_RATIO: Final = 4
_MAX_DEAD_SHARE: Final = 0.05
_BLOCK_ROWS: Final = 65_536
_TRAINING_ROWS: Final = 20_000


class DenseWriter:
    """Collects changes in `target`, an empty or new folder; `source` is the generation before, or None.

    Slots must be added in rising order and be greater than all of the source's. `exact_rows`: rows up to which a
    segment needs no compressed index. `max_dead_share`: share of dead rows from which a segment is rewritten.
    """

    def __init__(
        self,
        source: Path | None,
        target: Path,
        dimension: int,
        *,
        exact_rows: int = EXACT_ROWS,
        max_dead_share: float = _MAX_DEAD_SHARE,
    ) -> None:
        self._folder = target
        self._dimension = dimension
        self._exact_rows, self._max_dead_share = exact_rows, max_dead_share
        self._segments: list[Segment] = []
        target.mkdir(parents=True, exist_ok=True)
        if source is not None:
            _, self._segments = read_layout(source)
            for segment in self._segments:
                for file in segment.files(source):
                    os.link(file, target / file.name)
        self._new: Segment | None = None

    def add(
        self,
        slots: npt.NDArray[np.int64],
        vectors: npt.NDArray[np.float32],
        forward: Sequence[ForwardRow] | None = None,
        items: Sequence[bytes] | None = None,
    ) -> None:
        """Append rows under `slots`: vectors (float32[n, dimension], unit length), forward rows and stored items."""
        if not len(slots):
            return
        new = self._new or Segment("new", 0)
        with new.slots_file(self._folder).open("ab") as stream:
            slots.astype(np.int64).tofile(stream)
        with new.vectors_file(self._folder).open("ab") as stream:
            np.rint(vectors * SCALE).astype(np.int16).tofile(stream)
        forward_index_writer.append(new, self._folder, forward if forward is not None else [EMPTY_ROW] * len(slots))
        item_store.append(new, self._folder, items if items is not None else [b""] * len(slots))
        self._new = replace(new, rows=new.rows + len(slots))

    def remove(self, slots: Iterable[int]) -> None:
        """Mark slots of the source as dead. Unknown ones are ignored."""
        removed = np.unique(np.fromiter(slots, np.int64))
        if not len(removed):
            return
        for number, segment in enumerate(self._segments):
            own = segment.slots(self._folder)
            rows = np.minimum(np.searchsorted(own, removed), segment.rows - 1)
            dead = np.union1d(segment.dead_slots(self._folder), removed[own[rows] == removed])
            if len(dead) > segment.dead:
                if segment.dead:
                    segment.dead_file(self._folder).unlink()
                self._segments[number] = replace(segment, dead=len(dead))
                dead.astype(np.int64).tofile(self._segments[number].dead_file(self._folder))

    def commit(self, *, erase: bool = False) -> None:
        """Merge and rewrite segments, build compressed indexes for large ones, and write the layout.

        `erase` rewrites every segment with a dead row, so that no removed vector stays in a file.
        """
        share = 0.0 if erase else self._max_dead_share
        if self._new is not None:
            self._segments.append(self._rename(self._new))
        self._segments = [self._merge([s]) if s.dead > share * s.rows else s for s in self._segments]
        for segment in self._segments:
            if not segment.rows:
                _unlink(segment, self._folder)
        self._segments = [s for s in self._segments if s.rows]
        while len(self._segments) > 1 and self._segments[-1].rows * _MERGE_RATIO > self._segments[-2].rows:
            self._segments[-2:] = [self._merge(self._segments[-2:])]
        for segment in self._segments:
            if segment.rows > self._exact_rows and not segment.index_file(self._folder).exists():
                _build_index(segment, self._folder, self._dimension)
        write_layout(self._folder, self._dimension, self._segments)

    def _merge(self, old: list[Segment]) -> Segment:
        """One segment with the live rows of `old`, of which this generation's links are removed."""
        folder = self._folder
        parts = [(s, np.flatnonzero(~np.isin(s.slots(folder), s.dead_slots(folder)))) for s in old]
        first = next((int(s.slots(folder)[live[0]]) for s, live in parts if len(live)), 0)
        merged = Segment("merging", sum(len(live) for _, live in parts))
        with merged.slots_file(folder).open("wb") as slots, merged.vectors_file(folder).open("wb") as vectors:
            for segment, live in parts:
                segment.slots(folder)[live].tofile(slots)
                source = segment.vectors(folder, self._dimension)
                for start in range(0, len(live), _BLOCK_ROWS):
                    source[live[start : start + _BLOCK_ROWS]].tofile(vectors)
        forward_index_writer.merge(parts, merged, folder)
        item_store.merge(parts, merged, folder)
        for segment in old:
            _unlink(segment, folder)
        return self._rename(merged, first)

    def _rename(self, segment: Segment, first: int | None = None) -> Segment:
        """A finished segment under its final name: its first slot and its number of rows."""
        first = int(segment.slots(self._folder)[0]) if first is None else first
        named = replace(segment, name=f"{first:010d}-{segment.rows}")
        for file, final in zip(segment.own_files(self._folder), named.own_files(self._folder), strict=True):
            file.rename(final)
        return named


def _unlink(segment: Segment, folder: Path) -> None:
    """Remove this generation's links. Other generations keep the files."""
    for file in segment.files(folder):
        file.unlink()


def _build_index(segment: Segment, folder: Path, dimension: int) -> None:
    """Write the compressed index: a product quantiser with 4 bits for three values.

    It is trained on a regular sample, so that builds repeat. Measured on 200,000 rows of 384 dimensions, against 4 bits
    for two values: it takes three fifths of the time and two thirds of the size, and has .9995 of the ten nearest and
    .97 of the 200 nearest among 800 candidates (instead of 1.000 and .997). Inverted lists (IVF) of the same speed lose
    4 % of the ten.
    """
    faiss = faiss_module()
    vectors = segment.vectors(folder, dimension)
    parts = next(dimension // size for size in (3, 2, 1) if dimension % size == 0)
    index = faiss.IndexPQFastScan(dimension, parts, 4, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, segment.rows // _TRAINING_ROWS)].astype(np.float32))
    for start in range(0, segment.rows, _BLOCK_ROWS):
        index.add(vectors[start : start + _BLOCK_ROWS].astype(np.float32))
    faiss.write_index(index, str(segment.index_file(folder)))
