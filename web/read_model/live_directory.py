"""Directory of the live generation, for requests that do not open the generation in this process."""

from __future__ import annotations

import os
from pathlib import Path

from graph.errors import HomeError
from graph.storage.generations import Home

__all__ = ["FileMark", "LiveDirectory"]

FileMark = tuple[int, int]
"""Inode and modification time in ns. CURRENT is replaced, never rewritten, so another content has another mark."""


class LiveDirectory:
    """Directory of the live generation, looked up at every request without opening the generation."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = str(home.current)
        self._mark: FileMark = (0, 0)
        self._path = home.generations

    def path(self) -> Path:
        """The directory of the live generation. Raises HomeError where there is none."""
        try:
            status = os.stat(self._file)  # noqa: PTH116  # at every request: no Path
        except OSError as error:
            raise HomeError(f"The live generation cannot be read: {error.strerror}.") from error
        mark = (status.st_ino, status.st_mtime_ns)
        if mark != self._mark:
            self._path = self._home.require().path
            self._mark = mark
        return self._path
