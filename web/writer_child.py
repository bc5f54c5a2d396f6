"""The process that carries out one write: `python -m web.writer_child`, started and watched by `web.writes`.

It enters its fences first: no network, no other programs, a cap on memory and file sizes. Then it waits for one job
(JSON, to the end of standard input) and answers in lines of JSON on standard output: `{"phase": "evaluating"}` once it
holds the lock, `{"phase": "publishing"}` once the change is made, then its outcome. An alarm of its own ends it,
whatever the engine is doing, when evaluation takes longer than it may.

It imports neither Flask nor the search engine: it must start in a tenth of a second.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from graph.errors import AtlasError
from graph.sparql import fences

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Do one job. `arguments`: the fences as JSON."""
    settings: dict[str, Any] = json.loads(arguments[0])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    fences.limit_resources(settings["memory"], settings["file_bytes"])
    if settings["seccomp"] and fences.available():
        fences.refuse_system_calls(fences.FOR_WRITING)
    # The engine after the fences, so that nothing of it runs outside; all before the job, so that none has to wait.
    from web import writer_work

    asked = sys.stdin.buffer.read()
    if not asked:
        return 0  # the service ended
    try:
        outcome = writer_work.carry_out(json.loads(asked), _say)
    except AtlasError as error:
        outcome = {"error": _told(error)}
    except MemoryError:
        outcome = {"error": {"class": "QueryMemory", "message": "The write needed more memory than it may have."}}
    _say(outcome)
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
