"""Two halves of a search at once: its query is encoded while its words are looked for.

To encode a query takes half of a search, and Python's lock is free meanwhile. An asker who is alone waits a tenth less
so. Where others search too the processors are busy with theirs, and a thread more would only cost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ParallelRunner"]

A = TypeVar("A")
B = TypeVar("B")


class ParallelRunner:
    """Any number of threads may use one; it has one thread for them. `is_quiet`: whether it may be used now."""

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet = is_quiet
        self._turn = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def both(self, aside: Callable[[], A], here: Callable[[], B]) -> tuple[A, B]:
        """What both give, at once or one after the other. Raises what they raise; `aside` comes first."""
        begun = self._begin(aside)
        if begun is None:
            return aside(), here()
        try:
            found = here()
        except BaseException:
            begun.result()
            raise
        return begun.result(), found

    def _begin(self, work: Callable[[], A]) -> Future[A] | None:
        if not self._is_quiet() or not self._turn.acquire(blocking=False):
            return None

        def run() -> A:
            try:
                return work()
            finally:
                self._turn.release()

        try:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(1, "meanwhile")
            return self._threads.submit(run)
        except RuntimeError:  # no thread can be had, and the work waits for one in there
            self._threads = None
            self._turn.release()
            return None
