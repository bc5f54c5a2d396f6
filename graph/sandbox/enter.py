"""What every child process calls first: from here on it can do only what its profile needs.

| profile  | reads                      | writes               | further descriptors |
|----------|----------------------------|----------------------|---------------------|
| reader   | what is open               | what is open         | none                |
| query    | any file                   | what is open         | yes                 |
| writer   | any file                   | `writable`           | yes                 |
| searcher | `readable` and `writable`  | `writable` (scratch) | yes                 |

None of them reaches the network, starts a program or a process, traces or signals another process, or gets out again:
a filter cannot be removed, and hard limits cannot be raised. seccomp(2) refuses the system calls; Landlock keeps reads
and writes to their folders. Where the kernel has no Landlock (before 5.19), a searcher can read any file and write
wherever its user may, and a writer can write wherever its user may. Where there is no seccomp (macOS), resource limits
and, for readers and queries, a cap on descriptors are all that holds.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from graph.sandbox import landlock, seccomp
from graph.sandbox.seccomp import Profile

__all__ = ["Fences", "SandboxLimits", "enter"]

_MAX_DESCRIPTORS: Final = 4096


class SandboxLimits(NamedTuple):
    """What a child may use. Sizes in bytes, times in seconds; None = no limit.

    `address_bytes` caps the address space, mapped files included; `heap_bytes` only what is private and writable.
    `file_bytes` caps each file that is written. `wall_seconds` and `processor_seconds` end the whole process.
    `readable` and `writable` are folders or files; None as `readable` stands for every file. `seccomp=False` is for
    tests of the other fences.
    """

    profile: Profile
    file_bytes: int
    address_bytes: int | None = None
    heap_bytes: int | None = None
    wall_seconds: float | None = None
    processor_seconds: int | None = None
    readable: Sequence[str] | None = None
    writable: Sequence[str] = ()
    seccomp: bool = True
    lifeline: int = -1
    """Descriptor of a pipe that the parent holds open as long as it lives; set by `Child`."""

    def to_argument(self, lifeline: int) -> str:
        """The limits as the first argument of a child."""
        return json.dumps(self._replace(lifeline=lifeline))

    @classmethod
    def from_argument(cls, text: str) -> SandboxLimits:
        """The inverse of `to_argument`.

        >>> limits = SandboxLimits("query", file_bytes=1 << 20)
        >>> SandboxLimits.from_argument(limits.to_argument(5)).lifeline
        5
        """
        return cls(*json.loads(text))


class Fences(NamedTuple):
    """Which of the kernel's fences are closed around this process."""

    seccomp: bool
    landlock: bool


def enter(limits: SandboxLimits) -> Fences:
    """Give up what the profile does not need, for good: this thread and all that it starts.

    Call it before the engine is imported, and before anything is read that others wrote. Raises OSError.

    >>> from graph.sandbox.child import Child
    >>> limits = SandboxLimits("reader", file_bytes=1 << 20, wall_seconds=60.0)
    >>> Child("graph.documents.isolated_main", ["html"], limits=limits).end(60).reason  # it calls enter(limits)
    'exit'
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends the process, whatever a library is doing
    if limits.lifeline >= 0:
        _end_with_parent(limits.lifeline)
    if limits.wall_seconds is not None:
        signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds)
    if limits.profile in ("reader", "writer"):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it; the others stop at a cap of their own
    seccomp.give_up_privileges()
    walled = landlock.restrict(limits.readable, limits.writable)
    _limit_resources(limits)
    filtered = limits.seccomp and seccomp.available()
    if filtered:
        seccomp.refuse_system_calls(limits.profile)
    return Fences(seccomp=filtered, landlock=walled)


def _end_with_parent(lifeline: int) -> None:
    """Have the kernel signal this process (SIGIO, which ends it) when the other end of the pipe is closed."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, select.POLLIN)
    if poll.poll(0):  # the parent ended before the kernel was asked
        os._exit(1)


def _limit_resources(limits: SandboxLimits) -> None:
    _cap(resource.RLIMIT_CORE, 0)
    _cap(resource.RLIMIT_FSIZE, limits.file_bytes)
    if limits.processor_seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (limits.processor_seconds, limits.processor_seconds + 1))
    if limits.profile == "reader":
        free = os.dup(0)  # the lowest free descriptor is the first that a new file or socket would take
        os.close(free)
        _cap(resource.RLIMIT_NOFILE, free)
    else:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        unlimited = hard == resource.RLIM_INFINITY
        _cap(resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS if unlimited else min(hard, _MAX_DESCRIPTORS))
    if sys.platform.startswith("linux"):
        # macOS takes these calls and ignores the limits.
        if limits.address_bytes is not None:
            _cap(resource.RLIMIT_AS, limits.address_bytes)
        if limits.heap_bytes is not None:
            _cap(resource.RLIMIT_DATA, limits.heap_bytes)


def _cap(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))
