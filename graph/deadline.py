"""Deadline of one request, handed down to the work that is done for it.

Work that cannot be ended from outside, such as a search in a thread, calls `check` between its steps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Self

from graph.errors import QueryCancelled, QueryTimeout

__all__ = ["Deadline"]


class Deadline:
    """A point in time after which a request is not worked on any more. Thread-safe.

    `seconds` is the whole time that the request has from now on; `math.inf` for work without a limit. `clock` gives
    seconds and never goes back.

    >>> deadline = Deadline(30)
    >>> 29 < deadline.remaining() <= 30
    True
    >>> deadline.cancel()
    >>> deadline.remaining()
    0.0
    """

    __slots__ = ("_cancelled", "_clock", "_end", "seconds")

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._cancelled = False

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Deadline `seconds` from now.

        >>> Deadline.after(0.0).remaining()
        0.0
        """
        return cls(seconds)

    @classmethod
    def never(cls) -> Self:
        """For work without a time limit, which may still be cancelled.

        >>> Deadline.never().remaining()
        inf
        """
        return cls(math.inf)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the work any more."""
        return self._cancelled

    def remaining(self) -> float:
        """Seconds left, 0.0 at least; 0.0 once the deadline is cancelled.

        >>> Deadline.after(60).remaining() > 59
        True
        """
        return 0.0 if self._cancelled else max(self._end - self._clock(), 0.0)

    def check(self) -> None:
        """Raise `QueryTimeout` once the time is over, and `QueryCancelled` once the deadline is cancelled.

        >>> Deadline.after(60).check()
        >>> Deadline.after(0).check()
        Traceback (most recent call last):
        graph.errors.QueryTimeout: It was still running after 0 seconds. Ask for less, or allow a longer time.
        """
        if self._cancelled:
            raise QueryCancelled("The request was cancelled.")
        if self._clock() >= self._end:
            raise QueryTimeout(
                f"It was still running after {self.seconds:g} seconds.",
                "Ask for less, or allow a longer time.",
                seconds=self.seconds,
            )

    def cancel(self) -> None:
        """End the work at its next step: its client has left, or somebody else answered.

        >>> deadline = Deadline.never()
        >>> deadline.cancel()
        >>> deadline.cancelled
        True
        """
        self._cancelled = True
