"""What has processes of its own ends them with this one, and starts afresh in a forked child."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from functools import lru_cache
from typing import Final, Protocol

__all__ = ["Lasting", "remember"]


class Lasting(Protocol):
    def close(self) -> None: ...

    def after_fork(self) -> None:
        """In the child: the processes are the parent's."""


_all: Final[weakref.WeakSet[Lasting]] = weakref.WeakSet()


def remember(each: Lasting) -> None:
    """See that it is closed at the end of this process, and told of a fork, for as long as it lives."""
    _hooks()
    _all.add(each)


@lru_cache(maxsize=1)
def _hooks() -> None:
    """Once per process that has any."""
    lock = threading.Lock()

    def end() -> None:
        with lock:
            for each in list(_all):
                each.close()

    def renew() -> None:
        for each in list(_all):
            each.after_fork()

    atexit.register(end)
    os.register_at_fork(after_in_child=renew)
