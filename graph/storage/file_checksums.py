"""Checksum of a file, and the mark by which a file that was read is known again."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["FileMark", "checksum_of", "is_same_file", "mark_of_file"]

_BLOCK_BYTES: Final = 1 << 20

FileMark = tuple[int, int, int, int]
"""Identity and state of a file: device, inode, size, time of the last change in nanoseconds."""


def checksum_of(file: Path, pause: Callable[[int], None] | None = None) -> int:
    """CRC-32, at 2.8 GB/s eight times as fast as SHA-256, and enough against accidental damage.

    `pause` is called after each MiB with its size; it may raise to stop. Raises OSError.

    >>> _ = (folder / "table").write_bytes(b"123456789")
    >>> hex(checksum_of(folder / "table"))
    '0xcbf43926'
    """
    checksum = 0
    for block in _blocks(file):
        checksum = zlib.crc32(block, checksum)
        if pause is not None:
            pause(len(block))
    return checksum


def is_same_file(first: Path, second: Path) -> bool:
    """Whether two paths are hard links to one file; False where one is missing.

    >>> is_same_file(folder / "missing", folder)
    False
    """
    try:
        return first.samefile(second)
    except FileNotFoundError:
        return False


def mark_of_file(file: Path) -> FileMark:
    """The mark of a file as it is now. Raises OSError.

    >>> _ = (folder / "marked").write_bytes(b"123")
    >>> mark_of_file(folder / "marked")[2]
    3
    """
    status = file.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _blocks(file: Path) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    with file.open("rb", buffering=0) as stream:
        while size := stream.readinto(buffer):
            yield buffer[:size]
