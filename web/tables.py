"""A client's query as a table for the SPARQL page: rows of values with labels, run in a killable worker."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

import pyoxigraph as ox

from graph.entities import value_of
from graph.model import Value
from graph.sparql.pool import QueryPool
from graph.sparql.result import QueryResult
from graph.store import DEFAULT, Snapshot, term
from web.answers import Answer, Answers, Key
from web.live import View
from web.places import positions
from web.reads import Clause, QueryTable, Slice

__all__ = ["run_table"]

_MANY: Final = 2_000
"""From so many labels on it is quicker to read all of them at once."""

_LITERAL: Final = re.compile(r'"(.*)"(?:@[A-Za-z0-9-]+|\^\^<([^>]*)>)?', re.DOTALL)
_PLAIN: Final = "http://www.w3.org/2001/XMLSchema#string"


def run_table(
    pool: QueryPool,
    view: View,
    query: str,
    query_id: str,
    part: Slice,
    explained: Callable[[str], tuple[Clause, ...]] = lambda query: (),
    client: str | None = None,
) -> QueryTable:
    """The rows that `part` asks for. `explained` says what became of a query's search clauses. Raises QueryError."""
    form = pool.check(query, client).form
    run = partial(pool.run, view.generation.path, query, query_id=query_id, client=client)
    common: dict[str, Any] = {"generation": view.generation.number, "part": part}
    if form == "ASK":
        media_type = "application/sparql-results+json"
        with run(media_type=media_type) as result:
            boolean, took = json.loads(result.read())["boolean"], result.ms
        return QueryTable((), (), 0, took, boolean=boolean, form="ask", clauses=explained(query), **common)
    answer = _answer(run, view, query, form, part)
    snapshot = view.snapshot
    order = answer.order(part.sort, part.down, _keys(snapshot)) if part.sort in answer.columns else range(len(answer))
    terms = answer.page(order[part.start : part.start + part.limit])
    rows = tuple(tuple(None if each is None else _value(snapshot, each) for each in row) for row in terms)
    return QueryTable(
        answer.columns, rows, len(answer), answer.ms,
        form="select" if form == "SELECT" else "graph",
        positions=positions(snapshot, rows), clauses=explained(query), **common,
    )  # fmt: skip


def _answer(run: Callable[..., QueryResult], view: View, query: str, form: str, part: Slice) -> Answer:
    """From file for another page or order of an answer, or where the query would give the same again."""
    answers = view.once("answers", lambda _: Answers())
    held = answers.get(query)
    if held is not None and (part.start or part.sort or not held.again):
        return held
    media_type = "text/tab-separated-values" if form == "SELECT" else "application/n-triples"
    with run(media_type=media_type) as result:
        made = Answer(result)
    answers.keep(query, made)
    return made


def _keys(snapshot: Snapshot) -> Callable[[Iterable[bytes]], dict[bytes, Key | None]]:
    def keys(cells: Iterable[bytes]) -> dict[bytes, Key | None]:
        written = {cell: cell.decode() for cell in cells}
        iris = [text[1:-1] for text in written.values() if text.startswith("<")]
        label = _labels(snapshot).get if len(iris) > _MANY else snapshot.label
        return {cell: _key(text, label) for cell, text in written.items()}

    return keys


def _key(text: str, label: Callable[[str], str | None]) -> Key | None:
    """Numbers before words; None, which comes last either way, where the variable is unbound."""
    if not text:
        return None
    if text.startswith("<"):
        return (1, 0.0, (label(text[1:-1]) or text[1:-1].rstrip("/#").rpartition("/")[2]).casefold())
    found = _LITERAL.fullmatch(text)
    value, datatype = (found[1], found[2]) if found else (text, "bare")
    if datatype and not text.startswith("_:"):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isnan(number):
            return (0, number, "")
    return (1, 0.0, value.casefold())


def _labels(snapshot: Snapshot) -> dict[str, str]:
    """Every label of the default graph, in one pass; as `Snapshot.label` chooses between several."""
    found: dict[str, tuple[bool, str]] = {}
    for name in ("rdfs:label", "dcterms:title"):
        for quad in snapshot.store.quads_for_pattern(None, term(name), None, DEFAULT):
            if isinstance(quad.object, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
                ranked = (name != "rdfs:label" or quad.object.language not in (None, "en", "en-gb"), quad.object.value)
                known = found.get(quad.subject.value)
                if known is None or ranked < known:
                    found[quad.subject.value] = ranked
    return {iri: label for iri, (_, label) in found.items()}


def _value(snapshot: Snapshot, part: object) -> Value:
    if isinstance(part, ox.Literal):
        datatype = part.datatype.value
        plain = datatype == _PLAIN or part.language
        return Value("literal", part.value, part.value, None if plain else datatype, part.language)
    if isinstance(part, ox.NamedNode):
        return value_of(snapshot, part)
    return Value("literal", str(part), str(part))
