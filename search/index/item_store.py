"""Store of the indexed items, from which hits are made.

Items lie in the segments of `search.index.segments`, each compressed by itself. They are read with `pread` and not
mapped: mapped pages count as a process's memory, and every process that searches would come to hold all items (600 MB
for a million).
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

_ZLIB_LEVEL: Final = 1  # higher levels save 2 %
_MAX_HEAD_BYTES: Final = 200  # more than the line before the item takes
_BLOCK_BYTES: Final = 1 << 20
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it is stored. `hash`: of the item. `text_hash`: digest of the text that its vector was made from."""

    slot: int
    hash: str
    text_hash: str
    item: Item

    def to_bytes(self) -> bytes:
        """Compressed, with a first line of slot and hashes."""
        head = f"{self.slot} {self.hash} {self.text_hash}\n".encode()
        return zlib.compress(head + self.item.to_json(), _ZLIB_LEVEL)

    @classmethod
    def from_bytes(cls, data: bytes) -> StoredItem:
        """The inverse of `to_bytes`. Raises ValueError for other bytes."""
        try:
            head, _, body = zlib.decompress(data).partition(b"\n")
        except zlib.error as error:
            raise ValueError(f"not an indexed item: {error}") from error
        slot, digest, text_hash = head.decode().split()
        return cls(int(slot), digest, text_hash, item=Item.from_json(body))


class ItemStore:
    """Read access, safe to share between threads. Raises OSError, ValueError or KeyError if a file is damaged."""

    def __init__(self, folder: Path) -> None:
        self._segments = [_OpenSegment(folder, segment) for segment in read_layout(folder)[1] if segment.rows]
        self._starts = [segment.first_slot for segment in self._segments]

    def at(self, slot: int) -> StoredItem:
        """The item of a slot. Raises KeyError if nothing was ever stored under it, ValueError if it is damaged."""
        number = bisect_right(self._starts, slot) - 1
        row = self._segments[number].row(slot) if number >= 0 else None
        if row is None:
            raise KeyError(f"no item has the slot {slot}")
        stored = StoredItem.from_bytes(self._segments[number].read(row))
        if stored.slot != slot:
            raise ValueError(f"the row of slot {slot} holds the item of slot {stored.slot}")
        return stored


class _OpenSegment:
    """One segment, opened."""

    def __init__(self, folder: Path, segment: Segment) -> None:
        self._slots = segment.slots(folder)
        self.first_slot = int(self._slots[0])
        self._rows = segment.rows
        self._has_no_gaps = int(self._slots[-1]) - self.first_slot + 1 == self._rows  # as most segments
        self._ends = segment.item_ends(folder)
        self._file = os.open(segment.items_file(folder), os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)

    def row(self, slot: int) -> int | None:
        """The row of a slot that is not less than the first; None if the segment has none."""
        if self._has_no_gaps:
            row = slot - self.first_slot
            return row if row < self._rows else None
        row = int(np.searchsorted(self._slots, slot))
        return row if row < self._rows and self._slots[row] == slot else None

    def read(self, row: int) -> bytes:
        """The bytes of a row."""
        start = int(self._ends[row - 1]) if row else 0
        return os.pread(self._file, int(self._ends[row]) - start, start)


def text_digest(text: str) -> bytes:
    """16 bytes that identify a text, by which its vector can be reused."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_DIGEST_BYTES]


def text_digests(segment: Segment, folder: Path) -> npt.NDArray[np.bytes_]:
    """S16[rows]: digests of the texts of which a segment holds the vectors. Raises OSError or ValueError."""
    digests, start = [], 0
    with segment.items_file(folder).open("rb") as stream:
        for end in segment.item_ends(folder).tolist():
            try:
                head = zlib.decompressobj().decompress(stream.read(end - start), _MAX_HEAD_BYTES)
            except zlib.error as error:
                raise ValueError(f"not an indexed item: {error}") from error
            digests.append(bytes.fromhex(head.partition(b"\n")[0].split()[2].decode()))
            start = end
    return np.array(digests, f"S{_DIGEST_BYTES}")


def append(segment: Segment, folder: Path, items: Sequence[bytes]) -> None:
    """Append rows to a segment that is being written. `items`: from `StoredItem.to_bytes`."""
    with segment.items_file(folder).open("ab") as stream, segment.item_ends_file(folder).open("ab") as ends:
        before = stream.tell()
        stream.writelines(items)
        (before + np.cumsum([len(item) for item in items], dtype=np.uint64)).astype(np.uint64).tofile(ends)


def merge(parts: Sequence[tuple[Segment, npt.NDArray[np.intp]]], target: Segment, folder: Path) -> None:
    """Write the given rows (rising) of some segments, one after the other, as the segment `target`."""
    total = 0
    with target.items_file(folder).open("wb") as stream, target.item_ends_file(folder).open("wb") as ends:
        for segment, rows in parts:
            if not len(rows):
                continue
            upper = segment.item_ends(folder).astype(np.int64)
            lower = np.concatenate([[0], upper[:-1]])
            with segment.items_file(folder).open("rb") as source:
                for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):  # of neighbouring rows
                    _copy(source, stream, int(lower[run[0]]), end=int(upper[run[-1]]))
            row_ends = total + np.cumsum(upper[rows] - lower[rows])
            row_ends.astype(np.uint64).tofile(ends)
            total = int(row_ends[-1])


def _copy(source: BinaryIO, target: BinaryIO, start: int, *, end: int) -> None:
    source.seek(start)
    while start < end:
        block = source.read(min(_BLOCK_BYTES, end - start))
        if not block:
            raise ValueError("the file of stored items is too short")
        target.write(block)
        start += len(block)
