"""Lengths of terms."""

from __future__ import annotations

from typing import Final

__all__ = ["LARGE_TERM_BYTES", "MAX_BYTES_PER_CHARACTER", "MAX_TERM_BYTES"]

MAX_TERM_BYTES: Final = 1 << 20
"""Length of one IRI or literal in UTF-8. In a store whose terms are longer, every read takes hundreds of times as
long: see docs/explanation/storage.md."""

LARGE_TERM_BYTES: Final = 1 << 16
"""After a write that brings longer terms than this, the store is compacted."""

MAX_BYTES_PER_CHARACTER: Final = 4
