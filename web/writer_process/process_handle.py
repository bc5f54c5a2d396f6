"""The service's handle on a writer process: start it, give it jobs, read its replies, end it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Final

from graph.errors import AtlasError, InputError, QueryFailed, QueryMemory, QueryRefused, QueryTimeout, QueryTooLarge
from graph.sandbox.connected_child import ConnectedChild
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.exit_reason import Death
from graph.sandbox.message_frames import BrokenStream
from graph.storage.generations import Home
from graph.write.writer import Progress, no_progress
from web.writer_process.messages import (
    MAX_MESSAGE_BYTES,
    Job,
    LoadJob,
    Phase,
    Reply,
    Step,
    WriteFailure,
    Written,
    memory_error,
)

__all__ = ["JobNotBegun", "WriterChild", "error_of_death"]

_GRACE_SECONDS: Final = 0.25
"""The child's own alarm comes first."""

_START_SECONDS: Final = 20.0
_PUBLISH_SECONDS: Final = 120.0


class JobNotBegun(Exception):
    """The child ended before it began with its job, which another can be given. `error`: what to say if not."""

    def __init__(self, error: AtlasError) -> None:
        super().__init__(str(error))
        self.error = error


class WriterChild:
    """One child process, one job at a time. `staying`: whether it takes another job.

    `limits` are those of the sandbox; the child may write in their `writable` folders only. `jobs`: it ends after so
    many.
    """

    def __init__(self, limits: SandboxLimits, *, jobs: int | None = None) -> None:
        self._home: Path | None = None
        self._writable = {folder: _inode(folder) for folder in limits.writable}
        self.staying = True
        self._child = ConnectedChild[Reply](
            "web.writer_process.worker_main",
            [] if jobs is None else [str(jobs)],
            limits,
            reply=Reply,
            max_bytes=MAX_MESSAGE_BYTES,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.process.pid

    @property
    def is_current(self) -> bool:
        """Whether the folders that it may write are still there: the sandbox knows them by their inodes."""
        return all(_inode(folder) == inode for folder, inode in self._writable.items())

    def carry_out(self, job: Job, progress: Progress = no_progress) -> Written | WriteFailure:
        """The outcome of the job; `progress` is told of the steps of a load.

        Raises InputError for a text that cannot be sent, JobNotBegun, or the error of a child that died or had to be
        killed; it does not stay then.
        """
        self._home = Path(job.home)
        try:
            self._child.send(job)
        except UnicodeEncodeError:
            raise InputError("The text holds half of a surrogate pair, which is no character.") from None
        except OSError:
            death = self.end()
            raise JobNotBegun(error_of_death(death, "starting", job)) from None
        return self._outcome(job, progress)

    def _outcome(self, job: Job, progress: Progress) -> Written | WriteFailure:
        self.staying = False
        phase, seconds = "starting", _START_SECONDS + job.wait
        deadline, patience = time.monotonic() + seconds, 0.5
        try:
            while (reply := self._child.receive(deadline - time.monotonic())) is not None:
                if isinstance(reply, Step):
                    progress(reply.what, reply.done, reply.total)
                    continue
                if not isinstance(reply, Phase):
                    self.staying = isinstance(reply, Written) and reply.staying
                    return reply
                phase = reply.name
                seconds = job.timeout + _GRACE_SECONDS if phase == "evaluating" else _publish_seconds(job)
                deadline = time.monotonic() + seconds
            patience = 0.0
            self._child.process.kill("deadline")
        except BrokenStream:
            pass  # its death tells more
        finally:
            if not self.staying:
                death = self.end(patience)
        error = error_of_death(death, phase, job)
        raise JobNotBegun(error) if phase == "starting" and death.reason != "deadline" else error

    def end(self, patience: float = 0.5) -> Death:
        """Let the child end by itself for `patience` seconds, then kill it, and remove what it left. Repeatable."""
        self.staying = False
        self._child.hang_up()
        death = self._child.process.end(patience)
        if self._home is not None:
            # The next writer would remove it too; but a killed write may have left gigabytes.
            shutil.rmtree(Home(self._home).scratch_of(self.pid), ignore_errors=True)
        return death


def _publish_seconds(job: Job) -> float:
    """A load counts the whole atlas."""
    return max(_PUBLISH_SECONDS, job.timeout) if isinstance(job, LoadJob) else _PUBLISH_SECONDS


def _inode(folder: str) -> tuple[int, int] | None:
    try:
        status = Path(folder).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def error_of_death(death: Death, phase: str, job: Job) -> AtlasError:
    """The error of a job whose child ended in this phase."""
    if phase == "publishing":
        return QueryFailed(
            "The write was interrupted while it was being published.", "Look whether it is there before you repeat."
        )
    match death.reason:
        case "deadline" if phase == "starting":
            return QueryTimeout("The write did not begin in time; nothing was changed.", "Try again later.")
        case "deadline":
            return QueryTimeout(
                f"The write was still running after {job.timeout:g} seconds; nothing was changed.",
                "Do it in smaller steps.",
                seconds=job.timeout,
            )
        case "stack":
            return QueryRefused("The write is too deeply nested or too complex.", "Break it into simpler ones.")
        case "size":
            return QueryTooLarge("The write needs larger files than it may have; nothing was changed.", "Send less.")
        case "memory" if death.from_outside:  # for want of memory on the machine, or by an operator
            return QueryMemory("The write was ended for want of memory; nothing was changed.", "Try again later.")
        case "memory":
            return memory_error(job)
    return QueryFailed(
        f"The process that writes ended unexpectedly ({death.detail}).", "Nothing was changed; try again."
    )
