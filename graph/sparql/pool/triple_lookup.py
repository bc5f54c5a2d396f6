"""Look-up of one triple pattern in this process, from the indexes of the store.

A few triples are found in a fifth of the time that it takes to wake a worker for them. So the pool asks the store
itself for a query of the shape that `graph.sparql.syntax.query_shape` recognises: nothing of it is evaluated, and it
ends after `MAX_LOOKUP_ROWS` rows. Everything unusual, a bad IRI, another kind of term, a large result, is left to the
engine in its worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from json.encoder import encode_basestring
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Store, Triple

from graph.sparql.limits import Limits
from graph.sparql.pool.result_cache import CachedResult

__all__ = ["MAX_LOOKUP_ROWS", "LookUps", "OpenStore", "look_up"]

OpenStore = Callable[[Path, str], Store | None]
"""The store of a generation, given by its directory and its `generation_key`. None where it is not open in this
process; it never waits."""

MAX_LOOKUP_ROWS: Final = 100
MAX_LOOKUP_BYTES: Final = 64 << 10
"""Rows and bytes of a result that is made here, so that the event loop is not kept for more than a fraction of a
millisecond."""

SLOW_SECONDS: Final = 0.005
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
"""After a look-up that took `SLOW_SECONDS` (a slow disk, many deleted triples), workers answer look-ups for a pause,
which is twice as long each time."""

_DAMAGE: Final = (OSError, MemoryError, ValueError, RuntimeError)
"""Exceptions that a damaged table causes. The worker will meet them too, and its error is reported."""

_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

_DEFAULT: Final = DefaultGraph()


class LookUps:
    """Answers look-ups from stores that are open in this process. From any thread; `clock` in seconds."""

    def __init__(self, limits: Limits, open_store: OpenStore, clock: Callable[[], float] = time.perf_counter) -> None:
        self._open_store, self._clock = open_store, clock
        self._max_rows = min(limits.result_rows, MAX_LOOKUP_ROWS)
        self._max_bytes = min(limits.inline_bytes, limits.result_bytes, MAX_LOOKUP_BYTES)
        self._pause_seconds, self._paused_until = FIRST_PAUSE_SECONDS, 0.0

    def answer(self, generation: Path, key: str, request: str) -> CachedResult | None:
        """The result of a look-up (see `look_up`); None where a worker has to answer."""
        began = self._clock()
        if began < self._paused_until:
            return None
        store = self._open_store(generation, key)
        if store is None:
            return None
        try:
            result = look_up(store, request, self._max_rows, self._max_bytes)
        except _DAMAGE:
            return None
        seconds = self._clock() - began
        if seconds > SLOW_SECONDS:
            self._paused_until = began + seconds + self._pause_seconds
            self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
        return None if result is None else CachedResult("bindings", result[1], seconds * 1000, result[0])


def look_up(store: Store, request: str, rows: int, size: int) -> tuple[bytes, int] | None:
    """The result of a look-up in the store's default graph as SPARQL 1.1 JSON, and its number of rows.

    `request` is what `query_shape.look_up_in` returns. None where the engine has to answer, which is also so for a
    result of more than `rows` rows or `size` bytes.
    """
    subject, predicate, obj, *columns = request.split("\n")
    cells = [(f'"{column[1:]}":', int(column[0])) for column in columns]
    objects = _rows(store, (subject, predicate, obj), cells, rows, size)
    if objects is None:
        return None
    names = ",".join([f'"{column[1:]}"' for column in columns])
    body = f'{{"head":{{"vars":[{names}]}},"results":{{"bindings":[{",".join(objects)}]}}}}'.encode()
    return (body, len(objects)) if len(body) <= size else None


def _rows(
    store: Store, terms: tuple[str, str, str], columns: list[tuple[str, int]], max_rows: int, max_chars: int
) -> list[str] | None:
    """One JSON object for each triple; None for too many, or where only the engine can write a term."""
    try:
        subject, predicate, obj = [NamedNode(term) if term else None for term in terms]
    except ValueError:
        return None
    rows: list[str] = []
    for quad in store.quads_for_pattern(subject, predicate, obj, _DEFAULT):
        cells = []
        for name, position in columns:
            cell = _json(quad[position])
            if cell is None:
                return None
            cells.append(name + cell)
        row = f"{{{','.join(cells)}}}"
        max_chars -= len(row)
        if len(rows) == max_rows or max_chars < 0:
            return None
        rows.append(row)
    return rows


def _json(term: NamedNode | BlankNode | Literal | Triple) -> str | None:
    if isinstance(term, NamedNode):
        return f'{{"type":"uri","value":{encode_basestring(term.value)}}}'
    if not isinstance(term, Literal) or term.direction is not None:
        return None
    value = f'{{"type":"literal","value":{encode_basestring(term.value)}'
    if term.language is not None:
        return f'{value},"xml:lang":"{term.language}"}}'
    datatype = term.datatype.value
    return f"{value}}}" if datatype == _STRING else f'{value},"datatype":{encode_basestring(datatype)}}}'
