"""Files of the dense index, the forward index and the stored items, in `dense/`.

Rows lie in immutable segments, so a small change writes small files.

    dense.json        {"dimension", "segments": [{"name", "rows", "dead"}]}: the segments in order, and how many
                      rows of each are dead
    <name>.i16        int16[rows, dimension], vectors of unit length times 32,767, no header. Within 2e-5 of the encoded
                      values, as float16 is, and made float32 eight times as fast
    <name>.slots      int64[rows], rising; slots of later segments are greater than those of earlier ones
    <name>.faiss      for large segments: a compressed index over the same rows, for finding candidates
    <name>.facts      FACTS[rows]: numbers of each item, and where its words end
    <name>.words      uint32[n]: keys of the words of each item, one row after the other
    <name>.counts     uint8[n]: how often each of them occurs, 255 at most
    <name>.units      each item as it is stored (`search.index.item_store`), one row after the other
    <name>.ends       uint64[rows]: where each of them ends
    <name>.dead-<n>   int64, rising: slots that are no longer in use; n = their number, so that each name is new

A slot names one vector and one content for ever: an item that changes gets a new slot, and the old slot is dead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["FACTS", "LAYOUT", "SCALE", "Segment", "SegmentRows", "locate", "read_layout", "write_layout"]

LAYOUT: Final = "dense.json"

SCALE: Final = 32_767
"""Factor of stored vectors."""

FACTS: Final = np.dtype(
    [
        ("end", "<u8"),
        ("document", "<u8"),
        ("fingerprint", "<u8"),
        ("last_day", "<u4"),
        ("lengths", "u1", (3,)),
        ("low_value", "u1"),
    ]
)
"""Numbers of one item.

- `end`: of its words in `.words`
- `document`: key of its document, 0 = none; `fingerprint`: of its text, 0 = none (`search.analysis.fingerprint`)
- `last_day`: as yyyymmdd, 0 = undated
- `lengths`: steps of the lengths of its title, text and exact field (`search.index.forward_index`)
- `low_value`: 1 for a contents page or a reference list (`search.analysis.low_value_passages`)"""

Slots = npt.NDArray[np.int64]
SegmentRows = tuple[npt.NDArray[np.intp], int, npt.NDArray[np.intp]]
"""Positions among some slots, the number of the segment that holds these slots, and their rows in it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Names and contents of one segment's files in a folder. Arrays are memory-mapped and read-only."""

    name: str
    rows: int
    dead: int = 0

    def vectors_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.i16"

    def slots_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.slots"

    def index_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.faiss"

    def dead_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.dead-{self.dead}"

    def facts_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.facts"

    def words_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.words"

    def counts_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.counts"

    def items_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.units"

    def item_ends_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.ends"

    def vectors(self, folder: Path, dimension: int) -> npt.NDArray[np.int16]:
        """int16[rows, dimension], unit length times SCALE."""
        return _mapped(self.vectors_file(folder), np.dtype(np.int16)).reshape(self.rows, dimension)

    def slots(self, folder: Path) -> Slots:
        return _mapped(self.slots_file(folder), np.dtype(np.int64))

    def facts(self, folder: Path) -> npt.NDArray[Any]:
        """FACTS[rows]."""
        return _mapped(self.facts_file(folder), FACTS)

    def words(self, folder: Path) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
        """Keys and counts, both [n]."""
        words = _mapped(self.words_file(folder), np.dtype(np.uint32))
        return words, _mapped(self.counts_file(folder), np.dtype(np.uint8))

    def item_ends(self, folder: Path) -> npt.NDArray[np.uint64]:
        return _mapped(self.item_ends_file(folder), np.dtype(np.uint64))

    def dead_slots(self, folder: Path) -> Slots:
        if not self.dead:
            return np.empty(0, np.int64)
        return np.fromfile(self.dead_file(folder), np.int64)

    def own_files(self, folder: Path) -> list[Path]:
        """The files that every segment has."""
        by_row = (self.vectors_file, self.slots_file, self.facts_file, self.words_file, self.counts_file)
        return [file(folder) for file in (*by_row, self.items_file, self.item_ends_file)]

    def files(self, folder: Path) -> list[Path]:
        """Every file of the segment that exists."""
        dead = [self.dead_file(folder)] if self.dead else []
        index = [self.index_file(folder)] if self.index_file(folder).exists() else []
        return [*self.own_files(folder), *index, *dead]


def _mapped(file: Path, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """The file as a plain read-only array: numpy's class for mapped arrays takes 80 µs to pick rows."""
    if not file.stat().st_size:
        return np.empty(0, kind)
    return np.memmap(file, kind, "r").view(np.ndarray)


def locate(starts: Slots, segments: list[Slots], slots: Slots) -> list[SegmentRows]:
    """Segments and rows of `slots`, without unknown ones. `starts`: first slot of each segment; `segments`: all."""
    if len(starts) == 1:
        groups = [(0, np.arange(len(slots)))]
    else:
        owner = np.searchsorted(starts, slots, side="right") - 1
        groups = [(int(number), np.flatnonzero(owner == number)) for number in np.unique(owner) if number >= 0]
    located: list[SegmentRows] = []
    for number, positions in groups:
        own, members = segments[number], slots[positions]
        first, size = int(own[0]), len(own)
        if int(own[-1]) - first + 1 == size:  # without gaps, as most segments are
            rows = (members - first).astype(np.intp)
            is_known = (rows >= 0) & (rows < size)
        else:
            rows = np.minimum(np.searchsorted(own, members), size - 1)
            is_known = own[rows] == members
        located.append((positions[is_known], number, rows[is_known]))
    return located


def read_layout(folder: Path) -> tuple[int, list[Segment]]:
    """Dimension and segments. Raises OSError, ValueError or KeyError if dense.json is missing or damaged."""
    layout = json.loads((folder / LAYOUT).read_bytes())
    return int(layout["dimension"]), [Segment(**segment) for segment in layout["segments"]]


def write_layout(folder: Path, dimension: int, segments: list[Segment]) -> None:
    layout = {"dimension": dimension, "segments": [asdict(segment) for segment in segments]}
    (folder / LAYOUT).write_text(json.dumps(layout, indent=1) + "\n", "utf-8")
