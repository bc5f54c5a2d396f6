"""Runs the readers of risky formats in a sandboxed child process.

The child (`isolated_main.py`) gets the document as standard input and an unlinked temporary file as standard output.
Once its libraries are loaded it can open no file and no socket, and an alarm ends it at its deadline. Its answer is one
JSON object: the content, or an error.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import IO, Any, Final, Literal, cast

from graph.errors import UnreadableFile
from graph.sandbox.child import Child
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.exit_reason import Death

__all__ = ["MAX_MEMORY_BYTES", "MAX_OUTPUT_BYTES", "MAX_SECONDS", "Task", "run"]

Task = Literal["html", "pdf"]

MAX_SECONDS: Final = 60.0
"""Time that one file may take."""
MAX_MEMORY_BYTES: Final = 2 * 1024**3
"""Address space of the child, libraries included."""
MAX_OUTPUT_BYTES: Final = 64 * 1024**2
"""Size of the JSON."""

_GRACE_SECONDS: Final = 5.0
"""The child's own alarm comes first; a child that is stopped cannot take it."""

_REMEDY: Final = "Export it again, or as plain text, and try again."


def run(task: Task, path: Path, *, deadline: float = MAX_SECONDS, memory: int = MAX_MEMORY_BYTES) -> dict[str, Any]:
    """The content of a file, as the JSON object that its reader makes. `deadline` in seconds, `memory` in bytes.

    Raises UnreadableFile, also when the child had to be ended.
    """
    limits = SandboxLimits(
        "reader",
        MAX_OUTPUT_BYTES,
        address_bytes=memory,
        wall_seconds=deadline,
        processor_seconds=max(1, int(deadline)),
    )
    with path.open("rb") as source, tempfile.TemporaryFile() as result:
        child = Child(
            "graph.documents.isolated_main",
            [task],
            limits=limits,
            stdin=source,
            stdout=result,
            environment={"OMP_NUM_THREADS": "1"},
        )
        death = child.end(deadline + _GRACE_SECONDS, "deadline")
        return _content(death, result, path, deadline)


def _content(death: Death, result: IO[bytes], path: Path, deadline: float) -> dict[str, Any]:
    if death.reason == "deadline":
        raise UnreadableFile(f"“{path.name}” took longer than {deadline:.0f} seconds to read.", _REMEDY, path=path)
    if death.reason == "size":
        raise UnreadableFile(f"“{path.name}” holds too much text.", "Split it into smaller files.", path=path)
    result.seek(0)
    try:
        answer = json.loads(result.read(MAX_OUTPUT_BYTES + 1))
    except (ValueError, RecursionError):
        answer = None
    if death.reason != "exit" or not isinstance(answer, dict):
        raise UnreadableFile(f"“{path.name}” is broken, or made to break its reader.", _REMEDY, path=path)
    if "error" in answer:
        raise UnreadableFile(f"“{path.name}” {answer['error']}.", str(answer.get("remedy", _REMEDY)), path=path)
    return cast(dict[str, Any], answer)
