"""What answers `SERVICE <urn:creative-atlas:search>`: the same search as the site's, on the query's own generation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graph.sparql.pool import Search
from graph.sparql.search_clause import SearchRequest, SearchRow
from search.types import Filters, Hit, Query
from web.live import Live

if TYPE_CHECKING:
    from web.atlas import LiveAtlas

__all__ = ["clause_search"]

_DATES: Final = {"from": "date_from", "to": "date_to"}


def clause_search(live: Live, atlas: Callable[[], LiveAtlas]) -> Search:
    """`atlas` is asked for at the first clause: most queries have none, and need no index."""

    def search(generation: Path, asked: SearchRequest) -> tuple[SearchRow, ...]:
        view = live.at(generation)
        if asked.similar_to is not None:
            kind = next(iter(asked.filters.get("kind", ())), None)
            found = atlas().similar_in(view, asked.similar_to, asked.limit, kind)  # type: ignore[arg-type]  # checked
        else:
            found = atlas().search_in(view, _query(asked)).hits
        return tuple(_row(hit) for hit in found)

    return search


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
