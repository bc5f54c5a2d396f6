"""Limits of the system under which the server cannot start: an error says which, and what to do."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from graph.errors import InputError

__all__ = ["check_address_space", "check_threads", "explained_thread_limit"]

MIN_ADDRESS_SPACE_BYTES: Final = 2 << 30
"""Bytes of address space without which even the smallest atlas cannot be served: stores and indexes are mapped, and
each thread reserves its stack. Most of it takes no memory."""

MIN_THREADS: Final = 64
"""Threads of a server at rest: 40 for requests, the others of the store, the model and the HTTP server."""

_THREAD_ERROR: Final = "can't start new thread"


def check_address_space(limit: int | None = None) -> None:
    """Raise `InputError` where this process may not have enough address space. `limit`: bytes, None: as it is set."""
    if limit is None:
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < MIN_ADDRESS_SPACE_BYTES:
        raise InputError(
            f"The address space of this process is limited to {limit >> 20:,} MiB, with which the server cannot work.",
            "Lift the limit (ulimit -v unlimited), or set it to 4 GiB and more; to bound memory, use a limit of the "
            "service manager or container.",
        )


def check_threads(count: int = MIN_THREADS) -> None:
    """Raise `InputError` where this process may not have so many threads: the store would abort without a word."""
    end = threading.Event()
    threads = [threading.Thread(target=end.wait, daemon=True) for _ in range(count)]
    started: list[threading.Thread] = []
    try:
        with explained_thread_limit():
            for thread in threads:
                thread.start()
                started.append(thread)
    finally:
        end.set()
        for thread in started:
            thread.join()


@contextmanager
def explained_thread_limit() -> Iterator[None]:
    """Raise `InputError` instead of Python's own error where the system allows this process no further thread."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != _THREAD_ERROR:
            raise
        raise InputError(
            "The system allows this process no further threads.",
            "Raise the limits for processes and threads (ulimit -u), address space (ulimit -v) and stacks (ulimit -s), "
            "or those of the container.",
        ) from error
