"""One question to a worker, from its asker to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from graph.errors import AtlasError
from graph.sparql.pool.queues import QueueEntry
from graph.sparql.worker.process import WorkerProcess
from graph.sparql.worker.protocol import Answer, Op

__all__ = ["Delivered", "Search", "Task"]

Delivered = tuple[Answer, IO[bytes] | None] | AtlasError
"""An answer, with its spool file where it has one, or why there is none."""

Search = Callable[[Callable[[], None]], bytes]
"""Makes the searches of a query, in a thread, and gives its text. Calls what it is given before each: that raises once
the query is over."""


@dataclass(slots=True, eq=False, kw_only=True)
class Task(QueueEntry):
    """One question. `deliver` is called once, in the loop, with what came of it.

    `seconds` is all the time that it has, from when it was asked. `search` gives the text where something has to be
    searched first. `instead` is the query where `text` is only what it looks up.
    """

    op: Op
    settings: bytes
    text: bytes
    seconds: float
    deliver: Callable[[Delivered], None]
    search: Search | None = None
    instead: bytes = b""
    worker: WorkerProcess | None = None
    deadline: float = 0.0
    spared: int = 0
    over: bool = False
