"""Searches in worker processes, from the moment when two run at once.

Python runs one thread at a time, and half of a search is Python: eight clients of one process got no more answers than
one and a half would. One search at a time runs here, as all do on a quiet day; others go to a worker that has opened
the same index (its files are mapped, and in memory once), or wait for the first place that is free.

A search that fails in a worker has failed: its error is raised here. Only a search whose worker died, or could not open
the generation, runs again, once, in the one place here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

from graph.deadline import Deadline
from graph.errors import QueryCancelled, QueryTimeout
from graph.sandbox.remote_error import RemoteError
from search.searcher import MAX_SEARCH_SECONDS
from search.types import Query, Results
from search.workers.messages import Body, Crash, Found, Reply
from search.workers.process_handle import SearchWorker, WorkerDied

__all__ = ["SearchCrash", "SearchProcessPool"]

T = TypeVar("T", Results, bytes)

log = logging.getLogger(__name__)

_RESTART_SECONDS: Final = 5.0
"""From one attempt to start workers to the next."""

_PLACE_CHECK_SECONDS: Final = 0.05
"""From one look at the deadline of a search that waits for a place to the next."""


class SearchCrash(Exception):
    """A search failed in a worker with an error that is none of ours. `is_panic`: a library written in Rust gave up."""

    def __init__(self, detail: str, *, is_panic: bool) -> None:
        super().__init__(detail)
        self.is_panic = is_panic


class SearchProcessPool:
    """Places where searches run: this process, and up to `processes` workers; with none, all run here at once.

    `opening` has the `model`, `cache` and `reranker` of the workers. `max_seconds`: of a search without a deadline of
    its own, and of any search in a worker. `start_worker` starts a worker with a number of its own, over a folder of
    generations. Thread-safe.

    >>> pool = SearchProcessPool(0, {})
    >>> pool.answer(folder, Query("studios"), lambda: b"{}")
    b'{}'
    """

    def __init__(
        self,
        processes: int,
        opening: Mapping[str, str | None],
        *,
        max_seconds: float = MAX_SEARCH_SECONDS,
        start_worker: Callable[[int, Path, Mapping[str, str | None]], SearchWorker] = SearchWorker,
    ) -> None:
        self._start_worker = start_worker
        self._max_workers, self._max_seconds = processes, max_seconds
        self._opening = {name: _absolute(value) for name, value in opening.items()}
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._here_is_free = True
        self._workers: list[SearchWorker] = []
        self._idle: list[SearchWorker] = []
        self._booting: list[SearchWorker] = []
        self._starting = self._closed = False
        self._not_before = 0.0

    def search(
        self, generation: Path, query: Query, search_here: Callable[[], Results], deadline: Deadline | None = None
    ) -> Results:
        """The results of a search of the generation in this folder; `search_here` makes the same search in this
        process, and ends at the deadline itself.

        Raises what the search raises, QueryTimeout once `deadline` has passed, also while it waits for a place,
        QueryCancelled once it is cancelled, and SearchCrash.
        """
        return self._run(Results, generation, query, search_here, deadline=deadline)

    def answer(
        self, generation: Path, query: Query, search_here: Callable[[], bytes], deadline: Deadline | None = None
    ) -> bytes:
        """As `search`, as the bytes of `search.results.serialise.answer`: a worker's results are not built up here
        again."""
        return self._run(bytes, generation, query, search_here, deadline=deadline)

    def is_quiet(self) -> bool:
        """Whether no worker is busy: for a search that runs here."""
        return len(self._idle) >= len(self._workers)

    @property
    def processes(self) -> tuple[int, ...]:
        """The process ids of the workers that are ready."""
        with self._changed:
            return tuple(worker.pid for worker in self._workers)

    def close(self) -> None:
        """End the workers; the searches that they were busy with run here."""
        with self._changed:
            self._closed = True
            workers = [*self._workers, *self._booting]
            self._workers, self._idle = [], []
        for worker in workers:
            worker.end()

    def _run(
        self, kind: type[T], generation: Path, query: Query, search_here: Callable[[], T], *, deadline: Deadline | None
    ) -> T:
        if not self._max_workers:
            return search_here()
        deadline = deadline or Deadline.after(self._max_seconds)
        worker = self._acquire(generation, deadline)
        if worker is not None:
            result = self._delegate(worker, kind, generation, query, deadline=deadline)
            if result is not None:
                return result
            self._acquire_here(deadline)
        try:
            return search_here()
        finally:
            with self._changed:
                self._here_is_free = True
                self._changed.notify_all()

    def _delegate(
        self, worker: SearchWorker, kind: type[T], generation: Path, query: Query, *, deadline: Deadline
    ) -> T | None:
        """The result of a worker; None where it did not search."""
        seconds = min(self._max_seconds, deadline.remaining())
        try:
            reply = worker.search(generation, query, deadline, seconds=seconds, as_body=kind is bytes)
        except UnicodeEncodeError:
            reply = None  # half of a surrogate pair cannot be sent
        except WorkerDied:
            self._remove(worker)
            return None
        except BaseException:  # nobody knows what state it is in
            self._remove(worker)
            raise
        else:
            if reply is None:
                self._remove(worker)
                if deadline.cancelled:
                    raise QueryCancelled("The search was cancelled.")
                raise QueryTimeout(
                    f"The search was still running after {seconds:.3g} seconds.", "Ask in fewer words.", seconds=seconds
                )
        with self._changed:
            if not self._closed:
                self._idle.append(worker)
            self._changed.notify_all()
        return _result(kind, reply)

    def _acquire(self, generation: Path, deadline: Deadline) -> SearchWorker | None:
        """A place: an idle worker, or None for here. Here is preferred, as a worker takes 2 ms longer; of the workers
        the first, for its caches."""
        with self._changed:
            deadline.check()
            while not self._here_is_free:
                if self._idle:
                    worker = min(self._idle, key=lambda worker: worker.number)
                    self._idle.remove(worker)
                    return worker
                self._start_missing(generation)
                self._changed.wait(_PLACE_CHECK_SECONDS)
                deadline.check()
            self._here_is_free = False
            return None

    def _acquire_here(self, deadline: Deadline) -> None:
        with self._changed:
            while not self._here_is_free:
                self._changed.wait(_PLACE_CHECK_SECONDS)
                deadline.check()
            self._here_is_free = False

    def _start_missing(self, generation: Path) -> None:
        """Start the workers that are missing, in the background. The lock is held."""
        missing = self._max_workers - len(self._workers)
        if self._closed or self._starting or not missing or time.monotonic() < self._not_before:
            return
        self._starting, self._not_before = True, time.monotonic() + _RESTART_SECONDS
        folder = generation.resolve().parent
        thread = threading.Thread(target=self._start, args=(missing, folder), daemon=True, name="search-workers")
        try:
            thread.start()
        except RuntimeError as error:  # the system has no thread to give; the search waits for the place here
            self._starting = False
            log.warning("no search worker could be started: %s", error)

    def _start(self, missing: int, generations: Path) -> None:
        """Start workers, all of them before the first is ready: to load the models takes seconds."""
        started: list[SearchWorker] = []
        try:
            while len(started) < missing and (worker := self._boot(generations)) is not None:
                started.append(worker)
        except Exception as error:
            log.warning("%s of %s search workers could be started: %r", len(started), missing, error)
        try:
            for worker in started:
                self._await_ready(worker)
        finally:
            self._starting = False

    def _boot(self, generations: Path) -> SearchWorker | None:
        """A worker that begins to load its models; None once the pool is closed."""
        worker = self._start_worker(next(self._numbers), generations, self._opening)
        with self._changed:
            if not self._closed:
                self._booting.append(worker)
                return worker
        worker.end()
        return None

    def _await_ready(self, worker: SearchWorker) -> None:
        """Add a worker to the pool once it is ready; one that fails, or comes too late, ends."""
        is_added = False
        try:
            is_added = worker.is_ready() and self._add(worker)
        except Exception:
            log.exception("a search worker did not get ready")
        if not is_added:
            death = worker.end()
            if not self._closed:
                log.warning("a search worker did not start, there are fewer: %s", death.detail)
        with self._changed:
            self._booting.remove(worker)

    def _add(self, worker: SearchWorker) -> bool:
        with self._changed:
            if self._closed:
                return False
            self._workers.append(worker)
            self._idle.append(worker)
            self._changed.notify_all()
        return True

    def _remove(self, worker: SearchWorker) -> None:
        with self._changed:
            closed = self._closed
            if worker in self._workers:
                self._workers.remove(worker)
        death = worker.end()
        if not closed:
            log.warning("a search worker ended (%s): %s", death.reason, death.detail)


def _absolute(value: str | None) -> str | None:
    """A path as it is from the folder of a child; None and the name of a model as they are."""
    path = Path(value).expanduser() if value else None
    return str(path.absolute()) if path is not None and path.exists() else value


def _result(kind: type[T], reply: Reply | None) -> T | None:
    """What the reply holds. Raises the error that it holds."""
    match reply:
        case RemoteError():
            raise reply.restored()
        case Crash():
            raise SearchCrash(reply.detail, is_panic=reply.is_panic)
        case Found() if kind is Results:
            return reply.results
        case Body() if kind is bytes:
            return reply.body
    return None
