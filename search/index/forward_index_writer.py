"""Writer of the forward index's files of a segment, as `search.index.segments` lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from search.index.forward_index import ForwardRow
from search.index.segments import FACTS, Segment

__all__ = ["append", "merge"]

_BLOCK_ROWS: Final = 65_536


def append(segment: Segment, folder: Path, rows: Sequence[ForwardRow]) -> None:
    """Append rows to a segment that is being written."""
    words = np.concatenate([row.words for row in rows])
    counts = np.concatenate([row.counts for row in rows])
    facts = np.concatenate([row.facts for row in rows])
    before = _size(segment.words_file(folder)) // words.itemsize
    facts["end"] = before + np.cumsum([len(row.words) for row in rows])
    _append(segment, folder, facts=facts, words=words, counts=counts)


def merge(parts: Sequence[tuple[Segment, npt.NDArray[np.intp]]], target: Segment, folder: Path) -> None:
    """Write the given rows (rising) of some segments, one after the other, as the segment `target`."""
    total = 0
    for file in (target.facts_file(folder), target.words_file(folder), target.counts_file(folder)):
        file.write_bytes(b"")
    for segment, rows in parts:
        old_facts = segment.facts(folder) if segment.rows else np.empty(0, FACTS)
        words, counts = segment.words(folder)
        for start in range(0, len(rows), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS]
            facts = np.array(old_facts[block])
            starts = np.where(block > 0, old_facts["end"][block - 1], 0).astype(np.int64)
            sizes = facts["end"].astype(np.int64) - starts
            ends = np.cumsum(sizes)
            places = np.repeat(starts - ends + sizes, sizes) + np.arange(ends[-1])
            facts["end"] = total + ends
            total += int(ends[-1])
            _append(target, folder, facts=facts, words=words[places], counts=counts[places])


def _append(
    segment: Segment,
    folder: Path,
    *,
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
