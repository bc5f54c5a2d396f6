"""The front door of SPARQL: guard a query, find it a worker, and give back its result or the reason why not."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from graph.errors import AtlasError, HomeError, QueryCancelled, QueryError, QueryRefused
from graph.sparql.cache import CachedResult, ResultCache, ResultKey, etag, generation_key
from graph.sparql.crew import Crew
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format, by_media_type, offered
from graph.sparql.guard import Guarded, guard
from graph.sparql.lanes import Lanes, Ticket
from graph.sparql.limits import Limits
from graph.sparql.messages import syntax_error
from graph.sparql.process import Reply, WorkerDied, WorkerProcess, query_request
from graph.sparql.result import KINDS, QueryResult
from graph.sparql.search_clause import SearchRequest, SearchRow, expand

__all__ = ["QueryPool", "Search"]

Search = Callable[[Path, SearchRequest], Sequence[SearchRow]]
"""Runs one search clause on the index of a generation: the same generation and request, the same rows. Raises
`InputError`, `IndexUnusable`, and `HomeError` where the generation is gone."""

_GRACE: Final = 0.1
"""Seconds that the parent gives the worker's own alarm before it kills, and answers without waiting for the end: a
process of some gigabytes takes a while to go."""

_OPENING: Final = 5.0
"""Seconds more for a worker that has to open a generation first; its alarm is set after that."""

_REMEMBERED: Final = 2048
"""Characters of a query whose tokens are worth keeping for the next time."""


class QueryPool:
    """Runs client queries in killable workers. Thread-safe; in a forked child it starts workers of its own.

    Workers start on the first query, or with `warm()`. `search` answers the search clauses of queries; without it
    they are refused. `seccomp=False` is for tests of the other fences.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        spool_dir: Path | None = None,
        *,
        search: Search | None = None,
        seccomp: bool = True,
    ) -> None:
        self.limits = limits or Limits()
        self._search = search
        self._spool_dir = spool_dir
        self._seccomp = seccomp
        self._cache = ResultCache(self.limits.cache_bytes)
        self._guard = lru_cache(maxsize=128)(partial(guard, limits=self.limits, search=search is not None))
        self._begin()
        _remember(self)

    def warm(self) -> None:
        """Start the workers now, in the background, so that the first query need not wait for one."""
        self._crew.start()

    @property
    def fenced(self) -> bool:
        """True where the workers run under seccomp. Asks the system, not a worker."""
        from graph.sparql import fences

        return self._seccomp and fences.available()

    @property
    def searches(self) -> bool:
        """Whether search clauses are answered."""
        return self._search is not None

    def check(self, query: str) -> Guarded:
        """The query as the guard sees it, with its form. Raises `QueryTooLarge`, `QuerySyntax`, `QueryRefused`."""
        return self._guard(query) if len(query) <= _REMEMBERED else self._guard.__wrapped__(query)

    def run(
        self,
        generation: Path,
        query: str,
        *,
        media_type: str | None = None,
        dataset: Dataset = WHOLE,
        timeout: float | None = None,
        query_id: str | None = None,
        client: str | None = None,
        base: str | None = None,
    ) -> QueryResult:
        """Evaluate a query on a generation, the directory that holds `graph/`.

        `media_type` must suit the query's form (see `formats.offered`; None = JSON or Turtle); `timeout` in seconds is
        cut to the limit; `query_id` is for `cancel`; `client` is whom fairness counts; `base` resolves relative IRIs.
        Raises the members of `QueryError`, and `HomeError` where the generation cannot be opened.
        """
        guarded = self.check(query)
        wanted = _format(guarded, media_type)
        key = _key(generation, query, dataset, wanted, base)
        tag = None if guarded.volatile else etag(key)
        kept = self._cache.get(key) if tag is not None else None
        if kept is not None:
            return _result(kept, wanted, generation, tag)
        seconds = min(timeout, self.limits.timeout) if timeout and timeout > 0 else self.limits.timeout
        ticket = Ticket(client, query_id)
        self._lanes.enter(ticket)
        try:
            if guarded.searches and self._search is not None:
                guarded = expand(guarded, partial(self._search, generation))
            request = query_request(
                key.generation, guarded.text, wanted, self.limits,
                stamp=key.stamp, dataset=dataset, base=base, timeout=seconds,
            )  # fmt: skip
            answer, body = self._serve(ticket, request, guarded, seconds)
        finally:
            self._lanes.leave(ticket)
        if isinstance(body, bytes) and tag is not None:
            self._cache.put(key, CachedResult(answer["kind"], answer["rows"], answer["ms"], body))
        return QueryResult(
            kind=answer["kind"], media_type=wanted.media_type, rows=answer["rows"], ms=answer["ms"],
            generation=generation, body=body, size=answer["size"], etag=tag,
        )  # fmt: skip

    def etag(
        self, generation: Path, query: str, media_type: str, dataset: Dataset = WHOLE, base: str | None = None
    ) -> str | None:
        """The entity tag that `run` would give its result; None where the answer may vary."""
        guarded = self.check(query)
        return None if guarded.volatile else etag(_key(generation, query, dataset, _format(guarded, media_type), base))

    def cancel(self, query_id: str) -> bool:
        """End a query that runs or waits: its `run` raises `QueryCancelled`. False where there is none of that id."""
        return self._lanes.cancel(query_id)

    def load(self) -> tuple[int, int]:
        """How many queries run and how many wait."""
        return self._lanes.load()

    def idle(self) -> list[int]:
        """Process ids of the workers that wait for a query."""
        return self._crew.idle()

    def busy(self) -> list[int]:
        """Process ids of the workers that run one."""
        return self._lanes.busy()

    def close(self) -> None:
        """Kill every worker; queries under way raise `QueryCancelled`. The pool cannot be used again."""
        self._lanes.close()
        self._crew.close()

    def __enter__(self) -> QueryPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._lanes = Lanes(self.limits)
        self._crew = Crew(self.limits, self._spool_dir, seccomp=self._seccomp)

    def _after_fork(self) -> None:
        """The workers belong to the parent: let go of our copies of their sockets and begin anew."""
        self._crew.forget()
        self._guard.cache_clear()
        self._cache = ResultCache(self.limits.cache_bytes)
        self._begin()

    def _serve(
        self, ticket: Ticket, request: dict[str, Any], guarded: Guarded, seconds: float
    ) -> tuple[dict[str, Any], Any]:
        """The header of the answer, and its bytes or its spool file."""
        spared = self.limits.workers + 1
        while True:
            started = time.monotonic()
            worker = self._crew.take()
            self._lanes.hold(ticket, worker)
            try:
                worker.ask(request)
                reply = self._await(ticket, worker, seconds, worker.knows(request))
                return self._accept(worker, reply, guarded)
            except WorkerDied:
                self._lanes.hold(ticket, None)
                error = worker.death(seconds)
                early = worker.killed_from_outside and time.monotonic() - started < self.limits.quantum
                if worker.reason != "yield" and not (early and spared):
                    raise error from None
            finally:
                self._lanes.hold(ticket, None)
                self._crew.give_back(worker)
            if worker.reason == "yield":
                self._lanes.queue_for_slow(ticket)
            else:
                # Killed while it was idle, or at once: this query was not the cause. Again, with another.
                spared -= 1

    def _await(self, ticket: Ticket, worker: WorkerProcess, seconds: float, opened: bool) -> Reply:
        """The answer. A query that outlives its quantum goes to the slow lane, or gives way if that is full."""
        deadline = time.monotonic() + seconds + _GRACE + (0.0 if opened else _OPENING)
        while True:
            left = deadline - time.monotonic()
            quick = ticket.lane == "quick"
            reply = worker.wait(min(self.limits.quantum, left) if quick else left)
            if reply is not None:
                return reply
            if time.monotonic() >= deadline:
                worker.kill("deadline")
                raise WorkerDied
            if self._lanes.promote(ticket):
                worker.step_back()
                self._crew.slowed()
            elif self._lanes.contended():
                worker.kill("yield")
                raise WorkerDied

    def _accept(self, worker: WorkerProcess, reply: Reply, guarded: Guarded) -> tuple[dict[str, Any], Any]:
        header, body = reply
        if "error" in header:
            if header["error"] == "memory":
                worker.kill("closed")  # it ends itself; nobody else is to be given it
            raise _error(header, guarded)
        kind, rows, ms = header.get("kind"), header.get("rows"), header.get("ms")
        if kind not in KINDS or not isinstance(rows, int) or not isinstance(ms, int | float):
            worker.kill("closed")
            raise QueryError("The query worker gave an answer that makes no sense.", "Report it.")
        known = {"kind": kind, "rows": rows, "ms": ms}
        if not header.get("spooled"):
            return known | {"size": len(body)}, body
        spool = worker.take_spool()
        # What the worker says of its size is not relied on: a length that does not hold breaks the connection.
        return known | {"size": os.fstat(spool.fileno()).st_size}, spool


