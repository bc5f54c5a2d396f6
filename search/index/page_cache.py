"""Release of the memory pages of large mapped files.

The system counts pages that were read from a mapped file as the process's memory until it needs them, and one random
read loads its neighbourhood (64 kB on Linux): after a few hundred searches a process would hold the vectors of a
million items. So the pages are released after a number of reads. They stay in the system's cache, from which they are
read again in a microsecond or two.
"""

from __future__ import annotations

import mmap
from typing import Any, Final

import numpy.typing as npt

__all__ = ["MAX_RESIDENT_BYTES", "MAX_WHOLE_FILE_BYTES", "PageCache"]

MAX_WHOLE_FILE_BYTES: Final = 192 << 20
"""A file up to this size may stay in memory whole."""

MAX_RESIDENT_BYTES: Final = 64 << 20
"""Memory for a larger file, estimated from the number of reads. Each search process holds its own pages."""

_BYTES_PER_READ: Final = 64 << 10


class PageCache:
    """Counts the random reads of the file that `array` is mapped from, and releases its pages. For any thread."""

    def __init__(
        self,
        array: npt.NDArray[Any],
        *,
        max_whole_file: int = MAX_WHOLE_FILE_BYTES,
        max_resident: int = MAX_RESIDENT_BYTES,
    ) -> None:
        base: Any = array
        while base is not None and not isinstance(base, mmap.mmap):
            base = getattr(base, "base", None)
        self._map = base if array.nbytes > max_whole_file and hasattr(mmap, "MADV_DONTNEED") else None
        self._max_reads = max_resident // _BYTES_PER_READ
        self._reads = 0

    def count_reads(self, reads: int) -> None:
        """Count random reads, after they were made."""
        if self._map is None:
            return
        self._reads += reads
        if self._reads > self._max_reads:
            self._reads = 0
            self._map.madvise(mmap.MADV_DONTNEED)
