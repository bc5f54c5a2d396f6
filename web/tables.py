"""A client's query as a table for the SPARQL page: rows of values with labels, run in a killable worker."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

import pyoxigraph as ox

from graph.entities import value_of
from graph.model import Value
from graph.sparql.pool import QueryPool
from graph.store import Snapshot
from web.live import View
from web.reads import QueryTable, Slice

__all__ = ["run_table"]

T = TypeVar("T")
Binding = dict[str, str] | None


def run_table(pool: QueryPool, view: View, query: str, query_id: str, part: Slice) -> QueryTable:
    """The rows that `part` asks for. Raises QueryError."""
    form = pool.check(query).form
    media_type = "application/sparql-results+json" if form in ("SELECT", "ASK") else "application/n-triples"
    with pool.run(view.generation.path, query, media_type=media_type, query_id=query_id) as result:
        body = result.read()
        common: dict[str, Any] = {"took_ms": result.ms, "generation": view.generation.number, "part": part}
        rows_in_all = result.rows
    snapshot = view.snapshot
    if form in ("SELECT", "ASK"):
        answer = json.loads(body)
        if "boolean" in answer:
            return QueryTable((), (), 0, boolean=answer["boolean"], form="ask", **common)
        columns = tuple(answer["head"]["vars"])
        bindings = _part(answer["results"]["bindings"], columns, part, lambda row, name: _key(snapshot, row.get(name)))
        shown = tuple(tuple(_value(snapshot, row.get(name)) for name in columns) for row in bindings)
        return QueryTable(columns, shown, len(answer["results"]["bindings"]), form="select", **common)
    columns = ("subject", "predicate", "object")
    triples = _part(
        [[*quad.triple] for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES)],
        columns,
        part,
        lambda row, name: _text(snapshot, row[columns.index(name)]),
    )
    rows = tuple(tuple(_term(snapshot, each) for each in row) for row in triples)
    return QueryTable(columns, rows, rows_in_all, form="graph", **common)


def _part(rows: list[T], columns: tuple[str, ...], part: Slice, key: Callable[[T, str], Any]) -> list[T]:
    """One page of the rows, sorted by a column where it is asked for."""
    if part.sort in columns:
        name = part.sort
        keyed = [(key(row, name), row) for row in rows]
        bound = sorted((each for each in keyed if each[0] is not None), key=lambda e: e[0], reverse=part.down)
        rows = [row for _, row in bound] + [row for found, row in keyed if found is None]
    return rows[part.start : part.start + part.limit]


def _key(snapshot: Snapshot, binding: Binding) -> tuple[int, float, str] | None:
    """Numbers before words; None, which comes last either way, where the variable is unbound."""
    if binding is None:
        return None
    if binding["type"] == "uri":
        return (1, 0.0, snapshot.label(binding["value"]).casefold())
    if "datatype" in binding:
        try:
            number = float(binding["value"])
        except ValueError:
            number = math.nan
        if not math.isnan(number):
            return (0, number, "")
    return (1, 0.0, binding["value"].casefold())


def _text(snapshot: Snapshot, part: object) -> tuple[int, float, str]:
    return (1, 0.0, _term(snapshot, part).label.casefold())


def _value(snapshot: Snapshot, binding: Binding) -> Value | None:
    if binding is None:
        return None
    if binding["type"] == "uri":
        return Value("iri", binding["value"], snapshot.label(binding["value"]))
    return Value("literal", binding["value"], binding["value"], binding.get("datatype"), binding.get("xml:lang"))


def _term(snapshot: Snapshot, part: object) -> Value:
    if isinstance(part, (ox.NamedNode, ox.Literal)):
        return value_of(snapshot, part)
    return Value("literal", str(part), str(part))
