"""The pool's handle on one search worker: start it, send it searches, end it."""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Final

from graph.deadline import Deadline
from graph.sandbox.connected_child import ConnectedChild
from graph.sandbox.enter import SandboxLimits
from graph.sandbox.environment import model_folders, module_paths
from graph.sandbox.exit_reason import Death
from graph.sandbox.message_frames import BrokenStream
from search.types import Query
from search.workers.messages import MAX_MESSAGE_BYTES, Cancel, Ready, Reply, SearchRequest

__all__ = ["SearchWorker", "WorkerDied"]

_START_SECONDS: Final = 120.0
_GRACE_SECONDS: Final = 5.0
"""A search ends itself at its deadline, or once it is cancelled; one that goes on for so long after that is stuck."""

_CANCEL_CHECK_SECONDS: Final = 0.05
"""From one look at whether a search under way was cancelled to the next."""

_MAX_HEAP_BYTES: Final = 8 << 30
"""Private memory of a worker; the files of the index are mapped and do not count."""

_MAX_FILE_BYTES: Final = 1 << 20
"""A worker writes lock files only, which are empty."""

_SYSTEM_PATHS: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/proc", "/sys", "/dev")


class WorkerDied(Exception):
    """The worker ended without a reply, or had to be ended."""


class SearchWorker:
    """One child process, for one search at a time. `opening` has its `model`, `cache` and `reranker`.

    The worker may read `generations` (the folder of all generations), its models, and the libraries of Python and the
    system; it may write in a scratch folder of its own.
    """

    def __init__(self, number: int, generations: Path, opening: Mapping[str, str | None]) -> None:
        self.number = number
        self._busy = threading.Lock()
        self._numbers = count(1)
        self._scratch = tempfile.TemporaryDirectory(prefix="atlas-search-", ignore_cleanup_errors=True)
        limits = SandboxLimits(
            "searcher",
            _MAX_FILE_BYTES,
            heap_bytes=_MAX_HEAP_BYTES,
            readable=[
                str(generations),
                *_library_paths(),
                *(path for path in opening.values() if path),
                *model_folders(),
            ],
            writable=[self._scratch.name],
        )
        try:
            self._child = ConnectedChild[Reply](
                "search.workers.worker",
                [json.dumps(dict(opening)), str(gc.get_threshold()[0])],
                limits,
                reply=Reply,
                max_bytes=MAX_MESSAGE_BYTES,
                environment={"TMPDIR": self._scratch.name},
            )
        except OSError:
            self._scratch.cleanup()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.process.pid

    def is_ready(self) -> bool:
        """Whether the models are loaded, within two minutes. `end` ends the wait."""
        with self._busy:
            try:
                return isinstance(self._child.receive(_START_SECONDS), Ready)
            except (BrokenStream, OSError):
                return False

    def search(
        self, generation: Path, query: Query, deadline: Deadline, *, seconds: float, as_body: bool
    ) -> Reply | None:
        """The reply to a search that may take so many seconds; it ends sooner once the deadline is cancelled.

        None where the search went on after its end: the worker must be ended then. Raises WorkerDied, and
        UnicodeEncodeError for half of a surrogate pair, which cannot be sent.
        """
        request = SearchRequest(next(self._numbers), str(generation), query, seconds, as_body)
        with self._busy:
            try:
                self._child.send(request)
                return self._reply(request, deadline)
            except (BrokenStream, OSError) as error:
                raise WorkerDied(str(error)) from error

    def _reply(self, request: SearchRequest, deadline: Deadline) -> Reply | None:
        end, is_cancelled = time.monotonic() + request.seconds + _GRACE_SECONDS, False
        while (left := end - time.monotonic()) > 0:
            reply = self._child.receive(left if is_cancelled else min(left, _CANCEL_CHECK_SECONDS))
            if reply is not None:
                return reply
            if deadline.cancelled and not is_cancelled:
                self._child.send(Cancel(request.number))
                end, is_cancelled = time.monotonic() + _GRACE_SECONDS, True
        return None

    def end(self) -> Death:
        """Kill it. Repeatable: how it ended."""
        death = self._child.process.end()
        with self._busy:  # a search under way meets the end of the stream, not a descriptor that is closed
            self._child.hang_up()
        self._scratch.cleanup()
        return death


def _library_paths() -> Iterator[str]:
    yield from (sys.prefix, sys.base_prefix, *module_paths(), *_SYSTEM_PATHS)
