"""Entry point of SPARQL queries: guard a query, have a worker evaluate it, return its result or the reason for none.

The pool runs in an event loop: that of the server to which it was attached, else one of its own in a thread. `run`
blocks any other thread until the result is there; `evaluate` is awaited in the loop.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from graph.deadline import Deadline
from graph.errors import AtlasError, QueryCancelled
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format
from graph.sparql.limits import Limits
from graph.sparql.pool.dispatcher import Dispatcher
from graph.sparql.pool.guard_verdicts import Verdicts
from graph.sparql.pool.lifecycle import OwnLoop, close_at_exit
from graph.sparql.pool.query_task import query_task
from graph.sparql.pool.request import (
    QueryContext,
    QueryRequest,
    choose_format,
    engine_syntax_error,
    locate,
    make_context,
    make_request,
    to_query_result,
    to_result,
)
from graph.sparql.pool.result_cache import CachedResult, ResultCache
from graph.sparql.pool.task import Cancellation, Delivery, Task
from graph.sparql.pool.triple_lookup import LookUps, OpenStore
from graph.sparql.result import QueryResult
from graph.sparql.search_request import SearchRequest, SearchRow
from graph.sparql.syntax.guard import Form, Guarded
from graph.sparql.syntax.lexer import tokenise

__all__ = ["QueryPool", "Search"]

Search = Callable[[Path, SearchRequest, Deadline], Sequence[SearchRow]]
"""Runs one search clause on the index of a generation: the same generation and request, the same rows. It ends at the
deadline. Raises `InputError`, `IndexUnusable`, `QueryTimeout`, and `HomeError` where the generation is gone."""

T = TypeVar("T")


class QueryPool:
    """Runs client queries in killable workers. Thread-safe.

    Workers start on the first query, or with `warm()`. `search` answers the search clauses of queries; without it
    they are refused. With `open_store` look-ups are answered without a worker. `seccomp=False` is for tests of the
    other parts of the sandbox.

    >>> with QueryPool() as pool:
    ...     with pool.run(home.require().path, "ASK { ?s ?p ?o }", media_type="text/csv") as result:
    ...         result.read()
    b'true'
    """

    def __init__(
        self,
        limits: Limits | None = None,
        spool_dir: Path | None = None,
        *,
        search: Search | None = None,
        open_store: OpenStore | None = None,
        seccomp: bool = True,
    ) -> None:
        self.limits = limits or Limits()
        self._search = search
        self._spool_dir = spool_dir
        self._seccomp = seccomp
        self._lock = threading.Lock()
        self._dispatcher: Dispatcher | None = None
        self._own_loop: OwnLoop | None = None
        self._look_ups = None if open_store is None else LookUps(self.limits, open_store)
        self._cache = ResultCache(self.limits.cache_bytes)
        self._verdicts = Verdicts(self.limits, search=search is not None)
        self._contexts = lru_cache(maxsize=256)(self._make_context)
        self._closed = False
        close_at_exit(self)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run in this loop. Raises RuntimeError after the first query."""
        with self._lock:
            if self._dispatcher is not None:
                raise RuntimeError("the pool runs already")
            self._dispatcher = Dispatcher(self.limits, self._spool_dir, loop, seccomp=self._seccomp)

    def warm(self) -> None:
        """Start the workers in the background, so that the first query need not wait for one."""
        dispatcher = self._started()
        dispatcher.loop.call_soon_threadsafe(dispatcher.workers.start)
        tokenise("")  # its patterns are compiled on first use

    @property
    def fenced(self) -> bool:
        """Whether the workers run under seccomp, as far as this system allows it."""
        from graph.sandbox import seccomp

        return self._seccomp and seccomp.available()

    @property
    def searches(self) -> bool:
        """Whether search clauses are answered."""
        return self._search is not None

    def check(self, query: str, client: str | None = None, timeout: float | None = None) -> Guarded:
        """The guard's verdict on a query, with its form. Give it to `run` and the query is not guarded again.

        Raises `QueryTooLarge`, `QuerySyntax`, `QueryRefused`, and for a long query, which a worker has to read,
        whatever `run` may raise.
        """
        guarded = self._verdicts.known(query)
        return guarded if guarded is not None else self._wait(self.check_async(query, client, timeout))

    def run(
        self,
        generation: Path,
        query: str | Guarded,
        *,
        media_type: str | None = None,
        dataset: Dataset = WHOLE,
        timeout: float | None = None,
        query_id: str | None = None,
        client: str | None = None,
        base: str | None = None,
    ) -> QueryResult:
        """Evaluate a query on a generation, the directory that holds `graph/`. Not to be called in the pool's loop.

        `query` is a text, or the verdict of `check` on it. `media_type` must suit the query form (see
        `formats.offered`; None = JSON or Turtle); `timeout` in seconds, waiting included, is cut to the limit;
        `query_id` is for `cancel`; `client` is whom the caps count, and whose the id is; `base` resolves relative IRIs.
        Raises the members of `QueryError`, and `HomeError` where the generation cannot be opened.
        """
        began = time.monotonic()
        guarded = query if isinstance(query, Guarded) else self.check(query, client, timeout)
        request = self.request(generation, guarded, media_type=media_type, dataset=dataset, base=base)
        seconds_left = self.limits.seconds(timeout, time.monotonic() - began)
        return self.run_request(request, client=client, timeout=seconds_left, query_id=query_id)

    def run_request(
        self,
        request: QueryRequest,
        *,
        client: str | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
    ) -> QueryResult:
        """As `run`, for a request that is there already: the query is not guarded again."""
        present = self.at_once(request)
        if present is not None:
            return to_query_result(request, present[0], cached=present[1])
        return self._wait(self.evaluate(request, client=client, timeout=timeout, query_id=query_id))

    async def check_async(
        self,
        query: str,
        client: str | None = None,
        timeout: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> Guarded:
        """As `check`, in the loop of the pool."""
        guarded = self._verdicts.known(query)
        if guarded is not None:
            return guarded
        return self._verdicts.accept(
            query, await self._delivery(self._verdicts.task(query, client, timeout), cancellation)
        )

    async def evaluate(
        self,
        request: QueryRequest,
        *,
        client: str | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
        any_order: bool = False,
        cancellation: Cancellation | None = None,
    ) -> QueryResult:
        """As `run_request`, in the loop of the pool, for a request for which `at_once` has nothing. Where the awaiting
        task is cancelled, or `cancellation`, the query ends.

        `any_order` is for a client that reads the whole result: where their order does not matter, the rows may come
        in another order from time to time. Without it they keep their order, except for those of look-ups.
        """
        search = None if self._search is None else partial(self._search, request.context.generation)
        seconds, began = self.limits.seconds(timeout), time.monotonic()
        task = query_task(request, search, seconds=seconds, query_id=query_id, client=client, any_order=any_order)
        delivery = await self._delivery(task, cancellation)
        message = engine_syntax_error(delivery)
        if message is not None:
            guarded = request.guarded
            self._verdicts.raise_short(guarded, message)
            seconds_left = self.limits.seconds(timeout, time.monotonic() - began)
            check = self._verdicts.task(
                guarded.original, client, seconds_left, engine_message=message, query_id=query_id
            )
            self._verdicts.accept(guarded.original, await self._delivery(check, cancellation))
        result = to_result(request, task, delivery)
        if request.fingerprint is not None and not result.spooled:
            cached = CachedResult(result.kind, result.rows, result.ms, body=result.read(), searches=result.searches)
            self._cache.put(request.fingerprint, cached)
        return result

    def check_short(self, query: str) -> Guarded | None:
        """As `check`, without waiting: None where a worker has to read the query."""
        return self._verdicts.short(query)

    def request(
        self,
        generation: Path,
        guarded: Guarded,
        *,
        media_type: str | None = None,
        dataset: Dataset = WHOLE,
        base: str | None = None,
    ) -> QueryRequest:
        """The request for a guarded query, with the fingerprint of its result. Parameters and errors as of `run`."""
        return make_request(guarded, self.context(generation, guarded.form, media_type, dataset=dataset, base=base))

    def context(
        self,
        generation: Path,
        form: Form,
        media_type: str | None = None,
        *,
        dataset: Dataset = WHOLE,
        base: str | None = None,
    ) -> QueryContext:
        """The context of queries of one form, which `request.make_request` takes. Raises `QueryRefused` for a format
        that does not suit the form, `HomeError` where the generation is gone."""
        location = locate(generation)
        result_format = choose_format(form, media_type)
        return self._contexts(generation, location, result_format, dataset, base)

    def cached(self, request: QueryRequest) -> CachedResult | None:
        """The result of a request where it is cached."""
        return None if request.fingerprint is None else self._cache.get(request.fingerprint)

    def at_once(self, request: QueryRequest) -> tuple[CachedResult, bool] | None:
        """The result of a request where no worker is needed for it, and whether it was cached. From any thread."""
        cached = self.cached(request)
        if cached is not None:
            return cached, True
        context, look_up = request.context, request.guarded.look_up
        if look_up is None or self._look_ups is None or not context.lookup_allowed:
            return None
        result = self._look_ups.answer(context.generation, context.key, look_up)
        if result is None:
            return None
        if request.fingerprint is not None:
            self._cache.put(request.fingerprint, result)
        return result, False

    def cancel(self, query_id: str, client: str | None = None) -> bool:
        """End a query that runs or waits: its `run` raises `QueryCancelled`. False where that client has none of that
        id."""
        dispatcher = self._started()
        return self._in_loop(lambda: dispatcher.cancel(query_id, client))

    def load(self) -> tuple[int, int]:
        """The number of queries that run, and of those that wait."""
        return (0, 0) if self._dispatcher is None else self._in_loop(self._dispatcher.load)

    def idle(self) -> list[int]:
        """Process ids of the workers that wait for a query."""
        return [] if self._dispatcher is None else self._in_loop(self._dispatcher.workers.idle)

    def busy(self) -> list[int]:
        """Process ids of the workers that run a query."""
        return [] if self._dispatcher is None else self._in_loop(self._dispatcher.busy)

    def close(self) -> None:
        """Kill every worker; queries that run or wait raise `QueryCancelled`. The pool cannot be used again."""
        with self._lock:
            dispatcher, own_loop, closed = self._dispatcher, self._own_loop, self._closed
            self._closed = True
        if dispatcher is None or closed:
            return
        self._in_loop(dispatcher.close)
        dispatcher.workers.wait_closed(2.0)
        if own_loop is not None:
            own_loop.close()

    def __enter__(self) -> QueryPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _started(self) -> Dispatcher:
        with self._lock:
            if self._closed:
                raise QueryCancelled("The service is closing.")
            if self._dispatcher is None:
                self._own_loop = OwnLoop()
                self._dispatcher = Dispatcher(self.limits, self._spool_dir, self._own_loop.loop, seccomp=self._seccomp)
            return self._dispatcher

    def _in_loop(self, work: Callable[[], T]) -> T:
        """Run `work` in the loop and wait for it; run it here where this is the loop's thread or the loop has ended."""
        loop = self._dispatcher.loop if self._dispatcher is not None else None
        if loop is None or not loop.is_running() or loop is _running_loop():
            return work()
        future: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        loop.call_soon_threadsafe(run)
        return future.result()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and wait for it, from any thread but the loop's."""
        try:
            loop = self._started().loop
        except QueryCancelled:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def _delivery(self, task: Task, cancellation: Cancellation | None = None) -> Delivery:
        dispatcher = self._started()
        if cancellation is not None and cancellation.is_cancelled:
            raise QueryCancelled("The query was cancelled.")
        future: asyncio.Future[Delivery] = dispatcher.loop.create_future()
        task.deliver = partial(_settle, future)
        dispatcher.submit(task)
        if cancellation is not None:
            cancellation.withdraw = partial(dispatcher.withdraw, task)
        try:
            return await future
        except asyncio.CancelledError:
            dispatcher.withdraw(task)
            raise

    def _make_context(
        self, generation: Path, location: tuple[str, str], result_format: Format, dataset: Dataset, base: str | None
    ) -> QueryContext:
        make = partial(make_context, self.limits, generation, location, result_format, dataset=dataset)
        if base is None:
            return make(base=None)
        return make(base=base, without_base=self._contexts(generation, location, result_format, dataset, None))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _settle(future: asyncio.Future[Delivery], delivery: Delivery) -> None:
    if not future.done():  # the awaiting task may have been cancelled
        future.set_result(delivery)
    elif not isinstance(delivery, AtlasError) and delivery[1] is not None:
        delivery[1].close()
