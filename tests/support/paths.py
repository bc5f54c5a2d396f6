"""Folders that tests read: the checkout, and the development data in `shared`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["ROOT", "SHARED"]

ROOT: Final = Path(__file__).resolve().parents[2]
"""The checkout."""

SHARED: Final = ROOT.parent / "shared"
"""Development data. Tests that need it skip where it is absent."""
