"""A client's query as a table for the SPARQL page: rows of values with labels, run in a killable worker."""

from __future__ import annotations

import json
from typing import Any

import pyoxigraph as ox

from graph.entities import value_of
from graph.model import Value
from graph.sparql.pool import QueryPool
from graph.store import Snapshot
from web.live import View
from web.reads import QueryTable

__all__ = ["run_table"]


def run_table(pool: QueryPool, view: View, query: str, query_id: str, limit: int) -> QueryTable:
    """The first `limit` rows. Raises QueryError."""
    form = pool.check(query).form
    media_type = "application/sparql-results+json" if form in ("SELECT", "ASK") else "application/n-triples"
    with pool.run(view.generation.path, query, media_type=media_type, query_id=query_id) as result:
        body = result.read()
        common: dict[str, Any] = {"took_ms": result.ms, "generation": view.generation.number}
        rows_in_all = result.rows
    if form in ("SELECT", "ASK"):
        answer = json.loads(body)
        if "boolean" in answer:
            return QueryTable((), (), 0, boolean=answer["boolean"], form="ask", **common)
        columns = tuple(answer["head"]["vars"])
        bindings = answer["results"]["bindings"]
        shown = tuple(tuple(_value(view.snapshot, row.get(name)) for name in columns) for row in bindings[:limit])
        return QueryTable(columns, shown, len(bindings), form="select", **common)
    rows = []
    for number, triple in enumerate(ox.parse(body, format=ox.RdfFormat.N_TRIPLES)):
        if number == limit:
            break
        rows.append(tuple(_term(view.snapshot, part) for part in (triple.subject, triple.predicate, triple.object)))
    return QueryTable(("subject", "predicate", "object"), tuple(rows), rows_in_all, form="graph", **common)


def _value(snapshot: Snapshot, binding: dict[str, str] | None) -> Value | None:
    if binding is None:
        return None
    if binding["type"] == "uri":
        return Value("iri", binding["value"], snapshot.label(binding["value"]))
    return Value("literal", binding["value"], binding["value"], binding.get("datatype"), binding.get("xml:lang"))


def _term(snapshot: Snapshot, part: object) -> Value:
    if isinstance(part, (ox.NamedNode, ox.Literal)):
        return value_of(snapshot, part)
    return Value("literal", str(part), str(part))
