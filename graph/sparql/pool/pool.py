"""The front door of SPARQL: guard a query, find it a worker, and give back its result or the reason why not.

The pool lives in an event loop: that of the server which it was attached to, else one of its own in a thread. `run`
waits for an answer in any other thread, `answer` is awaited in the loop.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

from graph.errors import AtlasError, QueryCancelled, QueryError
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.limits import Limits
from graph.sparql.pool.cache import CachedResult, ResultCache, Terms
from graph.sparql.pool.dispatcher import Dispatcher
from graph.sparql.pool.lifecycle import OwnLoop, close_at_exit
from graph.sparql.pool.request import (
    QueryRequest,
    as_asked,
    complaint,
    format_of,
    in_memory,
    located,
    make_terms,
    result_of,
)
from graph.sparql.pool.task import Delivered, Task
from graph.sparql.result import QueryResult
from graph.sparql.syntax.errors import syntax_error
from graph.sparql.syntax.guard import Form, Guarded, check_length, guard
from graph.sparql.syntax.lexer import tokenise
from graph.sparql.syntax.query_shape import is_brief
from graph.sparql.syntax.search_clause import SearchRequest, SearchRow, expand
from graph.sparql.syntax.simple_query import plain
from graph.sparql.worker.guard_in_worker import believed

__all__ = ["Outcome", "QueryPool", "Search"]

Search = Callable[[Path, SearchRequest], Sequence[SearchRow]]
"""Runs one search clause on the index of a generation: the same generation and request, the same rows. Raises
`InputError`, `IndexUnusable`, and `HomeError` where the generation is gone."""

Outcome = CachedResult | QueryResult | AtlasError
"""What comes of a query: a result in memory, a spooled one, or why there is none."""

_REMEMBERED: Final = 2048
"""Characters up to which a query is guarded here, and its verdict kept; a longer one is read by a worker."""

_LONG: Final = 10_000
"""Characters from which on a text waits its turn to be read: that takes a while."""

_VERDICTS: Final = 16
"""Longer queries whose verdict is kept, between being checked and being run."""

T = TypeVar("T")


class QueryPool:
    """Runs client queries in killable workers. Thread-safe.

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
        self._lock = threading.Lock()
        self._dispatcher: Dispatcher | None = None
        self._own: OwnLoop | None = None
        self._cache = ResultCache(self.limits.cache_bytes)
        self._verdicts: dict[str, Guarded] = {}
        self._guard = lru_cache(maxsize=128)(self._glance)
        self._terms = lru_cache(maxsize=256)(partial(make_terms, self.limits))
        self._closed = False
        close_at_exit(self)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Live in this loop. To be called before the first query."""
        with self._lock:
            if self._dispatcher is not None:
                raise RuntimeError("the pool runs already")
            self._dispatcher = Dispatcher(self.limits, self._spool_dir, loop, seccomp=self._seccomp)

    def warm(self) -> None:
        """Start the workers now, in the background, so that the first query need not wait for one."""
        dispatcher = self._ready()
        dispatcher.loop.call_soon_threadsafe(dispatcher.crew.start)
        tokenise("")  # its patterns are compiled on first use

    @property
    def fenced(self) -> bool:
        """True where the workers run under seccomp. Asks the system, not a worker."""
        from graph.sandbox import seccomp

        return self._seccomp and seccomp.available()

    @property
    def searches(self) -> bool:
        """Whether search clauses are answered."""
        return self._search is not None

    def check(self, query: str, client: str | None = None, timeout: float | None = None) -> Guarded:
        """The query as the guard sees it, with its form. Raises `QueryTooLarge`, `QuerySyntax`, `QueryRefused`, and
        for a long one, which a worker has to read, what `run` may raise."""
        found = self._checked(query)
        return found if found is not None else self._waited(self.examine(query, client, timeout))

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

        `media_type` must suit the query's form (see `formats.offered`; None = JSON or Turtle); `timeout` in seconds,
        waiting included, is cut to the limit; `query_id` is for `cancel`; `client` is whom fairness counts, and whose
        the id is; `base` resolves relative IRIs.
        Raises the members of `QueryError`, and `HomeError` where the generation cannot be opened.
        """
        began = time.monotonic()
        guarded = self.check(query, client, timeout)
        asked = as_asked(guarded, self.terms(generation, guarded.form, media_type, dataset, base))
        left = self.limits.seconds(timeout, time.monotonic() - began)
        return self.run_request(asked, client=client, timeout=left, query_id=query_id)

    def run_request(
        self,
        asked: QueryRequest,
        *,
        client: str | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
    ) -> QueryResult:
        """As `run`, for a query that `check` let pass: the guard does not read it again."""
        kept = self.kept(asked)
        if kept is not None:
            return in_memory(asked, kept)
        return self._waited(self.answer(asked, client=client, timeout=timeout, query_id=query_id))

    async def examine(self, query: str, client: str | None = None, timeout: float | None = None) -> Guarded:
        """As `check`, in the loop of the pool."""
        found = self._checked(query)
        if found is None:
            found = self._verdict(query, await self._come(self._check_task(query, client, timeout)))
        return found

    async def answer(
        self,
        asked: QueryRequest,
        *,
        client: str | None = None,
        timeout: float | None = None,
        query_id: str | None = None,
    ) -> QueryResult:
        """As `run`, in the loop of the pool, for a query that `examine` let pass."""
        kept = self.kept(asked)
        if kept is not None:
            return in_memory(asked, kept)
        delivered = await self._come(self._query_task(asked, timeout, query_id, client))
        said = complaint(delivered)
        if said is not None:
            query = asked.guarded.original
            self._explain_short(asked.guarded, said)
            self._verdict(query, await self._come(self._check_task(query, client, timeout, said)))
        return self._result(asked, delivered)

    def glance(self, query: str) -> Guarded | None:
        """As `check`, for a query that can be judged here and now; None where a worker has to be asked."""
        return self._guard(query) if len(query) <= _REMEMBERED else None

    def terms(
        self,
        generation: Path,
        form: Form,
        media_type: str | None = None,
        dataset: Dataset = WHOLE,
        base: str | None = None,
    ) -> Terms:
        """What `ask` and `answer` need beside the query. Raises `QueryRefused` for a format that the form of query
        cannot be answered in, `HomeError` without the generation."""
        path, stamp = located(generation)
        return self._terms(generation, path, stamp, format_of(form, media_type), dataset, base)

    def kept(self, asked: QueryRequest) -> CachedResult | None:
        """The result, if it is known."""
        return self._cache.get(asked.key) if asked.tag is not None else None

    def ask(
        self,
        asked: QueryRequest,
        then: Callable[[Outcome], None],
        *,
        client: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """As `answer`, without waiting and without a look at what is kept, for a query that passed the `glance`.
        `then` is called once, in the loop. Raises what keeps a query from being queued.

        Rows for which that makes no difference may come in another order from time to time. From `run` and `answer`,
        which large results are read by, page by page, they come in the same one, but for those of a look-up."""
        task = self._query_task(asked, timeout, None, client)
        if task.op == "query" and asked.guarded.unordered:
            task.op = "any"
        task.deliver = partial(self._outcome, asked, then)
        self._ready().submit(task)

    def _outcome(self, asked: QueryRequest, then: Callable[[Outcome], None], delivered: Delivered) -> None:
        outcome: Outcome
        if not isinstance(delivered, AtlasError) and delivered[0].outcome == "done" and delivered[1] is None:
            answer = delivered[0]
            outcome = CachedResult(answer.kind, answer.rows, answer.ms, answer.body)
            if asked.tag is not None:
                self._cache.put(asked.key, outcome)
        else:
            try:
                said = complaint(delivered)
                if said is not None:
                    self._explain_short(asked.guarded, said)
                outcome = result_of(asked, delivered)
            except AtlasError as error:
                outcome = error
        then(outcome)

    def etag(
        self, generation: Path, query: str, media_type: str, dataset: Dataset = WHOLE, base: str | None = None
    ) -> str | None:
        """The entity tag that `run` would give its result; None where the answer may vary."""
        guarded = self.check(query)
        return as_asked(guarded, self.terms(generation, guarded.form, media_type, dataset, base)).tag

    def cancel(self, query_id: str, client: str | None = None) -> bool:
        """End a query that runs or waits: its `run` raises `QueryCancelled`. False where that client has none of that
        id."""
        dispatcher = self._ready()
        return self._do(lambda: dispatcher.cancel(query_id, client))

    def load(self) -> tuple[int, int]:
        """How many queries run and how many wait."""
        return (0, 0) if self._dispatcher is None else self._do(self._dispatcher.load)

    def idle(self) -> list[int]:
        """Process ids of the workers that wait for a query."""
        return [] if self._dispatcher is None else self._do(self._dispatcher.crew.idle)

    def busy(self) -> list[int]:
        """Process ids of the workers that run one."""
        return [] if self._dispatcher is None else self._do(self._dispatcher.busy)

    def close(self) -> None:
        """Kill every worker; queries under way raise `QueryCancelled`. The pool cannot be used again."""
        with self._lock:
            dispatcher, own, closed = self._dispatcher, self._own, self._closed
            self._closed = True
        if dispatcher is None or closed:
            return
        self._do(dispatcher.close)
        dispatcher.crew.wait_closed(2.0)
        if own is not None:
            own.close()

    def __enter__(self) -> QueryPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> Dispatcher:
        with self._lock:
            if self._closed:
                raise QueryCancelled("The service is closing.")
            if self._dispatcher is None:
                self._own = OwnLoop()
                self._dispatcher = Dispatcher(self.limits, self._spool_dir, self._own.loop, seccomp=self._seccomp)
            return self._dispatcher

    def _do(self, work: Callable[[], T]) -> T:
        """`work` in the loop, from another thread; here, where the loop has ended or is this thread's."""
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

    def _waited(self, work: Coroutine[Any, Any, T]) -> T:
        """From any thread but the loop's."""
        try:
            loop = self._ready().loop
        except QueryCancelled:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def _come(self, task: Task) -> Delivered:
        dispatcher = self._ready()
        future: asyncio.Future[Delivered] = dispatcher.loop.create_future()
        task.deliver = partial(_settle, future)
        dispatcher.submit(task)
        return await future

    def _glance(self, query: str) -> Guarded:
        return plain(query, self.limits) or guard(query, self.limits, search=self.searches)

    def _checked(self, query: str) -> Guarded | None:
        """The verdict, unless a worker has to be asked for it."""
        if len(query) <= _REMEMBERED:
            return self._guard(query)
        check_length(query, self.limits)
        return self._verdicts.get(query)

    def _check_task(self, query: str, client: str | None, timeout: float | None, said: str = "") -> Task:
        settings = {"limits": asdict(self.limits), "search": self.searches, "said": said}
        return Task(
            client, None, op="check", settings=json.dumps(settings).encode(), text=query.encode(),
            seconds=self.limits.seconds(timeout), deliver=_nobody, wanted="reading" if len(query) > _LONG else "quick",
        )  # fmt: skip

    def _verdict(self, query: str, delivered: Delivered) -> Guarded:
        if isinstance(delivered, AtlasError):
            raise delivered
        answer, _ = delivered
        if answer.outcome != "checked":
            raise QueryError("The query worker gave no verdict.", "Report it.")
        while len(self._verdicts) >= _VERDICTS:
            self._verdicts.pop(next(iter(self._verdicts)), None)
        found = self._verdicts[query] = believed(query, answer.body)
        return found

    def _explain_short(self, guarded: Guarded, said: str) -> None:
        """Raises the error for what the engine said, unless the query is one that a worker has to read."""
        query = guarded.original
        if len(query) <= _REMEMBERED:
            full = guarded if guarded.tokens else guard(query, self.limits, search=self.searches)
            raise syntax_error(said, full)

    def _query_task(self, asked: QueryRequest, timeout: float | None, query_id: str | None, client: str | None) -> Task:
        guarded, search = asked.guarded, self._search
        text, look = guarded.text.encode(), guarded.look_up if asked.terms.direct else None
        task = Task(
            client, query_id, op="query" if look is None else "look", text=text if look is None else look.encode(),
            instead=text, deliver=_nobody, settings=asked.terms.settings,
            wanted="quick" if look is None and not is_brief(guarded.text) else "look",
            seconds=self.limits.seconds(timeout),
        )  # fmt: skip
        if guarded.searches and search is not None:
            task.search = partial(_expanded, guarded, partial(search, asked.terms.generation))
            task.wanted = "searching"
        return task

    def _result(self, asked: QueryRequest, delivered: Delivered) -> QueryResult:
        result = result_of(asked, delivered)
        if asked.tag is not None and not result.spooled:
            self._cache.put(asked.key, CachedResult(result.kind, result.rows, result.ms, result.read()))
        return result


def _expanded(
    guarded: Guarded, search: Callable[[SearchRequest], Sequence[SearchRow]], go_on: Callable[[], None]
) -> bytes:
    def one(asked: SearchRequest) -> Sequence[SearchRow]:
        go_on()
        return search(asked)

    return expand(guarded, one).text.encode()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _nobody(_: Delivered) -> None:
    """Before somebody waits for the task."""


def _settle(future: asyncio.Future[Delivered], delivered: Delivered) -> None:
    if not future.done():  # who awaited it may be gone
        future.set_result(delivered)
