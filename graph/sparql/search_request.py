"""A search inside a SPARQL query: the request that a search clause makes, and the rows that took its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["SearchClauseRows", "SearchRequest", "SearchRow"]


class SearchRow(NamedTuple):
    """One hit. `score` orders the hits of one search: higher is better. `snippet` is plain text."""

    iri: str
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What one search clause asks for: either `text` or `similar_to` (an IRI) is set.

    `limit` is 1 to 100 rows; `mode` is hybrid, lexical or dense. `filters` maps a property to values that are
    alternatives; "from" and "to" hold one ISO date each. `outputs` says which variable (without its sign) takes the
    hit, the score, the snippet and the rank (1 = best).
    """

    text: str | None = None
    similar_to: str | None = None
    limit: int = 10
    mode: str = "hybrid"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


class SearchClauseRows(NamedTuple):
    """A search clause of a query with the rows that were put in its place, best first."""

    request: SearchRequest
    rows: tuple[SearchRow, ...]
