"""Answers `SERVICE <urn:creative-atlas:search>` with the search of the site, on the generation of the query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graph.deadline import Deadline
from graph.model import Value
from graph.sparql.pool.pool import Search
from graph.sparql.search_request import SearchClauseRows, SearchRequest, SearchRow
from search.types import Filters, Hit, Query
from web.read_model.live_generation import Live, View
from web.read_model.reader import Clause, ClauseHit

if TYPE_CHECKING:
    from web.read_model.live_reader import LiveAtlas

__all__ = ["clause_search", "explain"]

_DATE_FIELDS: Final = {"from": "date_from", "to": "date_to"}


def clause_search(live: Live, atlas: Callable[[], LiveAtlas]) -> Search:
    """The function that runs one search clause. `atlas` is called at the first clause: most queries have none, and need
    no index."""

    def search(generation: Path, request: SearchRequest, deadline: Deadline) -> tuple[SearchRow, ...]:
        view, index = live.at(generation), atlas().index
        hits: Sequence[Hit]
        if request.similar_to is not None:
            kind = next(iter(request.filters.get("kind", ())), None)
            hits = index.similar(view, request.similar_to, request.limit, kind, deadline=deadline)  # type: ignore[arg-type]  # checked
        else:
            hits = index.search(view, _query(request), deadline).hits
        return tuple(SearchRow(hit.iri, hit.score, hit.snippet.text) for hit in hits)

    return search


def explain(view: View, searches: Sequence[SearchClauseRows]) -> tuple[Clause, ...]:
    """For each search clause of a query, what it asked for in words and the hits that took its place. `view` is of the
    generation that the query ran on."""
    lag = view.manifest.get("index", {}).get("behind")
    as_of = lag["as_of"] if lag else ""
    return tuple(_explain_clause(view, request, rows, as_of) for request, rows in searches)


def _explain_clause(view: View, request: SearchRequest, rows: Sequence[SearchRow], as_of: str) -> Clause:
    similar = request.similar_to
    return Clause(
        description=f"“{request.text}”" if similar is None else f"similar to {view.snapshot.label(similar)}",
        mode=request.mode if similar is None else "dense",
        limit=request.limit,
        filters=tuple((name, _label(view, value)) for name, values in request.filters.items() for value in values),
        hits=tuple(
            ClauseHit(Value("iri", row.iri, view.snapshot.label(row.iri)), row.score, row.snippet) for row in rows
        ),
        as_of=as_of,
    )


def _label(view: View, value: str) -> str:
    return view.snapshot.label(value) if ":" in value else value


def _query(request: SearchRequest) -> Query:
    """Raises `graph.errors.InputError` for a date that cannot be read or a text that is too long."""
    dates = {field: request.filters[name][0] for name, field in _DATE_FIELDS.items() if name in request.filters}
    lists = {name: values for name, values in request.filters.items() if name not in _DATE_FIELDS}
    return Query(
        text=request.text or "",
        limit=request.limit,
        mode=request.mode,  # type: ignore[arg-type]  # one of the three
        filters=Filters(**lists, **dates),  # type: ignore[arg-type]  # the properties are named as its fields are
    )
