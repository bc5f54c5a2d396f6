"""Delay of failed queries: the more of them a client has each second, the later it gets its errors.

A query that is refused costs little, but a client that sends nothing else, each as soon as the last one was answered,
takes as much of the service as all other clients together. So beyond `FAILURES_PER_SECOND` its errors are delayed, by
up to `MAX_DELAY_SECONDS`; other clients are not delayed.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FailureBackoff"]

FAILURES_PER_SECOND: Final = 20
IMMEDIATE_FAILURES: Final = 20
"""Failures in a row that are answered at once."""

MAX_DELAY_SECONDS: Final = 1.0
_MIN_DELAY_SECONDS: Final = 0.001
_MAX_CLIENTS: Final = 4096


class FailureBackoff:
    """Counts the failures of each client; all clients without an identity (None) count as one."""

    def __init__(self) -> None:
        self._due: dict[str | None, float] = {}

    def wait(self, client: str | None, now: float) -> float:
        """Count one more failure. Returns the seconds to wait before its answer; `now` is the loop's time.

        >>> FailureBackoff().wait("203.0.113.7", now=100.0)
        0.0
        """
        if len(self._due) >= _MAX_CLIENTS:
            self._due = {client: due for client, due in self._due.items() if due > now}
            if len(self._due) >= _MAX_CLIENTS:
                self._due.clear()
        allowance = IMMEDIATE_FAILURES / FAILURES_PER_SECOND
        due = max(self._due.get(client, 0.0), now) + 1 / FAILURES_PER_SECOND
        self._due[client] = min(due, now + MAX_DELAY_SECONDS + allowance)
        delay = self._due[client] - now - allowance
        return delay if delay > _MIN_DELAY_SECONDS else 0.0
