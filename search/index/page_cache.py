"""How much memory large mapped files may hold.

What is read of a mapped file counts as the process's memory until the system wants it back, and a random read brings in
its neighbourhood (64 kB on Linux): a few hundred searches of a million vectors would hold all of them. So after so
many reads the pages are let go. They stay in the system's cache; reading them again costs a microsecond or two.
"""

from __future__ import annotations

import mmap
from typing import Any, Final

import numpy.typing as npt

__all__ = ["LARGE", "MOST", "PageCache"]

LARGE: Final = 192 << 20
"""Bytes up to which a file may be held whole."""

MOST: Final = 64 << 20
"""Bytes that a larger one may hold, as far as can be told from the number of reads: searches run in several processes,
each of which holds other pages."""

_AROUND: Final = 64 << 10


class PageCache:
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
