"""A client's query as a table for the SPARQL page: rows of values with labels, run in a killable worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import pyoxigraph as ox

from graph.entities.entity_facts import value_of
from graph.model import Value
from graph.sparql.pool.pool import QueryPool
from graph.sparql.result import QueryResult
from graph.sparql.search_request import SearchClauseRows
from graph.storage.snapshot import Snapshot
from web.read_model.entity_coordinates import positions
from web.read_model.live_generation import View
from web.read_model.reader import Clause, QueryTable, Slice
from web.read_model.result_file import ResultFile, ResultFiles
from web.read_model.sort_keys import sort_keys

__all__ = ["run_table"]

_XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

Rows = tuple[tuple[Value | None, ...], ...]

Explain = Callable[[Sequence[SearchClauseRows]], tuple[Clause, ...]]
"""Puts the search clauses of a query, and the rows that took their place, into words."""


def run_table(
    pool: QueryPool,
    view: View,
    query: str,
    *,
    query_id: str,
    part: Slice,
    explain: Explain = lambda searches: (),
    client: str | None = None,
) -> QueryTable:
    """Run a query and return the rows that `part` asks for. Another page of an answer on file runs nothing again.

    Raises QueryError.
    """
    guarded = pool.check(query, client)
    run = partial(pool.run, view.generation.path, guarded, query_id=query_id, client=client)
    common: dict[str, Any] = {"generation": view.generation.number, "part": part, "warnings": guarded.warnings}
    if guarded.form == "ASK":
        with run(media_type="application/sparql-results+json") as result:
            boolean, took, clauses = json.loads(result.read())["boolean"], result.ms, explain(result.searches)
        return QueryTable((), (), 0, took_ms=took, boolean=boolean, form="ask", clauses=clauses, **common)
    file = _result_file(run, view, query, form=guarded.form, part=part)
    snapshot = view.snapshot
    order: Sequence[int] = range(len(file))
    if part.sort in file.columns:
        order = file.order(part.sort, part.descending, sort_keys(snapshot))
    rows = _rows(snapshot, file, order[part.start : part.start + part.limit])
    coordinates = positions(snapshot, rows)
    first_rows: Rows = ()
    if len(rows) < len(file) and part.drawn_rows:
        first_rows = _rows(snapshot, file, order[: part.drawn_rows])
        # One look-up for each entity: only where the rows on this page have coordinates.
        coordinates = positions(snapshot, first_rows) if coordinates else {}
    return QueryTable(
        file.columns, rows, len(file), took_ms=file.ms,
        form="select" if guarded.form == "SELECT" else "graph",
        positions=coordinates, clauses=explain(file.searches), first_rows=first_rows, **common,
    )  # fmt: skip


def _rows(snapshot: Snapshot, file: ResultFile, numbers: Sequence[int]) -> Rows:
    terms = file.page(numbers)
    return tuple(tuple(None if cell is None else _value(snapshot, cell) for cell in row) for row in terms)


def _result_file(run: Callable[..., QueryResult], view: View, query: str, *, form: str, part: Slice) -> ResultFile:
    """Result of a run: an earlier one if this is another page or order of it, or a new one would give the same."""
    files = view.once("result files", lambda _: ResultFiles())
    earlier = files.get(query)
    if earlier is not None and (part.start or part.sort or not earlier.is_volatile):
        return earlier
    media_type = "text/tab-separated-values" if form == "SELECT" else "application/n-triples"
    with run(media_type=media_type) as result:
        file = ResultFile(result)
    files.keep(query, file)
    return file


def _value(snapshot: Snapshot, part: object) -> Value:
    if isinstance(part, ox.Literal):
        datatype = part.datatype.value
        is_plain = datatype == _XSD_STRING or part.language
        return Value("literal", part.value, part.value, None if is_plain else datatype, part.language)
    if isinstance(part, ox.NamedNode):
        return value_of(snapshot, part)
    return Value("literal", str(part), str(part))
