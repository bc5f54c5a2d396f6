"""The process that carries out writes: `python -m web.writer_process.worker_main LIMITS [JOBS]`.

`web.writer_process.service` starts and supervises it. It enters the sandbox first: no network, no other programs, caps
on memory and file sizes, and no file that it may write but those of its atlas. Then it takes jobs, one after the other,
on standard input, and answers each on standard output: two phases, then the outcome (see
`web.writer_process.messages`). An alarm ends the process, whatever the engine is doing, when a change takes longer than
it may. To start takes twice as long as a small write, so the process stays for the next job until it has grown.

It imports neither Flask nor the search engine: it must start in a tenth of a second.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Final

from graph.errors import AtlasError, HomeError
from graph.sandbox.enter import SandboxLimits, enter
from graph.sandbox.message_frames import BrokenStream, FrameChannel
from graph.sandbox.remote_error import RemoteError
from graph.storage.engine_faults import store_fault

__all__ = ["main"]

_MAX_JOBS: Final = 1_000
_MAX_RESIDENT_BYTES: Final = 512 << 20
"""A process that has grown past this ends after its job: it would not give the memory back."""


def main(arguments: list[str]) -> int:
    """Do jobs until there are no more. `arguments`: the limits of the sandbox, and how many jobs if they are few."""
    enter(SandboxLimits.from_argument(arguments[0]))
    # The engine after the fences, so that nothing of it runs outside; all before the job, so that none has to wait.
    from msgspec.structs import replace

    from web.writer_process import operations
    from web.writer_process.messages import MAX_MESSAGE_BYTES, Job, Reply, WriteFailure, Written, memory_error

    channel = FrameChannel[Job](Job, reading=0, writing=0, max_bytes=MAX_MESSAGE_BYTES)  # type: ignore[arg-type]
    for remaining in reversed(range(int(arguments[1]) if len(arguments) > 1 else _MAX_JOBS)):
        try:
            job = channel.receive()
        except BrokenStream:
            break  # the service ended
        assert job is not None  # noqa: S101  it waited without a deadline
        outcome: Reply
        try:
            outcome = operations.carry_out(job, channel.send)
            if remaining == 0 or _resident_bytes() >= _MAX_RESIDENT_BYTES:
                outcome = replace(outcome, staying=False)
        except AtlasError as error:
            outcome = WriteFailure(RemoteError.of(error))
        except MemoryError:
            outcome = WriteFailure(RemoteError.of(memory_error(job)))
        except OSError as error:
            failure = store_fault(error) or HomeError(
                f"The atlas cannot be written to ({error.strerror or error}).", "Nothing was changed."
            )
            outcome = WriteFailure(RemoteError.of(failure))
        channel.send(outcome)
        # A failed job may have left a store that holds its lock: the next job gets a clean process.
        if not isinstance(outcome, Written) or not outcome.staying:
            break
    return 0


def _resident_bytes() -> int:
    """Memory of this process, 0 where the system does not tell. The maximum of getrusage(2) would not do: it begins
    with that of the service, which this process was forked from."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
