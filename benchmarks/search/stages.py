"""Processor milliseconds of each stage of a search, one after the other in one thread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.search.measure import Clock
from search.encoders.protocol import Encoder
from search.index.index import Index
from search.index.schema import FILTER_FIELDS
from search.index.terms import Slots
from search.index.top_k import order
from search.query.lexical_query import lexical_query
from search.query.parser import parse
from search.ranking.boosts import cover_boost
from search.ranking.candidates import gather, likely_rows
from search.ranking.ranker import Ranking
from search.ranking.term_counts import term_counts
from search.results.hits import make_hits
from search.searcher import Searcher
from search.types import Filters, Query

__all__ = ["stages"]

_FACETS = [name for name in FILTER_FIELDS if name not in ("document", "entity")]


def stages(index: Index, encoder: Encoder, texts: Sequence[str]) -> str:
    """A table of the stages, and of whole searches."""
    lexical, clock, empty = index.lexical, Clock(), np.empty(0, np.int64)

    def staged(text: str, measured: Clock) -> None:
        query = measured.run("query", lambda: lexical_query(parse(text), Filters(), lexical.stems))
        vector = measured.run("encoding", lambda: encoder.encode([text])[0])
        candidates = measured.run(
            "candidates and scores", lambda: gather(index, query, vector, mode="hybrid", extra=empty)
        )
        slots = candidates.slots[likely_rows(candidates)]
        measured.run("words covered", lambda: cover_boost(lexical, index.forward, slots, query))
        rows = order(candidates.scores, candidates.slots)
        ranking = Ranking(candidates, query, order=rows, counts=term_counts(index.forward, query))
        hits = measured.run("ten hits, snippets", lambda: make_hits(index, ranking, rows[:10].tolist()))
        measured.run("ten explanations read", lambda: [len(hit.explain.terms) for hit in hits])
        measured.run("facets", lambda: lexical.facets(Slots(candidates.slots), _FACETS, 50))

    for text in texts[:10]:
        staged(text, Clock())
    for text in texts:
        staged(text, clock)
    fresh = Searcher(index, lambda: encoder)
    for name in ("whole, hybrid", "whole, asked again"):
        for text in texts:
            clock.run(name, lambda text=text: fresh.search(Query(text)))  # type: ignore[misc]
    return clock.table()
