"""The parent's handle on the process that carries out writes: start it, give it jobs, hear it out, bury it."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from graph.errors import AtlasError, QueryFailed, QueryMemory, QueryRefused, QueryTimeout, QueryTooLarge
from graph.sandbox.environment import bare_environment

__all__ = ["NeverBegan", "WriterChild"]

_GRACE: Final = 0.25
"""Seconds that the child's own alarm is given before the parent kills."""

_START: Final = 20.0
_PUBLISH: Final = 120.0


class NeverBegan(Exception):
    """The child ended before it began with its job, which another can be given. `error`: what to say if not."""

    def __init__(self, error: AtlasError) -> None:
        super().__init__(str(error))
        self.error = error


class WriterChild:
    """One child, one job at a time. `fenced`: its caps on memory and file sizes (bytes), and whether to use seccomp.

    `staying`: whether it takes another job.
    """

    def __init__(self, fenced: dict[str, Any]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the child
        self._words = ""
        self._home: Path | None = None
        self.staying = True
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-S", "-P", "-m", "web.writer_process.worker_main", json.dumps(fenced)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            start_new_session=True,
            cwd="/",
            env=bare_environment(),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def carry_out(self, job: dict[str, Any]) -> dict[str, Any]:
        """The outcome of the job. Raises NeverBegan, or one of our errors where the child died or had to be killed; it
        does not stay then."""
        self._give(job)
        return self._answer(job["timeout"], job["wait"])

    def _give(self, job: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101  it is a pipe
        self._home = Path(job["home"])
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self.end()
            raise NeverBegan(self._death("starting", False, job["timeout"])) from None

    def _answer(self, timeout: float, wait: float) -> dict[str, Any]:
        self.staying = False
        phase, deadline, rest = "starting", time.monotonic() + _START + wait, b""
        late = False
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        try:
            while data := _next(self._process.stdout.fileno(), deadline):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    said: dict[str, Any] = json.loads(line)
                    if "phase" not in said:
                        self.staying = bool(said.pop("staying"))
                        return said
                    phase = said["phase"]
                    deadline = time.monotonic() + (timeout + _GRACE if phase == "evaluating" else _PUBLISH)
            late = data is None
        finally:
            if not self.staying:
                self.end(0.0 if late else 0.5)
        error = self._death(phase, late, timeout)
        raise NeverBegan(error) if phase == "starting" and not late else error

    def end(self, patience: float = 0.5) -> None:
        """Let the child end by itself for `patience` seconds, then kill it, and take away what it left. Repeatable."""
        self.staying = False
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(OSError):  # it died before it had read all of its job
                self._process.stdin.close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if not self._said.closed:
            self._said.seek(0)
            self._words = self._said.read(4096).decode(errors="replace")
            self._said.close()
        if self._home is not None:
            # The next writer would sweep it up too; but a killed write may have left gigabytes.
            shutil.rmtree(self._home / "generations" / f"tmp-{self.pid}", ignore_errors=True)

    def _death(self, phase: str, late: bool, timeout: float) -> AtlasError:
        status = self._process.returncode
        if phase == "publishing":
            return QueryFailed(
                "The write was interrupted while it was being published.", "Look whether it is there before you repeat."
            )
        if late and phase == "starting":
            return QueryTimeout("The write did not begin in time; nothing was changed.", "Try again later.")
        if status == -signal.SIGALRM or late:
            return QueryTimeout(
                f"The write was still running after {timeout:g} seconds; nothing was changed.",
                "Do it in smaller steps.",
                seconds=timeout,
            )
        return _interpreted(status, self._words)


def _interpreted(status: int, said: str) -> AtlasError:
    """The error for a child that ended with `status` before it had made its change."""
    if status in (-signal.SIGSEGV, -signal.SIGBUS) or "overflowed its stack" in said:
        return QueryRefused("The write is too deeply nested or too complex.", "Break it into simpler ones.")
    if status == -signal.SIGXFSZ:
        return QueryTooLarge("The write needs larger files than it may have; nothing was changed.", "Send less.")
    if status in (-signal.SIGABRT, -signal.SIGKILL) or "memory allocation" in said or "MemoryError" in said:
        return QueryMemory("The write needed more memory than it may have; nothing was changed.", "Do it in parts.")
    last = said.strip().splitlines()[-1][:200] if said.strip() else f"status {status}"
    return QueryFailed(f"The process that writes ended unexpectedly ({last}).", "Nothing was changed; try again.")


def _next(descriptor: int, deadline: float) -> bytes | None:
    """What the child says next, nothing at its end; None past the deadline."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(max(deadline - time.monotonic(), 0.0) * 1000):
        return None
    return os.read(descriptor, 1 << 16)
