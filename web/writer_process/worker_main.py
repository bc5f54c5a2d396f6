"""The process that carries out writes: `python -m web.writer_process.worker_main`, started and watched by
`web.writer_process.service`.

It enters its fences first: no network, no other programs, a cap on memory and file sizes. Then it takes jobs, one after
the other, each a line of JSON on standard input, and answers each in lines of JSON on standard output:
`{"phase": "evaluating"}` once it holds the lock, `{"phase": "publishing"}` once the change is made, then the outcome,
whose `staying` says whether it takes another job (not after one that failed). An alarm of its own ends it, whatever
the engine is doing, when evaluation takes longer than it may. Starting takes twice as long as a small write: hence it
stays, until it has grown.

It imports neither Flask nor the search engine: it must start in a tenth of a second.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, Final

from graph.errors import AtlasError
from graph.sandbox import seccomp

__all__ = ["main"]

_JOBS: Final = 1_000
_GROWN: Final = 512 << 20
"""Bytes in memory past which a process ends after its job: what it took stays with it."""


def main(arguments: list[str]) -> int:
    """Do jobs until there are no more. `arguments`: the fences as JSON, with `jobs` if they are to be few."""
    settings: dict[str, Any] = json.loads(arguments[0])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    seccomp.limit_resources(settings["memory"], settings["file_bytes"])
    if settings["seccomp"] and seccomp.available():
        seccomp.refuse_system_calls(seccomp.FOR_WRITING)
    # The engine after the fences, so that nothing of it runs outside; all before the job, so that none has to wait.
    from web.writer_process import operations

    left = int(settings.get("jobs", _JOBS))
    while left:
        left -= 1
        asked = sys.stdin.buffer.readline()
        if not asked:
            break  # the service ended
        try:
            outcome = operations.carry_out(json.loads(asked), _say)
        except AtlasError as error:
            outcome = {"error": _told(error)}
        except MemoryError:
            outcome = {"error": {"class": "QueryMemory", "message": "The write needed more memory than it may have."}}
        # What failed may be half alive still, a store that holds its lock for one: the next job gets a clean process.
        staying = left > 0 and "error" not in outcome and _in_memory() < _GROWN
        _say({**outcome, "staying": staying})
        if not staying:
            break  # whoever was told otherwise would hand over another job
    return 0


def _in_memory() -> int:
    """Bytes of this process, where the system tells. The most that it had, as of getrusage(2), begins with what the
    service had when it started us."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _told(error: AtlasError) -> dict[str, Any]:
    """The error as data; the parent makes the same error of it."""
    told = {"class": type(error).__name__, "message": error.message, "remedy": error.remedy}
    details = {name: getattr(error, name) for name in ("line", "column", "pid", "retry_after") if hasattr(error, name)}
    return {**told, "details": details}


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
