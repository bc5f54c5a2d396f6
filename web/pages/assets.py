"""The built front end: plain names to the hashed ones, from the build's manifest."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["Assets"]


class Assets:
    """Reads the manifest once per change of the file, so that a rebuild shows without a restart."""

    def __init__(self, folder: Path) -> None:
        self._manifest = folder / "manifest.json"
        self._stamp = -1
        self._files: dict[str, str] = {}

    def name(self, plain: str) -> str:
        """`site.css` → `site-DFH2NPHX.css`. Raises RuntimeError where the front end is not built."""
        try:
            stamp = self._manifest.stat().st_mtime_ns
            if stamp != self._stamp:
                self._files = json.loads(self._manifest.read_text(encoding="utf-8"))["files"]
                self._stamp = stamp
            return self._files[plain]
        except (OSError, ValueError, KeyError) as error:
            raise RuntimeError(
                f"The front end is not built: {plain} is not in {self._manifest}. Run: python hatch_build.py"
            ) from error
