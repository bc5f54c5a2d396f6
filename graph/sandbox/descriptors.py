"""A cap on new descriptors, which keeps the query engine off the network where there is no seccomp.

Where there is, it is not used: the engine opens table files only when a query first reads them, and a cap that is
counted too tight fails a sound query.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Hashable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["DescriptorCap"]

_MAX_DESCRIPTORS: Final = 4096
_OTHER_FILES: Final = 64
"""Files that the engine may open for a store beside its tables; where it opens more, the cap is looser than need be."""


class DescriptorCap:
    """Allows as many new descriptors as the open stores have tables that are not open yet."""

    def __init__(self) -> None:
        self._hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self._before: dict[int, tuple[int, int]] = {}
        self._unopened: dict[Hashable, int] = {}

    def lift(self, closed: Iterable[Hashable]) -> None:
        """Before a store is opened: no cap. The stores `closed` are open no longer."""
        below = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._hard, self._hard))
        for store in closed:
            self._unopened.pop(store, None)
        self._before = _descriptors(min(below, _MAX_DESCRIPTORS))

    def close(self, store: Hashable, folder: Path) -> None:
        """After the store, whose tables are in `folder`, was opened, or could not be."""
        tables = _tables(folder)
        # Generations share files, and each store opens them for itself: those of other stores do not count.
        after = _descriptors(min(max(self._before) + len(tables) + _OTHER_FILES, _MAX_DESCRIPTORS))
        opened = {identity for number, identity in after.items() if number not in self._before}
        self._unopened[store] = len(tables - opened)
        limit = _nth_free(sum(self._unopened.values()) + 1, below=self._hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, self._hard))


def _tables(folder: Path) -> set[tuple[int, int]]:
    """The identities of the tables in a folder; none where it is gone."""
    tables = set()
    with suppress(FileNotFoundError):
        for file in folder.iterdir():
            with suppress(FileNotFoundError):  # pruned meanwhile
                if file.suffix == ".sst":
                    tables.add(_identity(file.stat()))
    return tables


def _nth_free(count: int, *, below: int) -> int:
    """The number of the descriptor that would be opened after `count - 1` others; `below` where there are fewer."""
    free: list[int] = []
    try:
        while len(free) < count:
            free.append(os.dup(0))
        return free[-1]
    except OSError:
        return below
    finally:
        for descriptor in free:
            os.close(descriptor)


def _descriptors(below: int) -> dict[int, tuple[int, int]]:
    """Open descriptor → the identity of its file."""
    files = {}
    for descriptor in range(below):
        try:
            files[descriptor] = _identity(os.fstat(descriptor))
        except OSError:
            continue
    return files


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
