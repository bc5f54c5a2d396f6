"""Writing the dense index of a new generation: old segments are hard-linked, changes become new small files.

Segments shrink from first to last: a tail that grew to a quarter of its forerunner is folded into it, and so is a
segment of which 5 % is dead rewritten. Each vector is thus rewritten a few times in its life (log4 of the
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

from search.index import forward_writer, item_store
from search.index.dense import EXACT_ROWS, faiss_module
from search.index.forward import NOTHING, ForwardRow
from search.index.segments import SCALE, Segment, read_layout, write_layout

__all__ = ["DenseWriter"]

_FOLD_RATIO: Final = 4
_DEAD_SHARE: Final = 0.05
_COPY_ROWS: Final = 65_536
_TRAINED: Final = 20_000


class DenseWriter:
    """Collects changes in `target`, an empty or new folder; `source` is the generation before, or None.

    Slots must be added in rising order and be greater than all of the source's.
    """

    def __init__(self, source: Path | None, target: Path, dimension: int) -> None:
        self._folder = target
        self._dimension = dimension
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
        held: Sequence[ForwardRow] | None = None,
        items: Sequence[bytes] | None = None,
    ) -> None:
        """Append vectors (float32[n, dimension], unit rows) under `slots`, what the forward index keeps of each, and
        what is stored of it."""
        if not len(slots):
            return
        new = self._new or Segment("new", 0)
        with new.slots_file(self._folder).open("ab") as stream:
            slots.astype(np.int64).tofile(stream)
        with new.vectors_file(self._folder).open("ab") as stream:
            np.rint(vectors * SCALE).astype(np.int16).tofile(stream)
        forward_writer.append(new, self._folder, held if held is not None else [NOTHING] * len(slots))
        item_store.append(new, self._folder, items if items is not None else [b""] * len(slots))
        self._new = replace(new, rows=new.rows + len(slots))

    def remove(self, slots: Iterable[int]) -> None:
        """Mark slots of the source as dead. Unknown ones are ignored."""
        gone = np.unique(np.fromiter(slots, np.int64))
        if not len(gone):
            return
        for number, segment in enumerate(self._segments):
            slots = segment.slots(self._folder)
            rows = np.minimum(np.searchsorted(slots, gone), segment.rows - 1)
            dead = np.union1d(segment.dead_slots(self._folder), gone[slots[rows] == gone])
            if len(dead) > segment.dead:
                if segment.dead:
                    segment.dead_file(self._folder).unlink()
                self._segments[number] = replace(segment, dead=len(dead))
                dead.astype(np.int64).tofile(self._segments[number].dead_file(self._folder))

    def commit(self, *, erase: bool = False) -> None:
        """Fold what has grown, build compressed indexes for large segments, and write the layout.

        `erase` rewrites every segment with a dead row, so that no removed vector stays in a file.
        """
        share = 0.0 if erase else _DEAD_SHARE
        if self._new is not None:
            self._segments.append(self._rename(self._new))
        self._segments = [self._merge([s]) if s.dead > share * s.rows else s for s in self._segments]
        for segment in self._segments:
            if not segment.rows:
                _unlink(segment, self._folder)
        self._segments = [s for s in self._segments if s.rows]
        while len(self._segments) > 1 and self._segments[-1].rows * _FOLD_RATIO > self._segments[-2].rows:
            self._segments[-2:] = [self._merge(self._segments[-2:])]
        for segment in self._segments:
            if segment.rows > EXACT_ROWS and not segment.index_file(self._folder).exists():
                _build_index(segment, self._folder, self._dimension)
        write_layout(self._folder, self._dimension, self._segments)

    def _merge(self, old: list[Segment]) -> Segment:
        """One segment with the live rows of `old`, whose files go (this generation's links to them)."""
        counts = [(s, np.flatnonzero(~np.isin(s.slots(self._folder), s.dead_slots(self._folder)))) for s in old]
        rows = sum(len(live) for _, live in counts)
        first = next((int(s.slots(self._folder)[live[0]]) for s, live in counts if len(live)), 0)
        scratch = Segment("merging", rows)
        with (
            scratch.slots_file(self._folder).open("wb") as slots,
            scratch.vectors_file(self._folder).open("wb") as vectors,
        ):
            for segment, live in counts:
                segment.slots(self._folder)[live].tofile(slots)
                source = segment.vectors(self._folder, self._dimension)
                for at in range(0, len(live), _COPY_ROWS):
                    source[live[at : at + _COPY_ROWS]].tofile(vectors)
        forward_writer.merge(counts, scratch, self._folder)
        item_store.merge(counts, scratch, self._folder)
        for segment in old:
            _unlink(segment, self._folder)
        return self._rename(scratch, first)

    def _rename(self, scratch: Segment, first: int = -1) -> Segment:
        """Give a finished segment its name, which tells its first slot and its size."""
        first = first if first >= 0 else int(scratch.slots(self._folder)[0])
        named = replace(scratch, name=f"{first:010d}-{scratch.rows}")
        for file, final in zip(scratch.own_files(self._folder), named.own_files(self._folder), strict=True):
            file.rename(final)
        return named


def _unlink(segment: Segment, folder: Path) -> None:
    """Only this generation's links go; other generations keep the files."""
    for file in segment.files(folder):
        file.unlink()


def _build_index(segment: Segment, folder: Path, dimension: int) -> None:
    """Product quantiser, 4 bits for three values, trained on a regular sample so that builds repeat.

    Measured on 200,000 rows of 384, against 4 bits for two values: three fifths of the time to search and two thirds
    of the size, with .9995 of the ten nearest and .97 of the 200 nearest among 800 candidates (1.000 and .997). Lists
    (IVF) of the same speed lose 4 % of the ten.
    """
    faiss = faiss_module()
    vectors = segment.vectors(folder, dimension)
    parts = next(dimension // size for size in (3, 2, 1) if dimension % size == 0)
    index = faiss.IndexPQFastScan(dimension, parts, 4, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, segment.rows // _TRAINED)].astype(np.float32))
    for at in range(0, segment.rows, _COPY_ROWS):
        index.add(vectors[at : at + _COPY_ROWS].astype(np.float32))
    faiss.write_index(index, str(segment.index_file(folder)))
