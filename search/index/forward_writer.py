"""Writing the forward index's files of a segment, as `search.index.segments` lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index.forward import ForwardRow
from search.index.segments import FACTS, Segment

__all__ = ["append", "merge"]

_ROWS: Final = 65_536  # rows copied at a time


def append(segment: Segment, folder: Path, held: Sequence[ForwardRow]) -> None:
    """Put rows at the end of a segment that is being written."""
    words = np.concatenate([row.words for row in held])
    counts = np.concatenate([row.counts for row in held])
    facts = np.concatenate([row.facts for row in held])
    before = _size(segment.words_file(folder)) // words.itemsize
    facts["end"] = before + np.cumsum([len(row.words) for row in held])
    _add(segment, folder, facts, words, counts)


def merge(old: Sequence[tuple[Segment, npt.NDArray[np.intp]]], target: Segment, folder: Path) -> None:
    """Write the given rows of some segments, one after the other, as a segment."""
    total = 0
    for file in (target.facts_file(folder), target.words_file(folder), target.counts_file(folder)):
        file.write_bytes(b"")
    for segment, rows in old:
        held = segment.facts(folder) if segment.rows else np.empty(0, FACTS)
        words, counts = segment.words(folder)
        for at in range(0, len(rows), _ROWS):
            part = rows[at : at + _ROWS]
            facts = np.array(held[part])
            starts = np.where(part > 0, held["end"][part - 1], 0).astype(np.int64)
            sizes = facts["end"].astype(np.int64) - starts
            upto = np.cumsum(sizes)
            flat = np.repeat(starts - upto + sizes, sizes) + np.arange(upto[-1])
            facts["end"] = total + upto
            total += int(upto[-1])
            _add(target, folder, facts, words[flat], counts[flat])


def _add(
    segment: Segment,
    folder: Path,
    facts: npt.NDArray[np.void],
    words: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.uint8],
) -> None:
    parts = ((segment.facts_file, facts), (segment.words_file, words), (segment.counts_file, counts))
    for file, rows in parts:
        with file(folder).open("ab") as stream:
            rows.tofile(stream)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
