"""The task of a query: what a worker is sent, the slot that it wants, and the searches that run first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from graph.deadline import Deadline
from graph.sparql.pool.request import QueryRequest
from graph.sparql.pool.task import Task
from graph.sparql.search_request import SearchClauseRows, SearchRequest, SearchRow
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.query_shape import is_brief
from graph.sparql.syntax.search_clause import expand

__all__ = ["query_task"]

_RunSearch = Callable[[SearchRequest, Deadline], Sequence[SearchRow]]


def query_task(
    request: QueryRequest,
    search: _RunSearch | None,
    *,
    seconds: float,
    query_id: str | None,
    client: str | None,
    any_order: bool,
) -> Task:
    """The task of a request, to be given its `deliver`. `search` runs one search clause on the request's generation."""
    guarded = request.guarded
    task = Task(
        client=client,
        query_id=query_id,
        op="any" if any_order and guarded.unordered else "query",
        text=guarded.text.encode(),
        settings=request.context.settings,
        seconds=seconds,
        deliver=lambda _: None,
        wants="lookup" if is_brief(guarded.text) else "quick",
    )
    if guarded.searches and search is not None:
        task.expand = partial(_expand, guarded, search)
        task.wants = "searching"
    return task


def _expand(guarded: Guarded, search: _RunSearch, deadline: Deadline) -> tuple[bytes, tuple[SearchClauseRows, ...]]:
    def search_once(request: SearchRequest) -> Sequence[SearchRow]:
        deadline.check()
        return search(request, deadline)

    expanded, rows = expand(guarded, search_once)
    return expanded.text.encode(), rows
