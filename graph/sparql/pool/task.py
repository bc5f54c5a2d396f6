"""One question to a worker, from its submission to its delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from graph.deadline import Deadline
from graph.errors import AtlasError
from graph.sparql.pool.fair_queues import QueueEntry
from graph.sparql.search_request import SearchClauseRows
from graph.sparql.worker.process import WorkerProcess
from graph.sparql.worker.protocol import Answer, Op

__all__ = ["Cancellation", "Delivery", "Expand", "Task"]

Delivery = tuple[Answer, IO[bytes] | None] | AtlasError
"""A worker's answer, with its spool file where it has one, or the error that came instead."""

Expand = Callable[[Deadline], tuple[bytes, tuple[SearchClauseRows, ...]]]
"""Runs the searches of a query within a deadline: the text to evaluate, and the rows by search clause."""


@dataclass(slots=True, eq=False, kw_only=True)
class Task(QueueEntry):
    """One question. `deliver` is called once, in the loop, with the delivery.

    `seconds` is all the time that the query has, from its submission. `expand` is set until its searches have run;
    `searches` then holds their rows, and `search_deadline` ends them early. `restarts_left` says how often it is run
    again when its worker was killed from outside.
    """

    op: Op
    settings: bytes
    text: bytes
    seconds: float
    deliver: Callable[[Delivery], None]
    expand: Expand | None = None
    searches: tuple[SearchClauseRows, ...] = ()
    search_deadline: Deadline | None = None
    worker: WorkerProcess | None = None
    kill_at: float = 0.0
    restarts_left: int = 0
    over: bool = False


class Cancellation:
    """Ends the query to which it was given, from the loop of the pool: that query raises `QueryCancelled`.

    >>> cancellation = Cancellation()
    >>> cancellation.cancel()
    >>> cancellation.is_cancelled
    True
    """

    def __init__(self) -> None:
        self.is_cancelled = False
        self.withdraw: Callable[[], None] | None = None

    def cancel(self) -> None:
        """End the query, which may be about to begin."""
        self.is_cancelled = True
        if self.withdraw is not None:
            self.withdraw()
