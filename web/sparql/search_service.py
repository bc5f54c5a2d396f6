"""What answers `SERVICE <urn:creative-atlas:search>`: the same search as the site's, on the query's own generation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graph.model import Value
from graph.sparql.pool.pool import Search
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.search_clause import SearchRequest, SearchRow, read_clauses
from search.types import Filters, Hit, Query
from web.read_model.live_generation import Live, View
from web.read_model.reader import Clause, ClauseHit

if TYPE_CHECKING:
    from web.read_model.live_reader import LiveAtlas

__all__ = ["clause_search", "explain"]

_DATES: Final = {"from": "date_from", "to": "date_to"}


def clause_search(live: Live, atlas: Callable[[], LiveAtlas]) -> Search:
    """`atlas` is asked for at the first clause: most queries have none, and need no index."""

    def search(generation: Path, asked: SearchRequest) -> tuple[SearchRow, ...]:
        view = live.at(generation)
        if asked.similar_to is not None:
            kind = next(iter(asked.filters.get("kind", ())), None)
            found = atlas().index.similar(view, asked.similar_to, asked.limit, kind)  # type: ignore[arg-type]  # checked
        else:
            found = atlas().index.search(view, _query(asked)).hits
        return tuple(_row(hit) for hit in found)

    return search


def explain(search: Search, view: View, guarded: Guarded) -> tuple[Clause, ...]:
    """What each search clause of a query asks for, and what took its place on the generation of `view`."""
    behind = view.manifest.get("index", {}).get("behind")
    found = []
    for asked in read_clauses(guarded):
        rows = search(view.generation.path, asked)[: asked.limit]
        similar = asked.similar_to
        found.append(
            Clause(
                asked=f"“{asked.text}”" if similar is None else f"similar to {view.snapshot.label(similar)}",
                mode="dense" if similar is not None else asked.mode,
                limit=asked.limit,
                filters=tuple((name, _named(view, value)) for name, held in asked.filters.items() for value in held),
                hits=tuple(
                    ClauseHit(Value("iri", row.iri, view.snapshot.label(row.iri)), row.score, row.snippet)
                    for row in rows
                ),
                as_of=behind["as_of"] if behind else "",
            )
        )
    return tuple(found)


def _named(view: View, value: str) -> str:
    return view.snapshot.label(value) if ":" in value else value


def _query(asked: SearchRequest) -> Query:
    """Raises `graph.errors.InputError` for a date that cannot be read or a text that is too long."""
    dates = {field: asked.filters[name][0] for name, field in _DATES.items() if name in asked.filters}
    lists = {name: values for name, values in asked.filters.items() if name not in _DATES}
    return Query(
        text=asked.text or "",
        limit=asked.limit,
        mode=asked.mode,  # type: ignore[arg-type]  # one of the three
        filters=Filters(**lists, **dates),  # type: ignore[arg-type]  # the properties are named as its fields are
    )


def _row(hit: Hit) -> SearchRow:
    return SearchRow(hit.iri, hit.score, hit.snippet.text)
