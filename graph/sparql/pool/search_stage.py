"""The searches inside queries, each query's in a thread of its own before it has a worker.

A search cannot be ended from outside. So the deadline of a query is looked at between two of its searches, and when it
passes meanwhile the query ends and its thread is left to it; the place in the lane is free once that is through.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from graph.errors import AtlasError, QueryCancelled, QueryError
from graph.sparql.pool.queues import QueryQueues
from graph.sparql.pool.task import Search, Task

__all__ = ["Searching"]


class Searching:
    """Used by the pool's loop alone. `then` is called in it with each task whose searches are through, and why where
    they failed; unless it is over, it waits for a quick place."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, lanes: QueryQueues, then: Callable[[Task, AtlasError | None], None]
    ) -> None:
        self._loop, self._lanes, self._then = loop, lanes, then
        self._tasks: set[Task] = set()

    def begin(self, task: Task, search: Search) -> None:
        """It has a place for that."""
        self._tasks.add(task)
        threading.Thread(target=self._run, args=(task, search), name="sparql-search", daemon=True).start()

    def late(self, now: float) -> list[Task]:
        """Those whose time is over."""
        return [task for task in self._tasks if now >= task.until and not task.over]

    def under_way(self) -> list[Task]:
        return [task for task in self._tasks if not task.over]

    def _run(self, task: Task, search: Search) -> None:
        made: bytes | AtlasError

        def go_on() -> None:
            if task.over:  # it was cancelled, or its time has passed
                raise QueryCancelled("The query was cancelled.")

        try:
            made = search(go_on)
        except AtlasError as error:
            made = error
        except Exception as error:  # whatever it is, somebody waits for an answer
            made = QueryError(f"A search clause failed: {error}.", "Report it.")
        self._loop.call_soon_threadsafe(self._ended, task, made)

    def _ended(self, task: Task, made: bytes | AtlasError) -> None:
        self._tasks.discard(task)
        self._lanes.searched(task, self._loop.time())
        if isinstance(made, bytes):
            task.text, task.search = made, None
        self._then(task, made if isinstance(made, AtlasError) else None)
