"""A large mapped file lets its pages go after so many reads, and is read as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.index import page_cache
from search.index.page_cache import PageCache


def held(path: Path) -> int:
    """Bytes of the file that count as this process's memory."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    for line in lines:
        if line.endswith(str(path)):
            return next(int(found.split()[1]) << 10 for found in lines if found.startswith("Rss:"))
    return 0


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="this system does not tell of mapped files")
def test_pages_are_let_go_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rows"
    np.arange(1 << 20, dtype=np.int64).tofile(file)
    monkeypatch.setattr(page_cache, "LARGE", 1 << 20)
    monkeypatch.setattr(page_cache, "MOST", 1 << 20)
    array = np.memmap(file, np.int64, "r").view(np.ndarray).reshape(-1, 4)
    kept = PageCache(array)
    assert array[::512].sum() and held(file) > 4 << 20
    kept.read(8)
    assert held(file) > 4 << 20
    kept.read(9)
    assert held(file) == 0
    assert array[1000].tolist() == [4000, 4001, 4002, 4003]


def test_a_small_file_and_plain_memory_are_left_alone(tmp_path: Path) -> None:
    for array in (np.zeros(10), np.empty(0)):
        PageCache(array).read(10**9)
        assert array.sum() == 0
