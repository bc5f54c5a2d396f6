"""How soon a client hears that its query failed: at once as a rule, later where it has many that fail.

A query that is refused costs little, but whoever sends nothing else, each as soon as the last one was answered, takes
as much of the service as all its other clients. So beyond a number each second the answers wait, and with them who
waits for them; nobody else does.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FailureBackoff"]

_PER_SECOND: Final = 20
_AT_ONCE: Final = 20
_LONGEST: Final = 1.0
"""Seconds that an answer waits at most, however many connections a client has."""

_SHORTEST: Final = 0.001

_CLIENTS: Final = 4096


class FailureBackoff:
    """Counts for each client, None being all that are not told apart."""

    def __init__(self) -> None:
        self._due: dict[str | None, float] = {}

    def wait(self, client: str | None, now: float) -> float:
        """Seconds to let pass before this client's next failure is told. `now` is the time of the loop's clock."""
        if len(self._due) >= _CLIENTS:
            self._due = {each: due for each, due in self._due.items() if due > now}
            if len(self._due) >= _CLIENTS:
                self._due.clear()
        due = max(self._due.get(client, 0.0), now) + 1 / _PER_SECOND
        self._due[client] = min(due, now + _LONGEST + _AT_ONCE / _PER_SECOND)
        wait = self._due[client] - now - _AT_ONCE / _PER_SECOND
        return wait if wait > _SHORTEST else 0.0
