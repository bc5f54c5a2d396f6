"""Why a child process ended: one table for all kinds of children."""

from __future__ import annotations

import signal
from typing import Final, Literal, NamedTuple

__all__ = ["Death", "DeathReason", "KillReason", "read_death"]

KillReason = Literal["deadline", "cancelled", "yield", "closed"]
"""Why the parent killed a child: `yield` makes room for another, `closed` ends the service."""

DeathReason = Literal[KillReason, "memory", "stack", "size", "refused", "exit", "unexpected"]
"""Why a child ended. `size`: a file grew past its cap; `refused`: a forbidden system call; `exit`: status 0."""

_SIGNALS: Final[dict[int, DeathReason]] = {
    signal.SIGALRM: "deadline",
    signal.SIGXCPU: "deadline",
    signal.SIGSEGV: "stack",
    signal.SIGBUS: "stack",
    signal.SIGXFSZ: "size",
    signal.SIGSYS: "refused",
    # An allocation that fails ends a library written in Rust; the system kills for want of memory.
    signal.SIGABRT: "memory",
    signal.SIGKILL: "memory",
}


class Death(NamedTuple):
    """The end of a child. `detail` is the last line of its stderr, or its status; `status` is negative for a signal."""

    reason: DeathReason
    detail: str = ""
    status: int = 0

    @property
    def from_outside(self) -> bool:
        """True where neither the child nor its parent caused the end: an operator, or the system for want of memory."""
        return (self.reason, self.status) == ("memory", -signal.SIGKILL) or self.status == -signal.SIGTERM


def read_death(status: int, stderr: str = "", killed: KillReason | None = None) -> Death:
    """The death of a child with this exit `status` (negative: a signal) and this `stderr`; `killed`: by its parent.

    >>> read_death(-9, killed="cancelled").reason, read_death(-11).reason, read_death(1, "MemoryError").reason
    ('cancelled', 'stack', 'memory')
    >>> read_death(3)
    Death(reason='unexpected', detail='status 3', status=3)
    """
    lines = stderr.strip().splitlines()
    detail = lines[-1][:200] if lines else f"status {status}"
    return Death(killed or _reason(status, stderr), detail, status)


def _reason(status: int, stderr: str) -> DeathReason:
    if "overflowed its stack" in stderr:
        return "stack"
    if "MemoryError" in stderr or "memory allocation" in stderr:
        return "memory"
    return _SIGNALS.get(-status, "unexpected") if status else "exit"
