"""A child for tests: enters the sandbox, tries to break out, and prints which attempts went through as JSON.

`python -m tests.graph.sandbox.probe LIMITS FOLDER PORT`; with `spin` or `sleep` after that, it then runs for ever.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from graph.sandbox.enter import SandboxLimits, enter


def attempts(folder: Path, port: int, inherited: socket.socket) -> dict[str, Callable[[], object]]:
    """Everything that no child may do, by name."""
    return {
        "socket": socket.socket,
        "connect": lambda: inherited.connect(("127.0.0.1", port)),
        "send": lambda: inherited.sendto(b"x", ("127.0.0.1", port)),
        "name look-up": lambda: socket.getaddrinfo("localhost.example", 80),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "spawn": lambda: subprocess.run(["/bin/true"], check=True),
        "fork": lambda: os.fork() or os._exit(0),
        "signal the parent": lambda: os.kill(os.getppid(), 0),
        "environment of the parent": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "type into the terminal": type_into_terminal,
        "write outside": lambda: (folder / "new").write_bytes(b"x"),
        "delete outside": (folder / "kept").unlink,
        "rename outside": lambda: (folder / "kept").rename(folder / "other"),
        "make a folder outside": (folder / "sub").mkdir,
        "link outside": lambda: (folder / "link").symlink_to(folder / "kept"),
        "read outside": (folder / "kept").read_bytes,
        "write inside": lambda: (folder / "inside" / "new").write_bytes(b"x"),
    }


def type_into_terminal() -> None:
    """The kernel refuses this to a file that is no terminal in its own way, after the filter."""
    try:
        fcntl.ioctl(0, termios.TIOCSTI, b"x")
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def main(arguments: list[str]) -> None:
    inherited = socket.socket()
    enter(SandboxLimits.from_argument(arguments[0]))
    outcomes = []
    for name, attempt in attempts(Path(arguments[1]), int(arguments[2]), inherited).items():
        try:
            attempt()
            outcomes.append(name)
        except (OSError, subprocess.SubprocessError):
            continue
    print(json.dumps(outcomes), flush=True)
    while arguments[3:] == ["spin"]:
        pass
    while arguments[3:] == ["sleep"]:
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1:])
