"""Threads of background work, on a system that may have no more threads to give."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

__all__ = ["start_thread"]

log = logging.getLogger(__name__)


def start_thread(target: Callable[[], None], name: str) -> threading.Thread | None:
    """A daemon thread that has begun with `target`. None where the system has no thread to give: what asked for the
    work, a search or a write, does not fail for that, and the next occasion tries again.

    >>> thread = start_thread(lambda: None, "nothing")
    >>> thread.join()
    """
    thread = threading.Thread(target=target, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        log.warning("the thread %s could not be started: %s", name, error)
        return None
    return thread
