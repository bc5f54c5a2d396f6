"""One query in the terms of the pool: what identifies its result, and what a worker's answer to it amounts to."""

from __future__ import annotations

import json
import os
from functools import lru_cache
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
)
from graph.sparql.dataset import WHOLE, Dataset
from graph.sparql.formats import Format, by_media_type, offered
from graph.sparql.limits import Limits
from graph.sparql.pool.cache import CachedResult, ResultKey, Terms, etag, generation_key, seed
from graph.sparql.pool.task import Delivered
from graph.sparql.result import QueryResult
from graph.sparql.syntax.errors import asked_for
from graph.sparql.syntax.guard import Form, Guarded
from graph.sparql.worker.process import query_settings
from graph.sparql.worker.protocol import Answer

__all__ = ["QueryRequest", "as_asked", "complaint", "format_of", "in_memory", "located", "make_terms", "result_of"]


class QueryRequest(NamedTuple):
    """A query on its way: in which terms it is asked, and whom its result belongs to."""

    terms: Terms
    guarded: Guarded
    key: ResultKey
    tag: str | None


@lru_cache(maxsize=8)
def _absolute(generation: Path) -> str:
    return os.path.abspath(generation)  # noqa: PTH100  # Path.resolve would follow links


def located(generation: Path) -> tuple[str, str]:
    """The absolute path, and what tells the directory from another that had it before. Raises `HomeError`."""
    path = _absolute(generation)
    try:
        return path, generation_key(path)
    except OSError as error:
        raise HomeError(f"The generation {generation.name} cannot be opened: {error.strerror}.") from error


def make_terms(
    limits: Limits, generation: Path, path: str, stamp: str, wanted: Format, dataset: Dataset, base: str | None
) -> Terms:
    """`path` and `stamp` as of `located`."""
    settings = query_settings(path, wanted, limits, stamp=stamp, dataset=dataset, base=base)
    parts = (generation.name, stamp, wanted.media_type, base or "", *dataset.default, "", *dataset.named, "")
    direct = wanted.name == "json" and dataset == WHOLE
    return Terms(generation, generation.name, wanted, settings, seed(*parts), direct)


def as_asked(guarded: Guarded, terms: Terms) -> QueryRequest:
    key = ResultKey(terms, guarded.original)
    return QueryRequest(terms, guarded, key, None if guarded.volatile else etag(key, weak=guarded.unordered))


def in_memory(asked: QueryRequest, kept: CachedResult, *, cached: bool = True) -> QueryResult:
    return QueryResult(
        kind=kept.kind, media_type=asked.terms.wanted.media_type, rows=kept.rows, ms=kept.ms,
        generation=asked.terms.generation, body=kept.body, size=len(kept.body), etag=asked.tag, cached=cached,
    )  # fmt: skip


def result_of(asked: QueryRequest, delivered: Delivered) -> QueryResult:
    """Raises the error that came instead of one."""
    if isinstance(delivered, AtlasError):
        raise delivered
    answer, spool = delivered
    if answer.outcome == "failed":
        raise _error(*_said(answer))
    if spool is None and answer.outcome != "done":
        raise QueryError("The query worker gave an answer that makes no sense.", "Report it.")
    # What the worker says of its spool file is not relied on: a length that does not hold breaks the connection.
    size = len(answer.body) if spool is None else os.fstat(spool.fileno()).st_size
    return QueryResult(
        kind=answer.kind, media_type=asked.terms.wanted.media_type, rows=answer.rows, ms=answer.ms,
        generation=asked.terms.generation, body=answer.body if spool is None else spool, size=size, etag=asked.tag,
    )  # fmt: skip


def _said(answer: Answer) -> tuple[str, str]:
    """Which error the worker reported, and its words."""
    try:
        said = json.loads(answer.body)
        return str(said["error"]), str(said["message"])
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError("The query worker gave an answer that makes no sense.", "Report it.") from error


def complaint(delivered: Delivered) -> str | None:
    """What the engine said of a query that does not parse."""
    if isinstance(delivered, AtlasError) or delivered[0].outcome != "failed":
        return None
    error, message = _said(delivered[0])
    return message if error == "syntax" else None


def format_of(form: Form, media_type: str | None) -> Format:
    """Raises `QueryRefused` for a format that such a query cannot be answered in."""
    choices = offered(form)
    if media_type is None:
        return choices[0]
    found = by_media_type(media_type, choices)
    if found is None:
        raise QueryRefused(
            f"{media_type} is not a format for {form} queries.",
            f"Ask for one of: {', '.join(each.media_type for each in choices)}.",
        )
    return found


def _error(kind: str, message: str) -> AtlasError:
    """One of our errors for what the worker reported."""
    match kind:
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
    said = f"The query could not be evaluated: {message.rstrip('.')}."
    return QueryError(said) if asked_for(message) else QueryFailed(said, "Try again; report it if it recurs.")
