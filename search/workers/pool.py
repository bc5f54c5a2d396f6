"""Searches in processes beside this one, from the moment when two are asked for at once.

Python runs one thread at a time, and half of a search is Python: eight askers of one process got no more answers than
one and a half would. One search at a time runs here, as all do on a quiet day; what comes meanwhile goes to a process
that has opened the same index (its files are mapped, and in memory once), or waits for the first place that is free.
"""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Final, TypeVar

from graph.sandbox.environment import bare_environment
from search.types import Query, Results

__all__ = ["SearchProcessPool"]

T = TypeVar("T", Results, bytes)

log = logging.getLogger(__name__)

_START: Final = 120.0
_LONGEST: Final = 60.0
"""Seconds that a process may take to get ready, and for a search, before it is ended."""

_AGAIN: Final = 5.0
"""Seconds from one try to start processes to the next."""

_HERE: Final = (0, None)


class SearchProcessPool:
    """The places where searches run: this process, and up to `processes` others; with none, all run here at once.

    `opening`: what `search.workers.worker` is told, as JSON. Any number of threads may ask.
    """

    def __init__(self, processes: int, opening: Mapping[str, str | None]) -> None:
        self._most, self._opening = processes, json.dumps(dict(opening))
        # Here before elsewhere, which takes 2 ms longer; of the others the first before the last, for its caches.
        self._free: queue.PriorityQueue[tuple[int, _Process | None]] = queue.PriorityQueue()
        self._free.put(_HERE)
        self._numbers = count(1)
        self._held: list[_Process] = []
        self._lock = threading.Lock()
        self._starting = self._closed = False
        self._not_before = 0.0

    def search(self, generation: Path, query: Query, here: Callable[[], Results]) -> Results:
        """What `here` gives, from wherever there is a place. Whatever goes wrong elsewhere is tried here."""
        return self._somewhere(Results, generation, query, here)

    def answer(self, generation: Path, query: Query, here: Callable[[], bytes]) -> bytes:
        """As `search`, for the bytes of `search.results.serialise`: what another process found is not built up here
        again."""
        return self._somewhere(bytes, generation, query, here)

    def _somewhere(self, kind: type[T], generation: Path, query: Query, here: Callable[[], T]) -> T:
        if not self._most:
            return here()
        number, process = self._place()
        if process is None:
            try:
                return here()
            finally:
                self._free.put(_HERE)
        try:
            found = process.search(kind, generation, query)
        finally:
            if process.is_alive:
                self._free.put((number, process))
            else:
                self._bury(process)
        return here() if found is None else found

    def is_quiet(self) -> bool:
        """Whether none of the processes is busy: asked by a search that runs here."""
        return self._free.qsize() >= len(self._held)

    @property
    def processes(self) -> tuple[int, ...]:
        """The numbers of those that are ready."""
        with self._lock:
            return tuple(process.pid for process in self._held)

    def close(self) -> None:
        """End the processes; searches that they were busy with are made here."""
        with self._lock:
            self._closed = True
            held, self._held = self._held, []
        for process in held:
            process.end()

    def _place(self) -> tuple[int, _Process | None]:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            self._begin()
            return self._free.get()

    def _begin(self) -> None:
        """Start what is missing, in the background."""
        with self._lock:
            wanted = self._most - len(self._held)
            if self._closed or self._starting or not wanted or time.monotonic() < self._not_before:
                return
            self._starting, self._not_before = True, time.monotonic() + _AGAIN
        threading.Thread(target=self._start, args=(wanted,), daemon=True, name="searches").start()

    def _start(self, wanted: int) -> None:
        begun: list[_Process] = []
        try:
            begun.extend(_Process(self._opening) for _ in range(wanted))
            for process in begun:
                if not process.is_ready():
                    log.warning("a process for searches did not start: they are made by fewer")
                    process.end()
                elif not self._take_in(process):
                    process.end()
        except OSError as error:
            log.warning("no process for searches could be started: %s", error)
        finally:
            self._starting = False

    def _take_in(self, process: _Process) -> bool:
        with self._lock:
            if self._closed:
                return False
            self._held.append(process)
            self._free.put((next(self._numbers), process))
        return True

    def _bury(self, process: _Process) -> None:
        log.warning("a process for searches ended with status %s", process.end())
        with self._lock, suppress(ValueError):  # closed meanwhile
            self._held.remove(process)


class _Process:
    """One child, for one thread at a time."""

    def __init__(self, opening: str) -> None:
        self._connection, theirs = Pipe()
        self.is_alive = True
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "search.workers.worker", str(theirs.fileno()), opening],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=bare_environment(),
            )
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_ready(self) -> bool:
        return self._next(_START) == "ready"

    def search(self, kind: type[T], generation: Path, query: Query) -> T | None:
        """None where it could not."""
        with suppress(OSError):
            self._connection.send((str(generation), query, kind is bytes))
            found = self._next(_LONGEST)
            return found if isinstance(found, kind) else None
        self.is_alive = False
        return None

    def _next(self, seconds: float) -> object:
        """What it says within so many seconds. Unless that is heard whole, it is not asked again."""
        self.is_alive = False
        with suppress(OSError, EOFError):
            if self._connection.poll(seconds):
                said: object = self._connection.recv()
                self.is_alive = True
                return said
        return None

    def end(self) -> int:
        """Its status."""
        self.is_alive = False
        self._process.kill()
        status = self._process.wait()  # who reads from it meets the end first, and not a connection that is closed
        self._connection.close()
        return status
