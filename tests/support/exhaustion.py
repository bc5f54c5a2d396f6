"""A system that has nothing left to give, for a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["no_new_threads"]

_STACK_BYTES: Final = 1 << 46
"""More than any process has room for."""


@contextmanager
def no_new_threads() -> Iterator[None]:
    """Every new thread of this process fails with RuntimeError, as where the system allows no more of them."""
    before = threading.stack_size(_STACK_BYTES)
    try:
        yield
    finally:
        threading.stack_size(before)
