"""Writes that come over HTTP: a supervised child process carries them out, one at a time, each whole or not at all.

The child (`web.writer_process.worker_main`) publishes the new generation before it answers, so a client's next request
sees its own write. A child that is killed leaves the live generation as it was; its scratch folder is removed.

Writes run in the order of their arrival; a plain lock would let a newcomer overtake waiting threads.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graph.claims.write_protection import MAX_REMOVED
from graph.errors import HomeLocked, QueryFailed
from graph.sandbox.enter import SandboxLimits
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.graph_store import UNPACKED_BYTES
from graph.storage.generations import Home
from graph.write.rdf_parse import parse_seconds
from graph.write.term_limits import MAX_TERM_BYTES
from graph.write.writer import Progress, no_progress
from web.writer_process.messages import GraphJob, Job, LoadJob, UpdateJob, UploadFile, WriteFailure, Written
from web.writer_process.process_handle import JobNotBegun, WriterChild

__all__ = ["Done", "FifoLock", "WriteLimits", "Writes"]

_GIB: Final = 1 << 30

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """`timeout` is what an update may take, `upload_timeout` the reading of an upload, `wait` the lock (seconds).

    `memory` caps the child's address space and `file_bytes` each file that it writes; `upload_bytes` is the largest
    body that the graph store takes, `unpacked_bytes` the most that a gzipped one is unpacked to. `term_bytes` is
    the longest IRI or literal that a write may bring, `max_removed` the share of the accepted facts, or claims, that it
    may take out.
    """

    timeout: float = 10.0
    upload_timeout: float = 120.0
    wait: float = 10.0
    memory: int = 3 * _GIB
    file_bytes: int = 4 * _GIB
    upload_bytes: int = 64 << 20
    unpacked_bytes: int = UNPACKED_BYTES
    term_bytes: int = MAX_TERM_BYTES
    max_removed: float = MAX_REMOVED


@dataclass(frozen=True, slots=True)
class Done:
    """A write that succeeded: the generation that it made (empty: nothing changed), whether its graph is new, and how
    long it took in ms. Of a load: the number of quads `added`, and the files that were `empty`. `warnings`: where the
    engine may have done otherwise than SPARQL says.
    """

    generation: str
    created: bool
    ms: float
    warnings: tuple[str, ...] = ()
    added: int = 0
    empty: tuple[str, ...] = ()


class FifoLock:
    """Lock that waiting threads get in the order of their arrival. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def take(self, seconds: float) -> bool:
        """Wait for the lock. Returns False if it is not free within `seconds`."""
        turn = threading.Event()
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._lock:
            if turn.is_set():
                return True  # handed over at the last moment
            self._waiting.remove(turn)
            return False

    def give(self) -> None:
        """Free the lock, or hand it to the thread that has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


@dataclass
class Writes:
    """The write side of a service. Thread-safe. `then` is called after each write that succeeded,
    which it remains if `then` fails. `check` is called before each write, and raises where nothing may be written: on a
    damaged graph, further writes would push the last whole generation off the disk.

    `start_child` starts the child of a sandbox. `seccomp=False` is for tests of the other fences.
    """

    home: Home
    limits: WriteLimits = field(default_factory=WriteLimits)
    then: Callable[[], None] = lambda: None
    check: Callable[[], None] = lambda: None
    start_child: Callable[[SandboxLimits], WriterChild] = WriterChild
    seccomp: bool = True
    _turns: FifoLock = field(default_factory=FifoLock, repr=False)
    _spare: WriterChild | None = field(default=None, repr=False)
    _ends_at: float = field(default=0.0, repr=False)
    """When the write that has its turn is done at the latest (monotonic clock)."""
    _closed: bool = field(default=False, repr=False)

    @property
    def spare_pid(self) -> int | None:
        """The process id of the child that waits for the next write; None where there is none."""
        spare = self._spare
        return None if spare is None else spare.pid

    def update(self, text: str, *, base: str, dataset: Dataset = WHOLE) -> Done:
        """Run a SPARQL update. Raises the members of QueryError, and HomeLocked while another process writes."""
        return self._run(
            UpdateJob(
                **self._common(base, self.limits.timeout),
                text=text,
                using=dataset.default,
                using_named=dataset.named,
            )
        )

    def graph(
        self,
        method: str,
        graph: str | None,
        *,
        base: str,
        uploads: Sequence[dict[str, Any]] = (),
        text: str = "",
        expected: str | None = None,
    ) -> Done:
        """PUT, POST, DELETE or PATCH a graph, None being the default graph. `uploads` as `graph_store.Upload`.

        `expected`: the generation that must be live when the write has its turn, else GraphChanged. Raises the members
        of InputError and QueryError, and HomeLocked.
        """
        timeout = self.limits.timeout if method == "PATCH" else self._upload_seconds(uploads)
        return self._run(
            GraphJob(
                **self._common(base, timeout),
                method=method,
                graph=graph,
                uploads=tuple(UploadFile(**upload, limit=self.limits.unpacked_bytes) for upload in uploads),
                text=text,
                expected=expected,
            )
        )

    def load(self, files: Sequence[Path], *, graph: str | None = None, progress: Progress = no_progress) -> Done:
        """Load RDF files, into an atlas or a new one. Raises the members of InputError and QueryError, and HomeLocked.

        `limits.upload_timeout` is what the files may take together, whatever their size."""
        self.home.prepare()
        return self._run(
            LoadJob(
                **self._common("", self.limits.upload_timeout),
                files=tuple(str(path.absolute()) for path in files),
                graph=graph,
            ),
            progress,
        )

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn among the writes and block the others. Raises HomeLocked after `limits.wait`."""
        if not self._turns.take(self.limits.wait):
            seconds = max(1, math.ceil(self._ends_at - time.monotonic()))
            raise HomeLocked(
                "Other writes are waiting for their turn.",
                f"Try again in {seconds} seconds; nothing was changed.",
                retry_after=seconds,
            )
        try:
            yield
        finally:
            self._turns.give()

    def close(self) -> None:
        """End the child that waits for the next write. That of a write under way ends after it."""
        self._closed = True  # first: a write under way looks at it in the end
        with suppress(HomeLocked), self.turn():
            spare, self._spare = self._spare, None
            if spare is not None:
                spare.end()

    def _upload_seconds(self, uploads: Sequence[dict[str, Any]]) -> float:
        """What the uploads may take, by their length: a short one must not keep the others waiting for long."""
        if any(upload.get("packed") for upload in uploads):
            return self.limits.upload_timeout
        size = sum(Path(upload["path"]).stat().st_size for upload in uploads)
        return min(self.limits.upload_timeout, parse_seconds(size))

    def _common(self, base: str, timeout: float) -> dict[str, Any]:
        home = str(self.home.root.resolve())
        return {
            "home": home,
            "base": base,
            "timeout": timeout,
            "wait": self.limits.wait,
            "term_bytes": self.limits.term_bytes,
            "max_removed": self.limits.max_removed,
        }

    def _run(self, job: Job, progress: Progress = no_progress) -> Done:
        started = time.perf_counter()
        self.check()
        with self.turn():
            self._ends_at = time.monotonic() + job.timeout
            outcome = self._delegate(job, progress)
        if isinstance(outcome, WriteFailure):
            raise outcome.error.restored()
        try:
            self.then()
        except Exception:
            log.exception("a write was published, and what follows it failed")
        ms = (time.perf_counter() - started) * 1000
        return Done(outcome.generation, outcome.created, ms, outcome.warnings, added=outcome.added, empty=outcome.empty)

    def _delegate(self, job: Job, progress: Progress) -> Written | WriteFailure:
        """Give the job to the child that waits. If it does not stay, the next one starts at once: no write waits for
        imports."""
        spare, self._spare = self._spare, None
        if spare is not None and not spare.is_current:
            spare.end()
            spare = None
        child = spare or self._start_child(job.home)
        try:
            try:
                return child.carry_out(job, progress)
            except JobNotBegun:  # it ended while it waited, by whatever hand
                child = self._start_child(job.home)
                return child.carry_out(job, progress)
        except JobNotBegun as error:
            raise error.error from None
        finally:
            self._spare = self._next_child(child, job.home)

    def _next_child(self, last: WriterChild, home: str) -> WriterChild | None:
        """A child for the next write; None where there is to be none, or none can be started.

        Raises nothing: it says nothing about the write before it.
        """
        try:
            if self._closed:
                last.end()
                return None
            return last if last.staying else self._start_child(home)
        except Exception as error:
            log.warning("no process waits for the next write: %r", error)
            return None

    def _start_child(self, home: str) -> WriterChild:
        limits = SandboxLimits(
            "writer",
            self.limits.file_bytes,
            address_bytes=self.limits.memory,
            writable=(home,),
            seccomp=self.seccomp,
        )
        try:
            return self.start_child(limits)
        except OSError as error:
            reason = f"No process that writes could be started: {error.strerror}."
            raise QueryFailed(reason, "Nothing was changed. Check memory and open files, then try again.") from error
