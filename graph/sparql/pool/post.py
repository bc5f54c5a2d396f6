"""What workers are asked, on its way to them.

What one is asked in one turn of the loop goes at the end of that turn: it costs one call and one waking. Used by the
pool's loop alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from graph.sparql.worker.process import WorkerDied, WorkerProcess

__all__ = ["Outbox"]


class Outbox:
    """`lost` is called, in the loop, with a worker that turns out to be dead."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: Callable[[WorkerProcess], None]) -> None:
        self._loop, self._lost = loop, lost
        self._letters: dict[WorkerProcess, list[bytes]] = {}

    def send(self, worker: WorkerProcess, question: bytes) -> None:
        if not self._letters:
            self._loop.call_soon(self._deliver)
        self._letters.setdefault(worker, []).append(question)

    def forget(self, worker: WorkerProcess) -> None:
        """It is to hear no more."""
        self._letters.pop(worker, None)
        if worker.fileno() >= 0:
            self._loop.remove_writer(worker.fileno())

    def _deliver(self) -> None:
        letters, self._letters = self._letters, {}
        for worker, questions in letters.items():
            try:
                if worker.usable and not worker.ask(b"".join(questions)):
                    self._loop.add_writer(worker.fileno(), self._writable, worker)
            except WorkerDied:
                self._lost(worker)

    def _writable(self, worker: WorkerProcess) -> None:
        try:
            if worker.go_on():
                self._loop.remove_writer(worker.fileno())
        except WorkerDied:
            self._lost(worker)
