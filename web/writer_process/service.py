"""Writes that come over HTTP: a supervised child process carries them out, one at a time, each whole or not at all.

The child (`web.writer_process.worker_main`) publishes the new generation before it answers, so a client's next request
sees its own write. A child that is killed leaves the live generation as it was; its scratch folder is removed.

One at a time, first come first served: a plain lock lets a newcomer pass those who wait.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from graph import errors
from graph.errors import AtlasError, HomeLocked, QueryFailed
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.graph_store import UNPACKED_BYTES
from graph.storage.generations import Home
from web.writer_process.process_handle import NeverBegan, WriterChild

__all__ = ["Done", "FifoLock", "WriteLimits", "Writes", "as_told"]

_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """`timeout` is what an update may take, `upload_timeout` the reading of an upload, `wait` the lock (seconds).

    `memory` caps the child's address space and `file_bytes` each file that it writes; `upload_bytes` is the largest
    body that the graph store takes, `unpacked_bytes` the most that a gzipped one is unpacked to.
    """

    timeout: float = 10.0
    upload_timeout: float = 120.0
    wait: float = 10.0
    memory: int = 3 * _GIB
    file_bytes: int = 4 * _GIB
    upload_bytes: int = 64 << 20
    unpacked_bytes: int = UNPACKED_BYTES


@dataclass(frozen=True, slots=True)
class Done:
    """What a write did: the generation that it made, and whether its graph is new."""

    generation: str
    created: bool
    ms: float


class FifoLock:
    """Thread-safe. Whoever got a turn gives it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def take(self, seconds: float) -> bool:
        """Wait for a turn; False where it does not come in time."""
        mine = threading.Event()
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():
                return True  # handed over at the last moment
            self._waiting.remove(mine)
            return False

    def give(self) -> None:
        """To the one who waits longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


@dataclass
class Writes:
    """The write side of a service. Thread-safe. `then` is called after each write that succeeded."""

    home: Home
    limits: WriteLimits = field(default_factory=WriteLimits)
    then: Callable[[], None] = lambda: None
    seccomp: bool = True
    _turns: FifoLock = field(default_factory=FifoLock, repr=False)
    _spare: WriterChild | None = field(default=None, repr=False)

    def update(self, text: str, *, base: str, dataset: Dataset = WHOLE) -> Done:
        """Run a SPARQL update. Raises the members of QueryError, and HomeLocked while another process writes."""
        job = {"operation": "update", "text": text, "using": dataset.default, "using_named": dataset.named}
        return self._run({**job, "base": base, "timeout": self.limits.timeout})

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
        timeout = self.limits.timeout if method == "PATCH" else self.limits.upload_timeout
        job: dict[str, Any] = {"operation": "graph", "method": method, "graph": graph, "text": text}
        job["expected"] = expected
        job["uploads"] = [{**each, "limit": self.limits.unpacked_bytes} for each in uploads]
        return self._run({**job, "base": base, "timeout": timeout})

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Stand in line with the writes, and hold them up meanwhile. Raises HomeLocked where the turn does not come."""
        if not self._turns.take(self.limits.wait):
            raise HomeLocked("Other writes are waiting for their turn.", "Try again in a moment; nothing was changed.")
        try:
            yield
        finally:
            self._turns.give()

    def close(self) -> None:
        """End the child that waits for the next write."""
        if self._turns.take(self.limits.wait):
            if self._spare is not None:
                self._spare.end()
                self._spare = None
            self._turns.give()

    def _run(self, job: dict[str, Any]) -> Done:
        started = time.perf_counter()
        with self.turn():
            answer = self._ask({**job, "home": str(self.home.root.resolve()), "wait": self.limits.wait})
        if "error" in answer:
            raise as_told(answer["error"])
        self.then()
        ms = (time.perf_counter() - started) * 1000
        return Done(answer["generation"], bool(answer.get("created")), ms)

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """By the child that waits. Where it does not stay, the next one starts at once: no write waits for imports."""
        fenced = {"memory": self.limits.memory, "file_bytes": self.limits.file_bytes, "seccomp": self.seccomp}
        child, self._spare = self._spare or WriterChild(fenced), None
        try:
            try:
                return child.carry_out(job)
            except NeverBegan:  # it ended while it waited, by whatever hand
                child = WriterChild(fenced)
                return child.carry_out(job)
        except NeverBegan as gone:
            raise gone.error from None
        finally:
            self._spare = child if child.staying else WriterChild(fenced)


def as_told(told: dict[str, Any]) -> AtlasError:
    """The child's error, made again; only classes of our own tree. What is none of them is not the client's doing."""
    kind = getattr(errors, str(told["class"]), None) if told["class"] in errors.__all__ else None
    error: AtlasError = AtlasError.__new__(kind or QueryFailed)
    AtlasError.__init__(error, str(told["message"]), str(told.get("remedy", "")))
    for name, value in {"line": 1, "column": 1, "nearest": (), "path": None, **told.get("details", {})}.items():
        setattr(error, name, value)
    return error