def _format(guarded: Guarded, media_type: str | None) -> Format:
    choices = offered(guarded.form)
    if media_type is None:
        return choices[0]
    found = by_media_type(media_type, choices)
    if found is None:
        raise QueryRefused(
            f"{media_type} is not a format for {guarded.form} queries.",
            f"Ask for one of: {', '.join(each.media_type for each in choices)}.",
        )
    return found


def _key(generation: Path, query: str, dataset: Dataset, wanted: Format, base: str | None) -> ResultKey:
    path = os.path.abspath(generation)  # noqa: PTH100  # Path.resolve takes 30 µs, on every query
    try:
        return ResultKey(path, generation_key(path), query, dataset, wanted.media_type, base)
    except OSError as error:
        raise HomeError(f"The generation {generation.name} cannot be opened: {error.strerror}.") from error


def _result(kept: CachedResult, wanted: Format, generation: Path, tag: str | None) -> QueryResult:
    return QueryResult(
        kind=kept.kind, media_type=wanted.media_type, rows=kept.rows, ms=kept.ms, generation=generation,
        body=kept.body, size=len(kept.body), etag=tag, cached=True,
    )  # fmt: skip


def _error(header: dict[str, Any], guarded: Guarded) -> AtlasError:
    """One of our errors for what the worker reported."""
    from graph.errors import QueryMemory, QueryTooLarge

    message = str(header.get("message", ""))
    match header["error"]:
        case "syntax":
            return syntax_error(message, guarded)
        case "large":
            return QueryTooLarge(message, "Add a LIMIT, or ask for fewer columns.")
        case "memory":
            return QueryMemory("The query needed more memory than it may have.", "Narrow its patterns.")
        case "refused":
            return QueryRefused("The query tried to reach the network or a file, which is never allowed.")
        case "generation":
            return HomeError("This generation of the atlas cannot be opened.", message)
        case "cancelled":
            return QueryCancelled("The query was cancelled.")
    return QueryError(f"The query could not be evaluated: {message.rstrip('.')}.")


_pools: Final[weakref.WeakSet[QueryPool]] = weakref.WeakSet()


def _remember(pool: QueryPool) -> None:
    if not _pools:
        _hooks()
    _pools.add(pool)


@lru_cache(maxsize=1)
def _hooks() -> None:
    """Once per process that has a pool: workers end with it, and a fork starts afresh."""
    lock = threading.Lock()

    def end() -> None:
        with lock:
            for pool in list(_pools):
                pool.close()

    def renew() -> None:
        for pool in list(_pools):
            pool._after_fork()

    atexit.register(end)
    os.register_at_fork(after_in_child=renew)
