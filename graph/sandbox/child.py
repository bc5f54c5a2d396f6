"""Child processes: the one place that starts them, waits for them and kills them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Final

from graph.sandbox.environment import child_environment
from graph.sandbox.exit_reason import Death, KillReason, read_death

if TYPE_CHECKING:
    from graph.sandbox.enter import SandboxLimits

__all__ = ["Child"]

_STDERR_BYTES: Final = 4096
"""Bytes of a child's stderr that are read after its end, the last ones."""


class Child:
    """One Python process that runs `module` as its main module. Thread-safe.

    The child starts without `site`, with a clean environment (see `child_environment`), in `/`, and in a process group
    of its own: Ctrl+C does not reach it. It stays in our session, because Linux shares the processor among sessions
    first, and a priority counts only within one (autogroups, sched(7)).

    With `limits`, its first argument is these as JSON: it must give them to `graph.sandbox.enter.enter` before it reads
    anything, and it ends when this process ends, whatever it is doing. Without, it is neither limited nor ended.
    `descriptors` are inherited under the same numbers; stdin and stdout are /dev/null unless given. Raises OSError.

    >>> child = Child("platform")
    >>> child.wait(30), child.end().reason
    (0, 'exit')
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        limits: SandboxLimits | None = None,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.DEVNULL,
        descriptors: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._ending = threading.Lock()
        self._killed: KillReason | None = None
        self._death: Death | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `end`
        theirs, self._lifeline = os.pipe()
        first = [limits.to_argument(theirs)] if limits is not None else []
        try:
            self._process = subprocess.Popen(  # noqa: S603  # arguments of our own, and no shell
                [sys.executable, "-B", "-S", "-P", "-m", module, *first, *arguments],
                stdin=stdin,
                stdout=stdout,
                stderr=self._stderr,
                pass_fds=[*descriptors, *([theirs] if first else [])],
                process_group=0,
                cwd="/",
                env=child_environment(environment),
            )
        except BaseException:
            os.close(self._lifeline)
            self._stderr.close()
            raise
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def killed(self) -> KillReason | None:
        """Why this process killed it; None where it did not."""
        return self._killed

    @property
    def status(self) -> int | None:
        """Last known exit status, without a system call."""
        return self._process.returncode

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float | None = None) -> int | None:
        """Exit status, or None if the child still runs after the timeout."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self, reason: KillReason) -> None:
        """SIGKILL to its process group; the first reason given stands."""
        with self._lock:
            if self._killed is None and self._process.returncode is None:
                self._killed = reason
                try:
                    os.killpg(self.pid, signal.SIGKILL)
                except ProcessLookupError:
                    return  # it ended by itself, and another thread has taken note of that

    def end(self, patience: float | None = 0.0, reason: KillReason = "closed") -> Death:
        """Let it end by itself for `patience` seconds (None: as long as it takes), then kill it for `reason`.

        Repeatable: how it ended."""
        with self._ending:
            if self._death is None:
                if self.wait(patience) is None:
                    self.kill(reason)
                status = self._process.wait()
                self._death = read_death(status, self._last_words(), self._killed)
                self._stderr.close()
                os.close(self._lifeline)
            return self._death

    def _last_words(self) -> str:
        descriptor = self._stderr.fileno()
        start = max(os.fstat(descriptor).st_size - _STDERR_BYTES, 0)
        return os.pread(descriptor, _STDERR_BYTES, start).decode(errors="replace")
