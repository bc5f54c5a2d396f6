"""Cache of opened FAISS indexes: generations share the files of a segment, so they share what is read of them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

__all__ = ["SHARED_CACHE", "FaissCache", "faiss_module"]


class FaissCache:
    """Opened FAISS indexes (66 bytes a row), each kept as long as somebody uses it. Safe to share between threads."""

    def __init__(self) -> None:
        self._indexes: WeakValueDictionary[tuple[str, int, int, int], Any] = WeakValueDictionary()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._indexes)

    def open(self, file: Path) -> Any:
        """The FAISS index in `file`. Raises OSError, or FAISS's RuntimeError on a damaged file."""
        status = file.stat()
        # The number of an inode is used again once its file is gone: name and time tell such files apart.
        key = file.name, status.st_ino, status.st_dev, status.st_mtime_ns
        with self._lock:
            index = self._indexes.get(key)
            if index is None:
                faiss = faiss_module()
                faiss.omp_set_num_threads(1)  # many searches share few cores
                index = self._indexes[key] = faiss.read_index(str(file))
            return index


SHARED_CACHE: Final = FaissCache()


def faiss_module() -> Any:
    """FAISS, imported when first needed. As Any, because its type stubs lack the keyword arguments that it takes."""
    import faiss

    return faiss
