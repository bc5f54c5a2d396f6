"""The parent's handle on one worker process: start it, ask it, kill it, and say why it died."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any, Final, Literal

from graph.errors import (
    AtlasError,
    QueryCancelled,
    QueryError,
    QueryMemory,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)
from graph.sparql import wire
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format
from graph.sparql.limits import Limits
from graph.vocabulary import PREFIXES

__all__ = ["Reason", "Reply", "WorkerDied", "WorkerProcess", "interpret_death", "query_request"]

Reason = Literal["deadline", "cancelled", "yield", "closed"]
"""Why the parent killed a worker itself."""

Reply = tuple[dict[str, Any], bytes]

_START_SECONDS: Final = 20.0
_PROJECT: Final = Path(__file__).resolve().parents[2]


def query_request(
    generation: str,
    text: str,
    wanted: Format,
    limits: Limits,
    *,
    stamp: str = "",
    dataset: Dataset = WHOLE,
    base: str | None = None,
    timeout: float | None = None,
) -> dict[str, Any]:
    """What a worker is asked. `generation` is an absolute path; `stamp` as of `cache.generation_key`."""
    return {
        "generation": generation, "key": stamp, "query": text, "base": base,
        "default": dataset.default, "named": dataset.named,
        "media_type": wanted.media_type, "style": wanted.name,
        "prefixes": PREFIXES if wanted.kind == "graph" else {},
        "timeout": timeout or limits.timeout, "rows": limits.result_rows,
        "bytes": limits.result_bytes, "inline": limits.inline_bytes,
    }  # fmt: skip


class WorkerDied(Exception):
    """The worker is gone without an answer; ask `interpret_death` why."""


class WorkerProcess:
    """One child. Not thread-safe but for `kill`: whoever took it from the pool owns it."""

    def __init__(self, limits: Limits, spool_dir: Path, *, seccomp: bool = True) -> None:
        self._spool_dir = spool_dir
        self._spool: IO[bytes] = tempfile.TemporaryFile(dir=spool_dir)  # noqa: SIM115  # lives with the worker
        self._renew = False
        self._limits = limits
        self._quantum = max(limits.quantum, 0.01)
        self.reason: Reason | None = None
        self.seccomp = False
        self.slow = False
        self._said: str | None = None
        self._generation: tuple[str, str] | None = None
        self._guard = threading.Lock()
        ours, theirs = socket.socketpair()
        ours.settimeout(_START_SECONDS)
        self._connection = ours
        self._readable = select.poll()
        self._readable.register(ours, select.POLLIN)
        settings = {"memory": limits.memory, "result_bytes": limits.result_bytes, "seccomp": seccomp}
        command = [sys.executable, "-B", "-S", "-P", "-m", "graph.sparql.worker",
                   str(theirs.fileno()), str(self._spool.fileno()), json.dumps(settings)]  # fmt: skip
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), self._spool.fileno()),
                start_new_session=True,
                cwd="/",
                env=_environment(),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False once the process has ended, by whatever hand."""
        return self.reason is None and self._process.poll() is None

    @property
    def usable(self) -> bool:
        """As far as is known without asking the system: a worker that died meanwhile is found out when it is asked."""
        return self.reason is None and self._process.returncode is None

    @property
    def killed_from_outside(self) -> bool:
        """True where somebody else killed it: an operator, or the system for want of memory."""
        return self.reason is None and self._process.returncode in (-signal.SIGKILL, -signal.SIGTERM)

    def wait_ready(self) -> None:
        """Until the worker is fenced and has loaded its engine. Raises `QueryError` where it cannot start."""
        try:
            hello, _, _ = wire.receive(self._connection, 0)
            self.seccomp = bool(hello.get("seccomp"))
            self._connection.settimeout(None)
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _interval(self._quantum))
        except (wire.Closed, OSError) as error:
            self.kill("closed")
            said = self.close()
            raise QueryError(
                f"The query worker did not start: {said.strip().splitlines()[-1] if said.strip() else error}.",
                "Check the free memory and the installation of pyoxigraph.",
            ) from error

    def ask(self, request: dict[str, Any]) -> None:
        """Send one query. Raises `WorkerDied`."""
        try:
            wire.send(self._connection, request, descriptor=self._spool.fileno() if self._renew else None)
            self._renew = False
        except OSError as error:
            raise WorkerDied from error

    def knows(self, request: dict[str, Any]) -> bool:
        """Whether it had opened the generation of a request when it was last asked about it; it does now."""
        generation = (request["generation"], request["key"])
        known = generation == self._generation
        self._generation = generation
        return known

    def wait(self, seconds: float) -> Reply | None:
        """The answer, or None where there is none within `seconds` or the quantum. Raises `WorkerDied`."""
        try:
            # Most answers come within the quantum: the socket's own time-out then saves asking the kernel first.
            if seconds < self._quantum and not self._readable.poll(max(seconds, 0.0) * 1000):
                return None
            header, body, descriptor = wire.receive(self._connection, self._limits.inline_bytes + (1 << 16))
            if descriptor is not None:
                os.close(descriptor)
            return header, body
        except BlockingIOError:
            return None
        except (wire.Closed, OSError) as error:
            raise WorkerDied from error

    def take_spool(self) -> IO[bytes]:
        """The spool file of the last answer, which is the caller's from now on; the worker gets a new one."""
        taken, self._spool = self._spool, tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115
        self._renew = True
        return taken

    def step_back(self) -> None:
        """Let others go first on the processor: for a query that turned out to be slow. It cannot be undone."""
        self.slow = True
        try:
            os.setpriority(os.PRIO_PROCESS, self.pid, 15)
        except OSError:
            return

    def kill(self, reason: Reason) -> None:
        """SIGKILL, from any thread; the first reason given stands."""
        with self._guard:
            if self.reason is None and self._process.returncode is None:
                self.reason = reason
                self._process.kill()

    def close(self) -> str:
        """End the process, free what it held, and return what it said last (stderr, 4 kB at most). May be repeated."""
        if self._said is not None:
            return self._said
        self._connection.close()
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.kill("closed")
            self._process.wait()
        said = b""
        if self._process.stderr is not None:
            with self._process.stderr as stream:
                said = stream.read(4096)
        self._spool.close()
        self._said = said.decode(errors="replace")
        return self._said

    def death(self, seconds: float) -> AtlasError:
        """Why the worker died. `seconds` is the time that its query was given."""
        if self.reason is not None:
            return interpret_death(-signal.SIGKILL, self.reason, "", seconds)
        # The stream ends a moment before the process does; let the kernel finish, so that its own reason is seen.
        deadline = time.monotonic() + 2.0
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        said = self.close()
        return interpret_death(self._process.returncode, self.reason, said, seconds)

    def forget(self) -> None:
        """After a fork, in the child: close the copies of what belongs to the parent's worker, and leave it be."""
        self._connection.close()
        self._spool.close()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process.returncode = 0


