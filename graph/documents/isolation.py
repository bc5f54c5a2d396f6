"""Runs the readers of risky formats in a child process that is given one open file and may do little else.

The parent starts `isolated_main.py` as a script with the document as standard input and an unlinked temporary file as
standard output, waits until a deadline, and kills the child's process group after it. Once its libraries are
loaded, the child limits itself: address space, processor time, size of its output, no new file descriptors (so
neither files nor sockets can be opened), and, where seccomp is at hand, no sockets and no new programs at all.
What it prints is one JSON object: the content, or an error.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Final, Literal, cast

from graph.errors import UnreadableFile

__all__ = ["DEADLINE", "MAX_MEMORY", "MAX_OUTPUT", "Task", "run"]

Task = Literal["html", "pdf"]

DEADLINE: Final = 60.0
"""Seconds that one file may take."""
MAX_MEMORY: Final = 2 * 1024**3
"""Bytes of address space on top of nothing: libraries included."""
MAX_OUTPUT: Final = 64 * 1024**2
"""Bytes of JSON."""

_CHILD: Final = Path(__file__).resolve().with_name("isolated_main.py")

_REMEDY: Final = "Export it again, or as plain text, and try again."


def run(task: Task, path: Path, *, deadline: float = DEADLINE, memory: int = MAX_MEMORY) -> dict[str, Any]:
    """What the child made of the file, as a JSON object. Raises UnreadableFile, also when the child had to be ended."""
    limits = json.dumps({"seconds": deadline, "memory": memory, "output": MAX_OUTPUT})
    with path.open("rb") as source, tempfile.TemporaryFile() as result:
        process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", str(_CHILD), task, limits],
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
