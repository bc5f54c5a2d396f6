"""One query in the terms of the pool: the request that identifies its result, and the result of a worker's answer."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from graph.errors import (
    AtlasError,
    HomeError,
    QueryCancelled,
    QueryError,
    QueryFailed,
    QueryMemory,
    QueryRefused,
    QueryTooLarge,
    UnwritableTerm,
)
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format, by_media_type, offered
from graph.sparql.limits import Limits
from graph.sparql.pool.result_cache import CachedResult, fingerprint, fingerprint_prefix, generation_key
from graph.sparql.pool.task import Delivery, Task
from graph.sparql.result import QueryResult
from graph.sparql.syntax.errors import is_clients_fault
from graph.sparql.syntax.guard import Form, Guarded
from graph.sparql.worker.process import query_settings
from graph.sparql.worker.protocol import Answer
from graph.storage.engine_faults import store_fault

__all__ = [
    "QueryContext",
    "QueryRequest",
    "choose_format",
    "engine_syntax_error",
    "locate",
    "make_context",
    "make_request",
    "to_query_result",
    "to_result",
]


@dataclass(frozen=True, slots=True, eq=False)
class QueryContext:
    """Everything that a result depends on except the query: generation, format, dataset, base.

    `settings` is the form in which a worker receives it, `prefix` the beginning of the fingerprints, `key` what
    distinguishes the generation from another of the same name. `lookup_allowed`: look-ups may be answered without the
    engine. `without_base` is the same context without a base, for queries
    whose result does not depend on it; None where this is that context.
    """

    generation: Path
    name: str
    format: Format
    settings: bytes
    prefix: blake2b
    key: str
    lookup_allowed: bool = False
    without_base: QueryContext | None = None


class QueryRequest(NamedTuple):
    """A guarded query in its context. `fingerprint` identifies its result; None where that may vary between runs."""

    context: QueryContext
    guarded: Guarded
    fingerprint: str | None

    @property
    def ordered(self) -> bool:
        """Whether the rows of the result come in the same order each time."""
        return not self.guarded.unordered


@lru_cache(maxsize=8)
def _absolute(generation: Path) -> str:
    return os.path.abspath(generation)  # noqa: PTH100  # Path.resolve would follow links


def locate(generation: Path) -> tuple[str, str]:
    """The absolute path of a generation, and its `generation_key`. Raises `HomeError` where it is gone."""
    path = _absolute(generation)
    try:
        return path, generation_key(path)
    except OSError as error:
        raise HomeError(f"The generation {generation.name} cannot be opened: {error.strerror}.") from error


def make_context(
    limits: Limits,
    generation: Path,
    location: tuple[str, str],
    result_format: Format,
    *,
    dataset: Dataset,
    base: str | None,
    without_base: QueryContext | None = None,
) -> QueryContext:
    """The context of a query; `location` is what `locate` returns for the generation."""
    path, key = location
    settings = query_settings(path, result_format, limits, stamp=key, dataset=dataset, base=base)
    parts = (generation.name, key, result_format.media_type, base or "", *dataset.default, "", *dataset.named, "")
    return QueryContext(
        generation=generation,
        name=generation.name,
        format=result_format,
        settings=settings,
        prefix=fingerprint_prefix(*parts),
        key=key,
        lookup_allowed=result_format.name == "json" and dataset == WHOLE,
        without_base=without_base,
    )


def make_request(guarded: Guarded, context: QueryContext) -> QueryRequest:
    """The request for a query. A base that the query does not use is no part of it: the result is the same.

    >>> from graph.sparql.pool.pool import QueryPool
    >>> pool = QueryPool()
    >>> guarded = pool.check("ASK { ?s ?p ?o }")
    >>> requests = [
    ...     make_request(guarded, pool.context(home.require().path, guarded.form, base=base))
    ...     for base in ("http://one.example/sparql", "http://two.example/sparql")
    ... ]
    >>> requests[0].fingerprint == requests[1].fingerprint
    True
    """
    if context.without_base is not None and not guarded.uses_base:
        context = context.without_base
    key = None if guarded.volatile else fingerprint(context.prefix, guarded.original)
    return QueryRequest(context, guarded, key)


def to_query_result(request: QueryRequest, result: CachedResult, *, cached: bool = True) -> QueryResult:
    """A result in memory as the answer to a request.

    >>> from graph.sparql.pool.pool import QueryPool
    >>> pool = QueryPool()
    >>> request = pool.request(home.require().path, pool.check("ASK {}"), media_type="text/csv")
    >>> to_query_result(request, CachedResult("boolean", 1, 0.2, b"true")).read()
    b'true'
    """
    return QueryResult(
        kind=result.kind,
        media_type=request.context.format.media_type,
        rows=result.rows,
        ms=result.ms,
        generation=request.context.generation,
        body=result.body,
        size=len(result.body),
        fingerprint=request.fingerprint,
        ordered=request.ordered,
        cached=cached,
        searches=result.searches,
        warnings=request.guarded.warnings,
    )


def to_result(request: QueryRequest, task: Task, delivery: Delivery) -> QueryResult:
    """The result that the worker delivered. Raises the error that was delivered instead."""
    if isinstance(delivery, AtlasError):
        raise delivery
    answer, spool = delivery
    if answer.outcome == "failed":
        raise _error(*_reported_error(answer), request.context.name)
    if spool is None and answer.outcome != "done":
        raise QueryFailed("The query worker gave an answer that makes no sense.", "Report it.")
    # The worker's word on the size of its spool file is not trusted: a wrong length would break the connection.
    size = len(answer.body) if spool is None else os.fstat(spool.fileno()).st_size
    return QueryResult(
        kind=answer.kind,
        media_type=request.context.format.media_type,
        rows=answer.rows,
        ms=answer.ms,
        generation=request.context.generation,
        body=answer.body if spool is None else spool,
        size=size,
        fingerprint=request.fingerprint,
        ordered=request.ordered,
        searches=task.searches,
        warnings=request.guarded.warnings,
    )


def engine_syntax_error(delivery: Delivery) -> str | None:
    """The engine's message about a query that does not parse; None for every other delivery."""
    if isinstance(delivery, AtlasError) or delivery[0].outcome != "failed":
        return None
    kind, message = _reported_error(delivery[0])
    return message if kind == "syntax" else None


