"""The files of the dense index. Vectors lie in immutable segments, so that a small change writes small files.

    dense.json        {"dimension", "segments": [{"name", "rows", "dead"}]}: the segments in order, and how many
                      rows of each are dead
    <name>.f16        float16[rows, dimension], unit rows, no header: the truth
    <name>.slots      int64[rows], rising; slots of later segments are greater than those of earlier ones
    <name>.faiss      for large segments: a compressed index over the same rows, for finding candidates
    <name>.dead-<n>   int64, rising: slots that are no longer in use; n = how many, so that the name is new each time

A slot names one vector for ever: a unit whose text changed gets a new slot, the old one is dead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["LAYOUT", "Segment", "read_layout", "write_layout"]

LAYOUT: Final = "dense.json"

Slots = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment's files in `folder`. Arrays are memory-mapped, read only."""

    name: str
    rows: int
    dead: int = 0

    def vectors_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.f16"

    def slots_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.slots"

    def index_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.faiss"

    def dead_file(self, folder: Path) -> Path:
        return folder / f"{self.name}.dead-{self.dead}"

    def vectors(self, folder: Path, dimension: int) -> npt.NDArray[np.float16]:
        """float16[rows, dimension]."""
        return np.memmap(self.vectors_file(folder), np.float16, "r", shape=(self.rows, dimension))

    def slots(self, folder: Path) -> Slots:
        return np.memmap(self.slots_file(folder), np.int64, "r", shape=(self.rows,))

    def dead_slots(self, folder: Path) -> Slots:
        if not self.dead:
            return np.empty(0, np.int64)
        return np.fromfile(self.dead_file(folder), np.int64)

    def files(self, folder: Path) -> list[Path]:
        """Every file of the segment that exists."""
        dead = [self.dead_file(folder)] if self.dead else []
        index = [self.index_file(folder)] if self.index_file(folder).exists() else []
        return [self.vectors_file(folder), self.slots_file(folder), *index, *dead]


def read_layout(folder: Path) -> tuple[int, list[Segment]]:
    """Dimension and segments. Raises OSError, ValueError or KeyError when dense.json is missing or damaged."""
    layout = json.loads((folder / LAYOUT).read_bytes())
    return int(layout["dimension"]), [Segment(**segment) for segment in layout["segments"]]


def write_layout(folder: Path, dimension: int, segments: list[Segment]) -> None:
    layout = {"dimension": dimension, "segments": [asdict(segment) for segment in segments]}
    (folder / LAYOUT).write_text(json.dumps(layout, indent=1) + "\n", "utf-8")
