"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["MAX_WAIT_SECONDS", "is_running", "wait_until"]

MAX_WAIT_SECONDS: Final = 60.0


def wait_until(condition: Callable[[], bool], seconds: float = MAX_WAIT_SECONDS) -> None:
    """Fails if the condition does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """False for a zombie too, which nobody may be there to reap."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")
