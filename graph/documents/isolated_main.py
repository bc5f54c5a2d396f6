"""The child of `isolation.py`: loads one reader, enters the sandbox, and prints what the reader made of a document.

`python -m graph.documents.isolated_main LIMITS TASK`, with the document as standard input; the answer is one JSON
object on standard output: the content, or an `error` in words that follow the name of the file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from graph.sandbox.enter import SandboxLimits, enter

__all__ = ["READERS", "main"]

READERS: Final = {"html": "graph.documents.html", "pdf": "graph.documents.pdf"}
"""Task → the module whose `extract` does it."""


def main(arguments: list[str]) -> None:
    """`arguments`: the limits of the sandbox, and the task."""
    extract: Callable[[bytes | None], dict[str, Any]] = import_module(READERS[arguments[1]]).extract
    extract(None)  # loads what is loaded lazily: no file can be opened in the sandbox
    enter(SandboxLimits.from_argument(arguments[0]))
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
    main(sys.argv[1:])
