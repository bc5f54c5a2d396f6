"""The parent's handle on one query worker: start it, send questions, kill it, and say why it died.

Starting and ending a worker wait; sending and reading never do.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import tempfile
from pathlib import Path
from typing import IO, Final

from graph.errors import (
    AtlasError,
    QueryCancelled,
    QueryFailed,
    QueryMemory,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)
from graph.sandbox.child import Child
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.exit_reason import Death, KillReason, read_death
from graph.sandbox.message_frames import BrokenStream
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format
from graph.sparql.limits import Limits
from graph.sparql.worker import protocol
from graph.vocabulary import PREFIXES

__all__ = ["Reason", "WorkerDied", "WorkerProcess", "interpret_death", "query_settings"]

Reason = KillReason
"""Why the pool killed a worker."""

_START_SECONDS: Final = 20.0
_DEATH_SECONDS: Final = 2.0
"""How long the end of a process may take after the end of its stream."""

_SLOW_NICE: Final = 8
"""How much less urgent a slow query is: it gets a sixth of what a look-up gets where both want the processor."""

_ENVIRONMENT: Final = {
    # The engine plans each query in a few thousand small pieces and frees them all: glibc keeps seven of a size at
    # hand, and spent a quarter of a look-up on the rest.
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000",
}


def query_settings(
    generation: str,
    wanted: Format,
    limits: Limits,
    *,
    stamp: str = "",
    dataset: Dataset = WHOLE,
    base: str | None = None,
) -> bytes:
    """What a worker has to know beside the text. `generation` is an absolute path; `stamp` as of
    `result_cache.generation_key`. The same settings are the same bytes, which it parses once."""
    return json.dumps({
        "generation": generation, "key": stamp, "base": base,
        "default": dataset.default, "named": dataset.named,
        "media_type": wanted.media_type, "style": wanted.name,
        "prefixes": PREFIXES if wanted.kind == "graph" else {},
        "rows": limits.result_rows, "bytes": limits.result_bytes, "inline": limits.inline_bytes,
    }).encode()  # fmt: skip


class WorkerDied(Exception):
    """The worker is gone without an answer; `WorkerProcess.death` says why."""


class WorkerProcess:
    """One child process. Not thread-safe but for `kill`, `close` and `death`: one owner at a time."""

    def __init__(self, limits: Limits, spool_dir: Path, *, seccomp: bool = True) -> None:
        self._spool_dir = spool_dir
        self._spool: IO[bytes] | None = tempfile.TemporaryFile(dir=spool_dir)  # noqa: SIM115  # lives with the worker
        self._renew = False
        self._limits = limits
        self.seccomp = False
        self.slow = self.reniced = False
        self._settings = b""
        ours, theirs = socket.socketpair()
        ours.settimeout(_START_SECONDS)
        self._connection = ours
        self._inbox = protocol.Inbox(limits.inline_bytes + protocol.MAX_ANSWER_OVERHEAD_BYTES)
        self._unsent = b""
        self._room = bytearray(protocol.READ_BYTES)
        caps = SandboxLimits("query", limits.result_bytes, address_bytes=limits.memory, seccomp=seccomp)
        descriptors = (theirs.fileno(), self._spool.fileno())
        with theirs:
            self._child = Child(
                "graph.sparql.worker.main",
                [*map(str, descriptors), str(limits.copied_after)],
                limits=caps,
                descriptors=descriptors,
                environment=_ENVIRONMENT,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def reason(self) -> Reason | None:
        """Why the pool killed it; None where it did not."""
        return self._child.killed

    @property
    def alive(self) -> bool:
        """False once the process has ended, by whatever hand."""
        return self.reason is None and self._child.poll() is None

    @property
    def usable(self) -> bool:
        """Whether the worker runs, from the last known state: the next question shows whether it has died."""
        return self.reason is None and self._child.status is None

    @property
    def killed_from_outside(self) -> bool:
        """True where somebody else killed it: an operator, or the system for want of memory."""
        status = self._child.status
        return status is not None and read_death(status, "", self.reason).from_outside

    def wait_ready(self, opens: bytes = b"") -> None:
        """Until the worker is fenced and has loaded its engine, and has opened the generation of the settings `opens`:
        its first query need not wait for that. Raises `QueryFailed` where it cannot start."""
        try:
            hello = self.read()
            while not hello:
                hello = self.read()
            self.seccomp = hello[0].body == b"seccomp"
            if opens:
                self.knows(opens)
                self.ask(protocol.pack_question("open", self._limits.timeout, opens, b""))
                while not self.read():
                    continue
            self._connection.setblocking(False)
        except (WorkerDied, OSError) as error:
            self.kill("closed")
            raise QueryFailed(
                f"The query worker did not start: {self._end().detail}.",
                "Check the free memory and the installation of pyoxigraph.",
            ) from error

    @property
    def sent(self) -> bool:
        """True where all that was asked has been sent."""
        return not self._unsent

    def fileno(self) -> int:
        """The descriptor that is readable when there is something to `read`."""
        return self._connection.fileno()

    def ask(self, question: bytes) -> bool:
        """Send a question; False where not all of it could be sent yet (see `go_on`). Raises `WorkerDied`."""
        try:
            if self._renew and self._spool is not None:
                sent = socket.send_fds(self._connection, [question], [self._spool.fileno()])
                self._renew = False
            else:
                sent = self._connection.send(question)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise WorkerDied from error
        self._unsent = question[sent:]
        return not self._unsent

    def go_on(self) -> bool:
        """Send more of the question, once the descriptor is writable; True when that was all. Raises `WorkerDied`."""
        try:
            self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            return False
        except OSError as error:
            raise WorkerDied from error
        return not self._unsent

    def knows(self, settings: bytes) -> bool:
        """Whether it was asked under these settings last, so that the generation is open; it is now."""
        known = settings == self._settings
        self._settings = settings
        return known

    def read(self) -> list[protocol.Answer]:
        """The answers that have come whole, oldest first. Raises `WorkerDied`."""
        try:
            size = self._connection.recv_into(self._room)
            if not size:
                raise WorkerDied("end of stream")
            return self._inbox.add(bytes(memoryview(self._room)[:size]))
        except BlockingIOError:
            return []
        except (BrokenStream, OSError) as error:
            raise WorkerDied(str(error)) from error

    def take_spool(self) -> IO[bytes] | None:
        """The spool file of the last answer, which is the caller's from now on; the worker gets a new one.

        Where none can be made (a full disk, a folder that is gone), the worker is killed: it cannot spool any more.
        None where a worker claims a spool file that it does not have."""
        spool, self._spool = self._spool, None
        try:
            self._spool = tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115
        except OSError:
            self.kill("closed")
        self._renew = True
        return spool

    def restore_priority(self) -> bool:
        """Undo `renice`. False where the system does not allow it (root may, others within RLIMIT_NICE)."""
        if self.reniced:
            try:
                os.setpriority(os.PRIO_PROCESS, self.pid, os.getpriority(os.PRIO_PROCESS, 0))
            except OSError:
                return False
            self.slow = self.reniced = False
        return True

    @property
    def can_restore_priority(self) -> bool:
        """Whether the system would let us raise its priority again."""
        own = os.getpriority(os.PRIO_PROCESS, 0)
        return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_NICE)[0] >= 20 - own

    def renice(self, *, slow: bool = True) -> None:
        """Give others priority on the processor: for a query that turned out to be `slow`, or for a while."""
        self.reniced, self.slow = True, slow
        try:
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, self.pid, own + _SLOW_NICE)
        except OSError:
            return

    def kill(self, reason: Reason) -> None:
        """SIGKILL, from any thread; the first reason given stands."""
        self._child.kill(reason)

    def close(self) -> None:
        """End the process and free what it held. Repeatable, from any thread."""
        self._end()

    def death(self, seconds: float) -> AtlasError:
        """Why the worker died, as the error of its query. `seconds` is the time that the query was given."""
        if self.reason is not None:
            return _query_error(Death(self.reason), seconds)
        # The stream ends a moment before the process does; let the kernel finish, so that its own reason is seen.
        self._child.wait(_DEATH_SECONDS)
        return _query_error(self._end(), seconds)

    def _end(self) -> Death:
        self._connection.close()
        death = self._child.end(0.5)
        if self._spool is not None:
            self._spool.close()
        return death


def interpret_death(status: int, reason: Reason | None, stderr: str, seconds: float) -> AtlasError:
    """The error of a query whose worker ended with `status` (negative: a signal) and this `stderr`."""
    return _query_error(read_death(status, stderr, reason), seconds)


def _query_error(death: Death, seconds: float) -> AtlasError:
    match death.reason:
        case "deadline":
            return QueryTimeout(
                f"The query was still running after {seconds:g} seconds.",
                "Add a LIMIT or narrower patterns, or ask for a longer `timeout` if the service allows it.",
                seconds=seconds,
            )
        case "cancelled":
            return QueryCancelled("The query was cancelled.")
        case "closed" | "yield":
            return QueryCancelled("The service is closing.")
        case "stack":
            return QueryRefused("The query is too deeply nested or too complex.", "Break it into simpler queries.")
        case "size":
            return QueryTooLarge("The result is larger than its spool file may be.")
        case "refused":
            return QueryRefused("The query tried something that is never allowed.")
        case "memory" | "exit":  # a worker that runs out of memory in Python ends by itself
            return QueryMemory(
                "The query needed more memory than it may have.",
                "Narrow its patterns, or avoid sorting and joining all.",
            )
    return QueryFailed(
        f"The query worker ended unexpectedly (status {death.status}).", "Try again; report it if it recurs."
    )