def interpret_death(status: int, reason: Reason | None, said: str, seconds: float) -> AtlasError:
    """The error for a worker that ended with `status` (negative: by that signal) and said `said` on stderr."""
    if reason == "deadline" or status == -signal.SIGALRM:
        return QueryTimeout(
            f"The query was still running after {seconds:g} seconds.",
            "Add a LIMIT or narrower patterns, or ask for a longer `timeout` if the service allows it.",
            seconds=seconds,
        )
    if reason in ("cancelled", "closed", "yield"):
        return QueryCancelled("The query was cancelled." if reason == "cancelled" else "The service is closing.")
    if status in (-signal.SIGSEGV, -signal.SIGBUS) or "overflowed its stack" in said:
        return QueryRefused("The query is too deeply nested or too complex.", "Break it into simpler queries.")
    if status in (-signal.SIGXFSZ, -signal.SIGSYS):
        return (
            QueryTooLarge("The result is larger than its spool file may be.")
            if status == -signal.SIGXFSZ
            else QueryRefused("The query tried something that is never allowed.")
        )
    if status in (-signal.SIGABRT, -signal.SIGKILL) or "MemoryError" in said or status == 0:
        return QueryMemory(
            "The query needed more memory than it may have.", "Narrow its patterns, or avoid sorting and joining all."
        )
    return QueryError(f"The query worker ended unexpectedly (status {status}).", "Try again; report it if it recurs.")


def _interval(seconds: float) -> bytes:
    """As the system's `struct timeval`."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1e6))


def _environment() -> dict[str, str]:
    """Nothing of the parent's environment: it may hold tokens. No `site` either, so the paths are given."""
    paths = dict.fromkeys([str(_PROJECT), _engine_home(), sysconfig.get_path("platlib")])
    # Few arenas: each reserves 64 MiB of the address space that the worker is allowed.
    return {"PYTHONPATH": os.pathsep.join(paths), "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"}


def _engine_home() -> str:
    from importlib.util import find_spec

    found = find_spec("pyoxigraph")
    if found is None or found.origin is None:
        raise QueryError("pyoxigraph is not installed.", "Run: pip install creative-atlas")
    return str(Path(found.origin).resolve().parents[1])
