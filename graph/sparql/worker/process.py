"""The parent's handle on one worker process: start it, ask it, kill it, and say why it died.

Starting and burying wait; asking and reading never do.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Final, Literal

from graph.errors import (
    AtlasError,
    QueryCancelled,
    QueryError,
    QueryFailed,
    QueryMemory,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format
from graph.sparql.limits import Limits
from graph.sparql.worker import protocol
from graph.vocabulary import PREFIXES

__all__ = ["Reason", "WorkerDied", "WorkerProcess", "interpret_death", "query_settings"]

Reason = Literal["deadline", "cancelled", "yield", "closed"]
"""Why the parent killed a worker itself."""

_START_SECONDS: Final = 20.0

_BEHIND: Final = 8
"""How much less urgent a slow query is: it gets a sixth of what a look-up gets where both want the processor."""

_FAR: Final = 12
"""That beside many look-ups: a fifteenth. Those who look things up rest between two answers, so it still gets a third
of a core beside eight of them. Not beside others like it: where the server's own loop is the more urgent, Linux takes
the processor from them for other sessions too."""

_PROJECT: Final = Path(__file__).resolve().parents[3]


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
    `cache.generation_key`. The same settings are the same bytes, which it parses once."""
    return json.dumps({
        "generation": generation, "key": stamp, "base": base,
        "default": dataset.default, "named": dataset.named,
        "media_type": wanted.media_type, "style": wanted.name,
        "prefixes": PREFIXES if wanted.kind == "graph" else {},
        "rows": limits.result_rows, "bytes": limits.result_bytes, "inline": limits.inline_bytes,
    }).encode()  # fmt: skip


class WorkerDied(Exception):
    """The worker is gone without an answer; ask `interpret_death` why."""


class WorkerProcess:
    """One child. Not thread-safe but for `kill`: whoever took it from the crew owns it."""

    def __init__(self, limits: Limits, spool_dir: Path, *, seccomp: bool = True) -> None:
        self._spool_dir = spool_dir
        self._spool: IO[bytes] = tempfile.TemporaryFile(dir=spool_dir)  # noqa: SIM115  # lives with the worker
        self._renew = False
        self._limits = limits
        self.reason: Reason | None = None
        self.seccomp = False
        self.slow = self.behind = False
        self._said: str | None = None
        self._settings = b""
        self._guard = threading.Lock()
        self._closing = threading.Lock()
        ours, theirs = socket.socketpair()
        ours.settimeout(_START_SECONDS)
        self._connection = ours
        self._inbox = protocol.Inbox(limits.inline_bytes + (4 << 20))
        self._unsent = b""
        self._room = bytearray(protocol.ROOM)
        settings = {"memory": limits.memory, "result_bytes": limits.result_bytes, "seccomp": seccomp,
                    "copied_after": limits.copied_after}  # fmt: skip
        command = [sys.executable, "-B", "-S", "-P", "-m", "graph.sparql.worker.main",
                   str(theirs.fileno()), str(self._spool.fileno()), json.dumps(settings)]  # fmt: skip
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), self._spool.fileno()),
                # Out of reach of Ctrl+C, but in our session: Linux shares the processor among sessions first, and a
                # priority counts only within one (autogroups, sched(7)).
                process_group=0,
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

    def wait_ready(self, opens: bytes = b"") -> None:
        """Until the worker is fenced and has loaded its engine, and has opened the generation of the settings `opens`:
        whoever is given it need not wait for that. Raises `QueryError` where it cannot start."""
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
            said = self.close()
            raise QueryFailed(
                f"The query worker did not start: {said.strip().splitlines()[-1] if said.strip() else error}.",
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
            if self._renew:
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
        except (protocol.Closed, OSError) as error:
            raise WorkerDied(str(error)) from error

    def take_spool(self) -> IO[bytes]:
        """The spool file of the last answer, which is the caller's from now on; the worker gets a new one."""
        taken, self._spool = self._spool, tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115
        self._renew = True
        return taken

    def recover(self) -> bool:
        """After it stepped back: as before, for the next query. False where the system does not let us raise a priority
        again (it lets root, and others within RLIMIT_NICE)."""
        if self.behind:
            try:
                os.setpriority(os.PRIO_PROCESS, self.pid, os.getpriority(os.PRIO_PROCESS, 0))
            except OSError:
                return False
            self.slow = self.behind = False
        return True

    @property
    def can_recover(self) -> bool:
        """Whether the system would let us raise its priority again."""
        own = os.getpriority(os.PRIO_PROCESS, 0)
        return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_NICE)[0] >= 20 - own

    def step_back(self, *, slow: bool = True, far: bool = False) -> None:
        """Let others go first on the processor: for a query that turned out to be `slow`, or for a while."""
        self.behind, self.slow = True, slow
        try:
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, self.pid, own + (_FAR if far else _BEHIND))
        except OSError:
            return

    def kill(self, reason: Reason) -> None:
        """SIGKILL, from any thread; the first reason given stands."""
        with self._guard:
            if self.reason is None and self._process.returncode is None:
                self.reason = reason
                self._process.kill()

    def close(self) -> str:
        """End the process, free what it held, and return what it said last (stderr, 4 kB at most). May be repeated,
        and from any thread."""
        with self._closing:
            if self._said is None:
                self._said = self._ended()
        return self._said

    def _ended(self) -> str:
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
        return said.decode(errors="replace")

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
    return QueryFailed(f"The query worker ended unexpectedly (status {status}).", "Try again; report it if it recurs.")


def _environment() -> dict[str, str]:
    """Nothing of the parent's environment: it may hold tokens. No `site` either, so the paths are given."""
    paths = dict.fromkeys([str(_PROJECT), _engine_home(), sysconfig.get_path("platlib")])
    return {
        "PYTHONPATH": os.pathsep.join(paths),
        "LC_ALL": "C.UTF-8",
        # Few arenas: each reserves 64 MiB of the address space that the worker is allowed.
        "MALLOC_ARENA_MAX": "2",
        # The engine plans each query in a few thousand small pieces and frees them all: glibc keeps seven of a size at
        # hand, and spent a quarter of a look-up on the rest.
        "GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000",
    }


def _engine_home() -> str:
    from importlib.util import find_spec

    found = find_spec("pyoxigraph")
    if found is None or found.origin is None:
        raise QueryError("pyoxigraph is not installed.", "Run: pip install creative-atlas")
    return str(Path(found.origin).resolve().parents[1])
