"""How much memory large mapped files may hold: our own, and those that the engine of words keeps its texts in.

What is read of a mapped file counts as the process's memory until the system wants it back, and a random read brings in
its neighbourhood (64 kB on Linux): a few hundred searches of a million vectors would hold all of them. So after so
many reads the pages are let go. They stay in the system's cache; reading them again costs a microsecond or two.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy.typing as npt

__all__ = ["LARGE", "MOST", "Mappings", "Residence"]

T = TypeVar("T")

LARGE: Final = 192 << 20
"""Bytes up to which a file may be held whole."""

MOST: Final = 64 << 20
"""Bytes that a larger one may hold, as far as can be told from the number of reads: searches run in several processes,
each of which holds other pages."""

_AROUND: Final = 64 << 10


class Residence:
    """Of the file that `array` is mapped from. Any thread may tell of its reads."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        base: Any = array
        while base is not None and not isinstance(base, mmap.mmap):
            base = getattr(base, "base", None)
        self._map = base if array.nbytes > LARGE and hasattr(mmap, "MADV_DONTNEED") else None
        self._reads = 0

    def read(self, rows: int) -> None:
        """Count random reads, after they were made."""
        if self._map is None:
            return
        self._reads += rows
        if self._reads * _AROUND > MOST:
            self._reads = 0
            self._map.madvise(mmap.MADV_DONTNEED)


class Mappings:
    """Of large files that a library has mapped and holds, as long as it is asked for no more after that."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        """`ranges`: where they are in memory, and their sizes."""
        self._ranges = tuple(ranges)
        self._reads = 0

    @classmethod
    def of(cls, files: Iterable[Path], opening: Callable[[], T]) -> tuple[T, Mappings]:
        """What `opening` gives, and what it maps of the files, if together they are large. Nothing where the system
        does not tell (not Linux).

        A range that was there before is another's, which may let it go at any time: it is left alone.
        """
        known = [file.stat() for file in files]
        if sum(each.st_size for each in known) <= LARGE:
            return opening(), cls(())
        wanted = {(each.st_dev, each.st_ino) for each in known}
        with _OPENING:
            before = _mapped(wanted)
            opened = opening()
            return opened, cls(_mapped(wanted) - before)

    def read(self, times: int) -> None:
        """As `Residence.read`."""
        self._reads += times
        if self._ranges and self._reads * _AROUND > MOST:
            self._reads = 0
            madvise = ctypes.CDLL(None).madvise
            for start, size in self._ranges:
                madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), mmap.MADV_DONTNEED)


_OPENING: Final = threading.Lock()


def _mapped(files: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Start and size of each range of memory that is mapped from one of the files, known by device and inode (proc(5)).

    Only what can be read and not be written: of that the system's cache has all that is let go.
    """
    found = set()
    with suppress(OSError):
        for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines():
            addresses, rights, _, device, inode = line.split(maxsplit=5)[:5]
            major, minor = (int(part, 16) for part in device.split(":"))
            if (os.makedev(major, minor), int(inode)) in files and rights.startswith("r-"):
                start, end = (int(part, 16) for part in addresses.split("-"))
                found.add((start, end - start))
    return found
