"""Which generation is live, asked at every request without opening it."""

from __future__ import annotations

import os
from pathlib import Path

from graph.errors import HomeError
from graph.storage.generations import Home

__all__ = ["Current"]


class Current:
    """Looks at the name plate of the file CURRENT: it is replaced and never rewritten."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = str(home.current)
        self._plate = (0, 0)
        self._path = home.generations

    def path(self) -> Path:
        """The directory of the live generation. Raises HomeError where there is none."""
        try:
            status = os.stat(self._file)  # noqa: PTH116  # at every request: no Path
        except OSError as error:
            raise HomeError(f"The live generation cannot be read: {error.strerror}.") from error
        plate = (status.st_ino, status.st_mtime_ns)
        if plate != self._plate:
            self._path = self._home.require().path
            self._plate = plate
        return self._path
