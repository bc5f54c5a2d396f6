"""A client's query as a table for the SPARQL page: rows of values with labels, run in a killable worker.

Where entries are: their own coordinates, else those of the place that they are said to be in.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import pyoxigraph as ox

from graph.entities.view import value_of
from graph.model import Value
from graph.sparql.pool.pool import QueryPool
from graph.sparql.result import QueryResult
from graph.sparql.search_request import SearchClauseRows
from graph.storage.snapshot import DEFAULT, Snapshot, term
from web.read_model.formatting import DATED, moment
from web.read_model.live_generation import View
from web.read_model.reader import Clause, QueryTable, Slice
from web.read_model.result_file import Answer, Answers, Key

__all__ = ["positions", "run_table"]

_MANY: Final = 2_000
"""From so many labels on it is quicker to read all of them at once."""

_PASSAGE: Final = re.compile(r"(.+)/p(\d{1,9})", re.ASCII)
_LITERAL: Final = re.compile(r'"(.*)"(?:@[A-Za-z0-9-]+|\^\^<([^>]*)>)?', re.DOTALL)
Rows = tuple[tuple[Value | None, ...], ...]

_PLAIN: Final = "http://www.w3.org/2001/XMLSchema#string"


Explain = Callable[[Sequence[SearchClauseRows]], tuple[Clause, ...]]
"""Puts the search clauses of a query, and the rows that took their place, into words."""


def run_table(
    pool: QueryPool,
    view: View,
    query: str,
    query_id: str,
    part: Slice,
    *,
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
            boolean, ms, clauses = json.loads(result.read())["boolean"], result.ms, explain(result.searches)
        return QueryTable((), (), 0, ms, boolean=boolean, form="ask", clauses=clauses, **common)
    answer = _answer(run, view, query, guarded.form, part)
    snapshot = view.snapshot
    order = answer.order(part.sort, part.down, _keys(snapshot)) if part.sort in answer.columns else range(len(answer))
    rows = _rows(snapshot, answer, order[part.start : part.start + part.limit])
    placed = positions(snapshot, rows)
    first: Rows = ()
    if len(rows) < len(answer) and part.drawn:
        first = _rows(snapshot, answer, order[: part.drawn])
        placed = positions(snapshot, first) if placed else placed  # a look-up for each entry: only where it may pay
    return QueryTable(
        answer.columns,
        rows,
        len(answer),
        answer.ms,
        form="select" if guarded.form == "SELECT" else "graph",
        positions=placed,
        clauses=explain(answer.searches),
        first=first,
        **common,
    )


def _rows(snapshot: Snapshot, answer: Answer, numbers: Sequence[int]) -> Rows:
    terms = answer.page(numbers)
    return tuple(tuple(None if each is None else _value(snapshot, each) for each in row) for row in terms)


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
        label = partial(_label_in, _labels(snapshot)) if len(iris) > _MANY else snapshot.label
        return {cell: _key(text, label) for cell, text in written.items()}

    return keys


def _key(text: str, label: Callable[[str], str | None]) -> Key | None:
    """Numbers, then dates, then words; None, which comes last either way, where the variable is unbound."""
    if not text:
        return None
    if text.startswith("<"):
        return (2, 0.0, _collated(label(text[1:-1]) or text[1:-1].rstrip("/#").rpartition("/")[2]))
    found = _LITERAL.fullmatch(text)
    value, datatype = (found[1], found[2]) if found else (text, "bare")
    if datatype in DATED:
        if (time := moment(value)) is not None:
            return (1, time, "")
    elif datatype and not text.startswith("_:"):
        try:
            number = float(value)
        except ValueError:
            pass
        else:
            return (0, math.inf, "after") if math.isnan(number) else (0, number, "")
    return (2, 0.0, _collated(value))


def _collated(text: str) -> str:
    """As people look words up: without case, accented letters beside those without accents."""
    if text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFKD", text)
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()


def _label_in(labels: dict[str, str], iri: str) -> str | None:
    """As `Snapshot.label`, without asking the store."""
    found = labels.get(iri)
    if found is None and (passage := _PASSAGE.fullmatch(iri)) and passage[1] in labels:
        return f"{labels[passage[1]]}, passage {int(passage[2]) + 1}"
    return found


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


_IN: Final = ("schema:location", "dcterms:spatial", "schema:spatialCoverage", "schema:containedInPlace")
"""From the narrowest sense of being somewhere to the widest."""


def positions(snapshot: Snapshot, rows: Iterable[tuple[Value | None, ...]]) -> dict[str, tuple[float, float]]:
    """Latitude and longitude in degrees for each entry in the rows whose place is known. At most one step away."""
    met = {cell.value for row in rows for cell in row if cell is not None and cell.kind == "iri"}
    found: dict[str, tuple[float, float]] = {}
    for iri in met:
        own = _own(snapshot, iri) or next(
            (at for name in _IN for place in snapshot.objects(iri, name) if (at := _own(snapshot, place.value))), None
        )
        if own is not None:
            found[iri] = own
    return found


def _own(snapshot: Snapshot, iri: str) -> tuple[float, float] | None:
    latitude, longitude = snapshot.value(iri, "schema:latitude"), snapshot.value(iri, "schema:longitude")
    try:
        return (float(latitude), float(longitude)) if latitude and longitude else None
    except ValueError:
        return None
