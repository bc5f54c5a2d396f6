"""Two steps of a search at once: its query is encoded while its words are looked up.

Encoding a query takes half of a search, and does not hold Python's lock. A search that runs alone is a tenth faster so.
When other searches run, they keep the processors busy, and a second thread only costs.
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
    """Runs pairs of functions, with one second thread for all its callers. Safe to share between threads.

    `is_quiet`: whether the second thread may be used now. `start`: makes the executor; RuntimeError means that the
    system has no thread to give.
    """

    def __init__(
        self,
        is_quiet: Callable[[], bool],
        start: Callable[[], ThreadPoolExecutor] = lambda: ThreadPoolExecutor(1, "search"),
    ) -> None:
        self._is_quiet = is_quiet
        self._start = start
        self._free = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    def both(self, aside: Callable[[], A], here: Callable[[], B]) -> tuple[A, B]:
        """The results of both functions. `aside` runs on the second thread, or before `here` if that is not free.

        Raises what they raise; an error of `aside` comes first.
        """
        future = self._submit(aside)
        if future is None:
            return aside(), here()
        try:
            result = here()
        except BaseException:
            future.result()
            raise
        return future.result(), result

    def _submit(self, work: Callable[[], A]) -> Future[A] | None:
        if not self._is_quiet() or not self._free.acquire(blocking=False):
            return None

        def run() -> A:
            try:
                return work()
            finally:
                self._free.release()

        try:
            if self._executor is None:
                self._executor = self._start()
            return self._executor.submit(run)
        except RuntimeError:  # no thread is to be had, and the executor's queue holds the work
            self._executor = None
            self._free.release()
            return None
