"""Damage to the files of a generation, as a failing disk does it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

__all__ = ["damage_file", "largest_table", "unshare"]

FLIPPED_BYTES = 3_000


def unshare(generation: Path) -> None:
    """Give the graph of a generation files of its own: others have hard links to them."""
    copy = generation / "copy"
    shutil.copytree(generation / "graph", copy)
    shutil.rmtree(generation / "graph")
    copy.rename(generation / "graph")


def largest_table(generation: Path) -> Path:
    return max((generation / "graph").glob("*.sst"), key=lambda file: file.stat().st_size)


def damage_file(file: Path) -> None:
    """Flip bytes all over the file, in place."""
    content = bytearray(file.read_bytes())
    numbers = random.Random(7)
    for _ in range(min(FLIPPED_BYTES, max(1, len(content) // 4))):
        content[numbers.randrange(len(content))] ^= 0xFF
    with file.open("r+b") as stream:
        stream.write(content)
