"""A client's query as a table for the SPARQL page: rows of values with labels, run in a killable worker."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import pyoxigraph as ox

from graph.entities.entity_facts import value_of
from graph.model import Value
from graph.sparql.pool.pool import QueryPool
from graph.sparql.result import QueryResult
from graph.sparql.search_request import SearchClauseRows
from graph.storage.snapshot import DEFAULT, Snapshot, term
from web.read_model.coordinates import positions
from web.read_model.formatting import DATE_TYPES, day_number
from web.read_model.live_generation import View
from web.read_model.reader import Clause, QueryTable, Slice
from web.read_model.result_file import ResultFile, ResultFiles, SortKey

__all__ = ["run_table"]

MANY_IRIS: Final = 2_000
"""From this number of IRIs on, one pass over all labels is quicker than a look-up for each."""

_PASSAGE: Final = re.compile(r"(.+)/p(\d{1,9})", re.ASCII)
_LITERAL: Final = re.compile(r'"(.*)"(?:@[A-Za-z0-9-]+|\^\^<([^>]*)>)?', re.DOTALL)
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
    common: dict[str, Any] = {"generation": view.generation.number, "part": part}
    if guarded.form == "ASK":
        with run(media_type="application/sparql-results+json") as result:
            boolean, took, clauses = json.loads(result.read())["boolean"], result.ms, explain(result.searches)
        return QueryTable((), (), 0, took_ms=took, boolean=boolean, form="ask", clauses=clauses, **common)
    file = _result_file(run, view, query, form=guarded.form, part=part)
    snapshot = view.snapshot
    order: Sequence[int] = range(len(file))
    if part.sort in file.columns:
        order = file.order(part.sort, part.descending, _sort_keys(snapshot))
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
    """The result kept from an earlier run where this is another page or order of it, or where a run gives the same."""
    files = view.once("result files", lambda _: ResultFiles())
    kept = files.get(query)
    if kept is not None and (part.start or part.sort or not kept.is_volatile):
        return kept
    media_type = "text/tab-separated-values" if form == "SELECT" else "application/n-triples"
    with run(media_type=media_type) as result:
        file = ResultFile(result)
    files.keep(query, file)
    return file


def _sort_keys(snapshot: Snapshot) -> Callable[[Iterable[bytes]], dict[bytes, SortKey | None]]:
    def keys(cells: Iterable[bytes]) -> dict[bytes, SortKey | None]:
        texts = {cell: cell.decode() for cell in cells}
        iris = [text[1:-1] for text in texts.values() if text.startswith("<")]
        label = partial(_label_in, _labels(snapshot)) if len(iris) > MANY_IRIS else snapshot.label
        return {cell: _sort_key(text, label) for cell, text in texts.items()}

    return keys


def _sort_key(text: str, label: Callable[[str], str | None]) -> SortKey | None:
    """Numbers, then dates, then words; None, which comes last either way, where the variable is unbound."""
    if not text:
        return None
    if text.startswith("<"):
        return (2, 0.0, _collation_key(label(text[1:-1]) or text[1:-1].rstrip("/#").rpartition("/")[2]))
    literal = _LITERAL.fullmatch(text)
    # Turtle writes numbers and booleans without quotation marks.
    value, datatype = (literal[1], literal[2]) if literal else (text, "unquoted")
    if datatype in DATE_TYPES:
        if (days := day_number(value)) is not None:
            return (1, days, "")
    elif datatype and not text.startswith("_:"):
        try:
            number = float(value)
        except ValueError:
            pass
        else:
            return (0, math.inf, "after") if math.isnan(number) else (0, number, "")
    return (2, 0.0, _collation_key(value))


def _collation_key(text: str) -> str:
    """As people look words up: without case, accented letters beside those without accents."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _label_in(labels: dict[str, str], iri: str) -> str | None:
    """As `Snapshot.label`, without a look-up in the store."""
    label = labels.get(iri)
    if label is None and (passage := _PASSAGE.fullmatch(iri)) and passage[1] in labels:
        return f"{labels[passage[1]]}, passage {int(passage[2]) + 1}"
    return label


def _labels(snapshot: Snapshot) -> dict[str, str]:
    """Every label of the default graph, in one pass; of several, the one that `Snapshot.label` chooses."""
    best: dict[str, tuple[bool, str]] = {}
    for name in ("rdfs:label", "dcterms:title"):
        for quad in snapshot.store.quads_for_pattern(None, term(name), None, DEFAULT):
            if isinstance(quad.object, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
                is_second_choice = name != "rdfs:label" or quad.object.language not in (None, "en", "en-gb")
                ranked = (is_second_choice, quad.object.value)
                best[quad.subject.value] = min(ranked, best.get(quad.subject.value, ranked))
    return {iri: label for iri, (_, label) in best.items()}


def _value(snapshot: Snapshot, part: object) -> Value:
    if isinstance(part, ox.Literal):
        datatype = part.datatype.value
        is_plain = datatype == _XSD_STRING or part.language
        return Value("literal", part.value, part.value, None if is_plain else datatype, part.language)
    if isinstance(part, ox.NamedNode):
        return value_of(snapshot, part)
    return Value("literal", str(part), str(part))
