"""Write lock of an atlas: one process writes at a time. The kernel frees the lock when its holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from graph.errors import HomeError, HomeLocked, StorageFull

__all__ = ["LOCK_FILE", "write_lock"]

LOCK_FILE: Final = "writer.lock"
"""Name of the file under `flock`. It holds the process id of its holder."""


@contextmanager
def write_lock(root: Path) -> Iterator[None]:
    """Hold the lock of the atlas in `root`, an existing directory.

    Raises HomeLocked at once while another process writes, HomeError where nobody can write.
    """
    try:
        handle = open(root / LOCK_FILE, "a+", encoding="ascii")  # noqa: SIM115  # closed just below
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                "No room is left on the disk.", "Nothing was changed. Make room, then try again."
            ) from error
        raise HomeError(
            f"{root} cannot be written to ({error.strerror}).",
            "Check its permissions and the room on its disk; nothing was changed.",
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            handle.seek(0)
            digits = handle.read().strip()
            raise HomeLocked(
                f"Another process{f' ({digits})' if digits else ''} is writing to {root}.",
                "Wait until it has finished, then try again; nothing was changed.",
                pid=int(digits) if digits.isdigit() else None,
            ) from error
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield
