"""Directory of the live generation, for requests that do not open the generation in this process."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from graph.errors import HomeError
from graph.storage.generations import Home

__all__ = ["FileMark", "LiveDirectory"]

FileMark = tuple[int, int]
"""Inode and modification time in ns. CURRENT is replaced, never rewritten, so another content has another mark."""

_FRESH_SECONDS: Final = 0.001
"""Seconds for which what was read holds: each look is a system call, during which another thread may take over. A
write that this process accepts calls `expire`; to another process a millisecond is the time that it takes to end."""


class LiveDirectory:
    """Directory of the live generation, looked up at every request without opening the generation."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = str(home.current)
        self._mark: FileMark = (0, 0)
        self._fresh_until = 0.0
        self._publications = self._seen = 0
        self._path = home.generations

    def path(self) -> Path:
        """The directory of the live generation. Raises HomeError where there is none."""
        now, publications = time.monotonic(), self._publications
        if now < self._fresh_until and publications == self._seen:
            return self._path
        try:
            status = os.stat(self._file)  # noqa: PTH116  # at every request: no Path
        except OSError as error:
            raise HomeError(f"The live generation cannot be read: {error.strerror}.") from error
        mark = (status.st_ino, status.st_mtime_ns)
        if mark != self._mark:
            self._path = self._home.require().path
            self._mark = mark
        self._fresh_until, self._seen = now + _FRESH_SECONDS, publications
        return self._path

    def expire(self) -> None:
        """Look again at the next request: a generation was published. From any thread."""
        self._publications += 1
