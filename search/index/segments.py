"""The files that are kept by slot, in `dense/`. They lie in immutable segments, so a small change writes small files.

    dense.json        {"dimension", "segments": [{"name", "rows", "dead"}]}: the segments in order, and how many
                      rows of each are dead
    <name>.i16        int16[rows, dimension], unit rows times 32,767, no header: the truth. Within 2e-5 of what was
                      encoded, as float16 is, and made float32 eight times as fast
    <name>.slots      int64[rows], rising; slots of later segments are greater than those of earlier ones
    <name>.faiss      for large segments: a compressed index over the same rows, for finding candidates
    <name>.facts      FACTS[rows]: numbers of each unit, and where its words end
    <name>.words      uint32[n]: keys of the words of each unit, one row after the other
    <name>.counts     uint8[n]: how often each of them occurs, 255 at most
    <name>.units      what is stored of each unit (`search.index.item_store`), one row after the other
    <name>.ends       uint64[rows]: where each of them ends
    <name>.dead-<n>   int64, rising: slots that are no longer in use; n = how many, so that the name is new each time

A slot names one vector and one content for ever: a unit that changed gets a new slot, the old one is dead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["FACTS", "LAYOUT", "SCALE", "Located", "Segment", "locate", "read_layout", "write_layout"]

LAYOUT: Final = "dense.json"

SCALE: Final = 32_767
"""What stored vectors are multiplied by."""

FACTS: Final = np.dtype(
    [
        ("end", "<u8"),
        ("work", "<u8"),
        ("print", "<u8"),
        ("last_day", "<u4"),
        ("lengths", "u1", (3,)),
        ("furniture", "u1"),
    ]
)
"""`end`: of the unit's words in `.words`. `lengths`: of its title, text and exact field, see `search.index.bm25`. Of
which document it is (`work`) and what its text is like (`print`), both 0 = none; its last day as yyyymmdd, 0 = undated;
and whether it is a contents page or such: see `search.ranking.diversify`."""

Slots = npt.NDArray[np.int64]
Located = list[tuple[npt.NDArray[np.intp], int, npt.NDArray[np.intp]]]
"""For each segment that holds some of the slots: positions among them, the segment's number, rows in it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment's files in `folder`. Arrays are memory-mapped, read only."""

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
        """int16[rows, dimension], unit rows times SCALE."""
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
        """Those that every segment has."""
        by_slot = (self.vectors_file, self.slots_file, self.facts_file, self.words_file, self.counts_file)
        return [file(folder) for file in (*by_slot, self.items_file, self.item_ends_file)]

    def files(self, folder: Path) -> list[Path]:
        """Every file of the segment that exists."""
        dead = [self.dead_file(folder)] if self.dead else []
        index = [self.index_file(folder)] if self.index_file(folder).exists() else []
        return [*self.own_files(folder), *index, *dead]


def _mapped(file: Path, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """The file as an array, read only. Plain: numpy's own class for it takes 80 µs to pick rows."""
    if not file.stat().st_size:
        return np.empty(0, kind)
    return np.memmap(file, kind, "r").view(np.ndarray)


def locate(starts: Slots, held: list[Slots], slots: Slots) -> Located:
    """Where `slots` are kept; unknown ones are left out. `starts`: first slots of the segments; `held`: their slots."""
    if len(starts) == 1:
        groups = [(0, np.arange(len(slots)))]
    else:
        owner = np.searchsorted(starts, slots, side="right") - 1
        groups = [(int(number), np.flatnonzero(owner == number)) for number in np.unique(owner) if number >= 0]
    found: Located = []
    for number, at in groups:
        own, wanted = held[number], slots[at]
        first, rows = int(own[0]), len(own)
        if int(own[-1]) - first + 1 == rows:  # without gaps, as most are
            row = (wanted - first).astype(np.intp)
            there = (row >= 0) & (row < rows)
        else:
            row = np.minimum(np.searchsorted(own, wanted), rows - 1)
            there = own[row] == wanted
        found.append((at[there], number, row[there]))
    return found


def read_layout(folder: Path) -> tuple[int, list[Segment]]:
    """Dimension and segments. Raises OSError, ValueError or KeyError when dense.json is missing or damaged."""
    layout = json.loads((folder / LAYOUT).read_bytes())
    return int(layout["dimension"]), [Segment(**segment) for segment in layout["segments"]]


def write_layout(folder: Path, dimension: int, segments: list[Segment]) -> None:
    layout = {"dimension": dimension, "segments": [asdict(segment) for segment in segments]}
    (folder / LAYOUT).write_text(json.dumps(layout, indent=1) + "\n", "utf-8")
