"""One query in the terms of the pool: what identifies its result, and what a worker's answer to it amounts to."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from graph.errors import AtlasError, HomeError, QueryCancelled, QueryError, QueryMemory, QueryRefused, QueryTooLarge
from graph.sparql.cache import CachedResult, ResultKey, etag, generation_key
from graph.sparql.dataset import Dataset
from graph.sparql.dispatch import Delivered
from graph.sparql.formats import Format, by_media_type, offered
from graph.sparql.guard import Guarded
from graph.sparql.result import QueryResult
from graph.sparql.wire import Answer

__all__ = ["Asked", "as_asked", "complaint", "from_cache", "result_of"]


class Asked(NamedTuple):
    """A query on its way: what it is, in which form its answer is wanted, and whom its result belongs to."""

    generation: Path
    guarded: Guarded
    wanted: Format
    key: ResultKey
    tag: str | None


def as_asked(guarded: Guarded, generation: Path, media_type: str | None, dataset: Dataset, base: str | None) -> Asked:
    """Raises `QueryRefused` for a format that the query cannot be answered in, `HomeError` without the generation."""
    wanted = _format(guarded, media_type)
    key = _key(generation, guarded.original, dataset, wanted, base)
    return Asked(generation, guarded, wanted, key, None if guarded.volatile else etag(key))


def from_cache(asked: Asked, kept: CachedResult) -> QueryResult:
    return QueryResult(
        kind=kept.kind, media_type=asked.wanted.media_type, rows=kept.rows, ms=kept.ms,
        generation=asked.generation, body=kept.body, size=len(kept.body), etag=asked.tag, cached=True,
    )  # fmt: skip


def result_of(asked: Asked, delivered: Delivered) -> QueryResult:
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
        kind=answer.kind, media_type=asked.wanted.media_type, rows=answer.rows, ms=answer.ms,
        generation=asked.generation, body=answer.body if spool is None else spool, size=size, etag=asked.tag,
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


@lru_cache(maxsize=8)
def _absolute(generation: Path) -> str:
    return os.path.abspath(generation)  # noqa: PTH100  # Path.resolve would follow links


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
    path = _absolute(generation)
    try:
        return ResultKey(path, generation_key(path), query, dataset, wanted.media_type, base)
    except OSError as error:
        raise HomeError(f"The generation {generation.name} cannot be opened: {error.strerror}.") from error


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
    return QueryError(f"The query could not be evaluated: {message.rstrip('.')}.")
