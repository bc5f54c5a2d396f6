"""The pages of a large mapped file are released after a number of reads, and can be read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.index.page_cache import PageCache


def resident_bytes(path: Path) -> int:
    """Bytes of the file that count as this process's memory."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    for line in lines:
        if line.endswith(str(path)):
            return next(int(entry.split()[1]) << 10 for entry in lines if entry.startswith("Rss:"))
    return 0


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="this system does not list mapped files")
def test_pages_are_released_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "rows"
    np.arange(1 << 20, dtype=np.int64).tofile(file)
    array = np.memmap(file, np.int64, "r").view(np.ndarray).reshape(-1, 4)
    pages = PageCache(array, max_whole_file=1 << 20, max_resident=1 << 20)
    assert array[::512].sum() and resident_bytes(file) > 4 << 20
    pages.count_reads(8)
    assert resident_bytes(file) > 4 << 20
    pages.count_reads(9)
    assert resident_bytes(file) == 0
    assert array[1000].tolist() == [4000, 4001, 4002, 4003]


def test_small_files_and_plain_memory_stay(tmp_path: Path) -> None:
    for array in (np.zeros(10), np.empty(0)):
        PageCache(array).count_reads(10**9)
        assert array.sum() == 0
