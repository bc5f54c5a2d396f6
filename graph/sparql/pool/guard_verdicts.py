"""Guard verdicts on client queries: short ones are guarded in this process and cached, long ones go to a worker."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Final

from graph.errors import AtlasError, QueryFailed
from graph.sparql.limits import Limits
from graph.sparql.pool.task import Delivery, Task
from graph.sparql.syntax.errors import syntax_error
from graph.sparql.syntax.guard import Guarded, check_length, guard
from graph.sparql.syntax.simple_query import guard_simple
from graph.sparql.worker.guard_in_worker import read_verdict

__all__ = ["Verdicts"]

MAX_SHORT_CHARS: Final = 2048
"""A query up to this length is guarded in this process."""

READING_QUEUE_CHARS: Final = 10_000
"""A query from this length on takes a worker long enough to be read in a queue of its own."""

CACHED_SHORT: Final = 128
CACHED_LONG: Final = 16
"""Numbers of verdicts that are cached: of short queries, and of long ones between their check and their run."""


class Verdicts:
    """The guard for one pool. `search`: search clauses are answered. Thread-safe."""

    def __init__(self, limits: Limits, *, search: bool) -> None:
        self._limits, self._search = limits, search
        self._guard = lru_cache(maxsize=CACHED_SHORT)(self._guard_here)
        self._long: dict[str, Guarded] = {}

    def short(self, query: str) -> Guarded | None:
        """The verdict on a short query; None for a long one. Raises the guard's error."""
        return self._guard(query) if len(query) <= MAX_SHORT_CHARS else None

    def known(self, query: str) -> Guarded | None:
        """The verdict where no worker is needed for it, else None. Raises the guard's error."""
        if len(query) <= MAX_SHORT_CHARS:
            return self._guard(query)
        check_length(query, self._limits)
        return self._long.get(query)

    def task(
        self,
        query: str,
        client: str | None,
        timeout: float | None,
        *,
        engine_message: str = "",
        query_id: str | None = None,
    ) -> Task:
        """The question to a worker for its verdict; with `engine_message`, for where in the text the error is."""
        settings = {"limits": asdict(self._limits), "search": self._search, "engine_message": engine_message}
        return Task(
            client=client,
            query_id=query_id,
            op="check",
            settings=json.dumps(settings).encode(),
            text=query.encode(),
            seconds=self._limits.seconds(timeout),
            deliver=lambda _: None,
            wants="reading" if len(query) > READING_QUEUE_CHARS else "quick",
        )

    def accept(self, query: str, delivery: Delivery) -> Guarded:
        """The verdict that a worker delivered, which is cached. Raises the error that it amounts to."""
        if isinstance(delivery, AtlasError):
            raise delivery
        answer, _ = delivery
        if answer.outcome != "checked":
            raise QueryFailed("The query worker gave no verdict.", "Report it.")
        guarded = read_verdict(query, answer.body)
        while len(self._long) >= CACHED_LONG:
            self._long.pop(next(iter(self._long)), None)
        self._long[query] = guarded
        return guarded

    def raise_short(self, guarded: Guarded, engine_message: str) -> None:
        """Raise the syntax error for what the engine said of a short query; do nothing for a long one."""
        if len(guarded.original) <= MAX_SHORT_CHARS:
            complete = guarded if guarded.tokens else guard(guarded.original, self._limits, search=self._search)
            raise syntax_error(engine_message, complete)

    def _guard_here(self, query: str) -> Guarded:
        return guard_simple(query, self._limits) or guard(query, self._limits, search=self._search)
