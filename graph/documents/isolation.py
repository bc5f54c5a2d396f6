"""Readers of risky formats run here: a child process that is given one open file and may do little else.

The parent starts this file as a script with the document as standard input and an unlinked temporary file as
standard output, waits until a deadline, and kills the child's process group after it. Once its libraries are
loaded, the child limits itself: address space, processor time, size of its output, no new file descriptors (so
neither files nor sockets can be opened), and, where seccomp is at hand, no sockets and no new programs at all.
What it prints is one JSON object: the content, or an error.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Final, Literal, cast

if __name__ == "__main__":  # run as a script in isolated mode: the packages beside `graph` must be found
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from graph.errors import UnreadableFile

__all__ = ["DEADLINE", "MAX_MEMORY", "MAX_OUTPUT", "Task", "run"]

Task = Literal["html", "pdf"]

DEADLINE: Final = 60.0
"""Seconds that one file may take."""
MAX_MEMORY: Final = 2 * 1024**3
"""Bytes of address space on top of nothing: libraries included."""
MAX_OUTPUT: Final = 64 * 1024**2
"""Bytes of JSON."""

_REMEDY: Final = "Export it again, or as plain text, and try again."


def run(task: Task, path: Path, *, deadline: float = DEADLINE, memory: int = MAX_MEMORY) -> dict[str, Any]:
    """What the child made of the file, as a JSON object. Raises UnreadableFile, also when the child had to be ended."""
    limits = json.dumps({"seconds": deadline, "memory": memory, "output": MAX_OUTPUT})
    with path.open("rb") as source, tempfile.TemporaryFile() as result:
        process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", str(Path(__file__).resolve()), task, limits],
            stdin=source,
            stdout=result,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
            cwd="/",
            start_new_session=True,
        )
        try:
            code = process.wait(deadline + 5)  # the child's own alarm should come first
        except subprocess.TimeoutExpired:
            code = -signal.SIGALRM
        finally:
            _end(process)
        return _outcome(code, result, path, deadline)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the child if it still runs, and waits for it."""
    if process.poll() is None:
        process.kill()
    process.wait()


def _outcome(code: int, result: IO[bytes], path: Path, deadline: float) -> dict[str, Any]:
    if code in (-signal.SIGALRM, -signal.SIGXCPU):
        raise UnreadableFile(f"“{path.name}” took longer than {deadline:.0f} seconds to read.", _REMEDY, path=path)
    if code == -signal.SIGXFSZ:
        raise UnreadableFile(f"“{path.name}” holds too much text.", "Split it into smaller files.", path=path)
    result.seek(0)
    try:
        answer = json.loads(result.read(MAX_OUTPUT + 1))
    except (ValueError, RecursionError):
        answer = None
    if code != 0 or not isinstance(answer, dict):
        raise UnreadableFile(f"“{path.name}” is broken, or made to break its reader.", _REMEDY, path=path)
    if "error" in answer:
        raise UnreadableFile(f"“{path.name}” {answer['error']}.", str(answer.get("remedy", _REMEDY)), path=path)
    return cast(dict[str, Any], answer)


def _fence(limits: dict[str, float]) -> None:
    """From here on, nothing but computing: the limits of this process, from the inside."""
    import resource

    from graph.sandbox import seccomp

    seconds = max(1, int(limits["seconds"]))
    signal.setitimer(signal.ITIMER_REAL, limits["seconds"])  # default action: the process ends, parent or no parent
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limits["output"]), int(limits["output"])))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = int(limits["memory"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # The lowest free descriptor is the first that a new file or socket would take: it is not to be had.
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
    if seccomp.available():
        seccomp.refuse_system_calls()


def _main() -> None:
    task, limits = sys.argv[1], json.loads(sys.argv[2])
    if task == "pdf":
        from graph.documents.pdf import extract
    else:
        from graph.documents.html import extract
    extract(None)  # loads what is loaded lazily, before the fence closes
    _fence(limits)
    try:
        answer = extract(sys.stdin.buffer.read())
    except MemoryError:
        answer = {"error": "needs too much memory to read"}
    except RecursionError:
        answer = {"error": "is nested too deeply"}
    except Exception as error:  # a parser may raise anything on hostile input; the parent says it in words
        answer = {"error": f"cannot be parsed ({type(error).__name__})"}
    json.dump(answer, sys.stdout, ensure_ascii=True)
    sys.stdout.flush()
    os._exit(0)  # native libraries may stumble while they clean up


if __name__ == "__main__":
    _main()
