"""The child of `isolation.py`: loads one reader, gives up all it does not need, and prints what it read as JSON.

Run as a script in isolated mode, with the document as standard input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__":  # isolated mode leaves out the checkout: the packages beside `graph` must be found
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


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
