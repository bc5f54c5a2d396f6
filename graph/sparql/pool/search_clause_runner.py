"""Runs the searches inside queries, one thread for each query, before the query is given to a worker.

A thread cannot be ended from outside. The search receives a deadline instead, and ends at its next step once the time
of the query is over, the query was cancelled or its client has left. Its place in the queues is free after that.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from graph.deadline import Deadline
from graph.errors import AtlasError, QueryFailed
from graph.sparql.pool.fair_queues import QueryQueues
from graph.sparql.pool.task import Expand, Task
from graph.sparql.search_request import SearchClauseRows

__all__ = ["SearchClauseRunner"]

log = logging.getLogger(__name__)

_Outcome = tuple[bytes, tuple[SearchClauseRows, ...]] | AtlasError


class SearchClauseRunner:
    """Used in the pool's loop only. `on_end` is called there with each task whose searches have ended, and their error
    where they failed. Unless the task is over, it then waits for a quick place."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, queues: QueryQueues, on_end: Callable[[Task, AtlasError | None], None]
    ) -> None:
        self._loop, self._queues, self._on_end = loop, queues, on_end
        self._tasks: set[Task] = set()

    def begin(self, task: Task, expand: Expand) -> None:
        """Start the searches of a task that has a place for them."""
        deadline = Deadline.after(task.until - self._loop.time())
        task.search_deadline = deadline
        self._tasks.add(task)
        thread = threading.Thread(target=self._run, args=(task, expand, deadline), name="sparql-search", daemon=True)
        thread.start()

    def expired(self, now: float) -> list[Task]:
        """The tasks whose time is over."""
        return [task for task in self._tasks if now >= task.until and not task.over]

    def running(self) -> list[Task]:
        """The tasks whose searches run and whose result somebody waits for."""
        return [task for task in self._tasks if not task.over]

    def _run(self, task: Task, expand: Expand, deadline: Deadline) -> None:
        outcome: _Outcome
        try:
            outcome = expand(deadline)
        except AtlasError as error:
            outcome = error
        except BaseException:  # the client waits for an answer, and the place for the next search
            log.exception("a search inside a query failed")
            outcome = QueryFailed("A search inside the query failed.", "The error was logged. Try again later.")
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._ended, task, outcome)

    def _ended(self, task: Task, outcome: _Outcome) -> None:
        self._tasks.discard(task)
        self._queues.end_search(task, self._loop.time())
        if isinstance(outcome, AtlasError):
            self._on_end(task, outcome)
            return
        (task.text, task.searches), task.expand = outcome, None
        self._on_end(task, None)
