"""The units themselves, as they were indexed: what hits are made from.

They lie in the segments of `search.index.segments`, each compressed by itself, and are read where they lie: what is
mapped of a file counts as the process's memory, and a million units (600 MB) would all come to be held by every process
that searches.
"""

from __future__ import annotations

import hashlib
import os
import weakref
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from search.index.segments import Segment, read_layout
from search.item import Item

__all__ = ["ItemStore", "StoredItem", "append", "merge", "text_digest", "text_digests"]

_LEVEL: Final = 1  # of zlib: others save 2 % more
_HEAD: Final = 200  # more than what stands before the unit itself
_PIECE: Final = 1 << 20  # bytes copied at a time


@dataclass(frozen=True, slots=True)
class StoredItem:
    """What the index keeps of a unit. `text_hash`: digest of the text that its vector was made from."""

    slot: int
    hash: str
    text_hash: str
    item: Item

    def to_bytes(self) -> bytes:
        head = f"{self.slot} {self.hash} {self.text_hash}\n".encode()
        return zlib.compress(head + self.item.to_json(), _LEVEL)

    @classmethod
    def from_bytes(cls, data: bytes) -> StoredItem:
        """The inverse of `to_bytes`. Raises ValueError where it is none."""
        try:
            head, _, body = zlib.decompress(data).partition(b"\n")
        except zlib.error as error:
            raise ValueError(f"not an indexed item: {error}") from error
        slot, digest, text_hash = head.decode().split()
        return cls(int(slot), digest, text_hash, Item.from_json(body))


class ItemStore:
    """Read access, safe to share between threads. Raises OSError, ValueError or KeyError when files are amiss."""

    def __init__(self, folder: Path) -> None:
        self._parts = [_Part(folder, segment) for segment in read_layout(folder)[1] if segment.rows]
        self._starts = [part.first for part in self._parts]

    def at(self, slot: int) -> StoredItem:
        """Raises KeyError where nothing was ever stored under this slot, ValueError where it is damaged."""
        number = bisect_right(self._starts, slot) - 1
        row = self._parts[number].row(slot) if number >= 0 else None
        if row is None:
            raise KeyError(f"no item has the slot {slot}")
        stored = StoredItem.from_bytes(self._parts[number].read(row))
        if stored.slot != slot:
            raise ValueError(f"the row of slot {slot} holds the item of slot {stored.slot}")
        return stored


class _Part:
    """One segment, opened."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self._slots = segment.slots(folder)
        self.first = int(self._slots[0])
        self._rows = segment.rows
        self._without_gaps = int(self._slots[-1]) - self.first + 1 == self._rows  # as most are
        self._ends = segment.item_ends(folder)
        self._file = os.open(segment.items_file(folder), os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)

    def row(self, slot: int) -> int | None:
        """Where a slot, no less than the first, is kept; None where it is not."""
        if self._without_gaps:
            row = slot - self.first
            return row if row < self._rows else None
        row = int(np.searchsorted(self._slots, slot))
        return row if row < self._rows and self._slots[row] == slot else None

    def read(self, row: int) -> bytes:
        start = int(self._ends[row - 1]) if row else 0
        return os.pread(self._file, int(self._ends[row]) - start, start)


def text_digest(text: str) -> bytes:
    """16 bytes that tell a text from others, so that the vector of one that was encoded before can be found again."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16]


def text_digests(segment: Segment, folder: Path) -> npt.NDArray[np.bytes_]:
    """S16[rows]: of the texts that the vectors of a segment were made from. Raises OSError or ValueError."""
    digests, lower = [], 0
    with segment.items_file(folder).open("rb") as stream:
        for upper in segment.item_ends(folder).tolist():
            try:
                head = zlib.decompressobj().decompress(stream.read(upper - lower), _HEAD)
            except zlib.error as error:
                raise ValueError(f"not an indexed item: {error}") from error
            digests.append(bytes.fromhex(head.partition(b"\n")[0].split()[2].decode()))
            lower = upper
    return np.array(digests, "S16")


def append(segment: Segment, folder: Path, items: Sequence[bytes]) -> None:
    """Put rows at the end of a segment that is being written. `items`: of `StoredItem.to_bytes`."""
    with segment.items_file(folder).open("ab") as stream, segment.item_ends_file(folder).open("ab") as ends:
        before = stream.tell()
        stream.writelines(items)
        (before + np.cumsum([len(item) for item in items], dtype=np.uint64)).astype(np.uint64).tofile(ends)


def merge(old: Sequence[tuple[Segment, npt.NDArray[np.intp]]], target: Segment, folder: Path) -> None:
    """Write the given rows (rising) of some segments, one after the other, as a segment."""
    total = 0
    with target.items_file(folder).open("wb") as stream, target.item_ends_file(folder).open("wb") as ends:
        for segment, rows in old:
            if not len(rows):
                continue
            upper = segment.item_ends(folder).astype(np.int64)
            lower = np.concatenate([[0], upper[:-1]])
            with segment.items_file(folder).open("rb") as source:
                for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):  # rows that lie side by side
                    _copy(source, stream, int(lower[run[0]]), int(upper[run[-1]]))
            upto = total + np.cumsum(upper[rows] - lower[rows])
            upto.astype(np.uint64).tofile(ends)
            total = int(upto[-1])


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    source.seek(start)
    while start < end:
        piece = source.read(min(_PIECE, end - start))
        if not piece:
            raise ValueError("the file of stored items is too short")
        target.write(piece)
        start += len(piece)