def choose_format(form: Form, media_type: str | None) -> Format:
    """The format of a media type, or the default for the query form. Raises `QueryRefused` where it does not suit."""
    choices = offered(form)
    if media_type is None:
        return choices[0]
    chosen = by_media_type(media_type, choices)
    if chosen is None:
        raise QueryRefused(
            f"{media_type} is not a format for {form} queries.",
            f"Ask for one of: {', '.join(choice.media_type for choice in choices)}.",
        )
    return chosen


def _reported_error(answer: Answer) -> tuple[str, str]:
    """The kind and the message of the error that a worker reported."""
    try:
        report = json.loads(answer.body)
        return str(report["error"]), str(report["message"])
    except (ValueError, KeyError, TypeError) as error:
        raise QueryFailed("The query worker gave an answer that makes no sense.", "Report it.") from error


def _error(kind: str, message: str, generation: str) -> AtlasError:
    """The error of this package for the kind that a worker reported about a query on this generation."""
    match kind:
        case "large":
            return QueryTooLarge(message, "Add a LIMIT, or ask for fewer columns.")
        case "format":
            return UnwritableTerm(message)
        case "memory":
            return QueryMemory("The query needed more memory than it may have.", "Narrow its patterns.")
        case "refused":
            return QueryRefused("The query tried to reach the network or a file, which is never allowed.")
        case "generation":
            return HomeError("This generation of the atlas cannot be opened.", message)
        case "damaged":
            engine_error = OSError(message) if message.startswith("IO error") else RuntimeError(message)
            fault = store_fault(engine_error, generation)
            return fault or HomeError("This generation of the atlas cannot be read.", "Send the query again.")
        case "cancelled":
            return QueryCancelled("The query was cancelled.")
    sentence = f"The query could not be evaluated: {message.rstrip('.')}."
    if is_clients_fault(message):
        return QueryError(sentence)
    return QueryFailed(sentence, "Try again; report it if it recurs.")
