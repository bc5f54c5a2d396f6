"""Searcher: ranked hits with their explanations, completion and similar items, over one opened index."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np

from graph.deadline import Deadline
from graph.errors import UnknownEntity
from search.encoders.protocol import Encoder
from search.encoders.reranker import Reranker
from search.index.index import Index
from search.index.schema import FILTER_FIELDS
from search.index.top_k import order
from search.item import Kind
from search.query.field_filters import FieldedQuery, parse_fields
from search.query.lexical_query import LexicalQuery, filter_clause
from search.query.parser import parse
from search.ranking.candidates import LEXICAL_CANDIDATES, gather
from search.ranking.ranker import Ranker, Ranking
from search.ranking.rerank import rerank
from search.ranking.result_set import ResultLimits, ResultSet, match
from search.ranking.term_counts import term_counts
from search.results.completion import complete
from search.results.explain import query_words_by_term
from search.results.hits import make_hits
from search.results.no_results import explain_empty, explain_past_end
from search.results.result_count import ResultCount
from search.results.suggestions import suggest_changes
from search.types import Completion, FacetValue, Filters, Hit, Query, Results, SearchSuggestion

__all__ = ["MAX_SEARCH_SECONDS", "Searcher"]

MAX_SEARCH_SECONDS: Final = 60.0
"""Time for a search without a deadline of its own."""

_FACET_VALUES: Final = 50
_FACETS: Final = [name for name in FILTER_FIELDS if name not in ("document", "entity")]

_MIN_COSINE_GAIN: Final = 0.025
"""By how much texts must lie nearer to a corrected query. Some text lies near a misspelt word by chance, and nearer to
the right word; for a paraphrase without a common word it is the other way round."""


@dataclass(frozen=True, slots=True)
class _Interpretation:
    """The query that is answered. `corrected`: its spelling, if changed. `suggestion`: another spelling to offer."""

    query: Query
    ranking: Ranking
    corrected: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Total:
    """Number of results; `results` if they were counted beyond the candidates."""

    count: int
    is_floor: bool
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    results: ResultSet | None = None


class Searcher:
    """Searches one index. Safe to share between threads.

    `encoder` is called when the first search needs vectors; IndexUnusable is raised then if the index's vectors are of
    another encoder. `is_quiet`: whether a search may use a second thread, because no other search runs (see
    `search.parallel`). `max_seconds`: time for a search without a deadline of its own.
    """

    def __init__(
        self,
        index: Index,
        encoder: Callable[[], Encoder],
        reranker: Reranker | None = None,
        is_quiet: Callable[[], bool] = lambda: True,
        *,
        max_seconds: float = MAX_SEARCH_SECONDS,
        limits: ResultLimits | None = None,
    ) -> None:
        self.index = index
        self._ranker = Ranker(index, encoder, is_quiet)
        self._reranker = reranker
        self._max_seconds = max_seconds
        self._limits = limits or ResultLimits()

    def search(self, query: Query, deadline: Deadline | None = None) -> Results:
        """One page of hits, with totals, and facets if asked for.

        Raises InputError if there is no word to search for, QueryTimeout once `deadline` has passed, and QueryCancelled
        once it is cancelled. The deadline is checked between steps; most take less than 50 ms among a million items.
        """
        start = time.perf_counter()
        deadline = deadline or Deadline.after(self._max_seconds)
        deadline.check()
        fielded = parse_fields(query.text, query.filters, self.index.lexical, deadline)
        interpretation = self._interpret(replace(query, text=fielded.text, filters=fielded.filters), fielded, deadline)
        answered, ranking = interpretation.query, interpretation.ranking
        hint: str | None = None
        suggestions: tuple[SearchSuggestion, ...] = ()
        if not len(ranking.order):
            count = partial(self._count, deadline=deadline)
            hint = explain_empty(answered, self.index.lexical, self._ranker.spelling, count)
            suggestions = suggest_changes(query, answered, count)
        reranker = rerank(self.index, self._reranker, answered, ranking, deadline=deadline)
        total = self._total(answered, ranking, deadline, only_fields=fielded.only_fields)
        deadline.check()
        ranking, rows = self._page(answered, ranking, total.results, deadline)
        if total.count and query.limit and not rows:
            hint = explain_past_end(query.offset, total.count, self._limits.max_results)
        return Results(
            query.text,
            total.count,
            took_ms=round((time.perf_counter() - start) * 1000, 2),
            hits=make_hits(self.index, ranking, rows, deadline),
            facets=total.facets,
            mode=query.mode,
            corrected=interpretation.corrected,
            hint=hint,
            reranker=reranker,
            words=query_words_by_term(parse(answered.text).text, self.index.lexical.stems),
            ways=suggestions,
            total_is_floor=total.is_floor,
            suggestion=interpretation.suggestion,
        )

    def complete(self, prefix: str, limit: int = 8, deadline: Deadline | None = None) -> tuple[Completion, ...]:
        """Entities with a name in which each word of `prefix` begins a word, best first. Ends as `search` does."""
        return complete(self.index.lexical, prefix, limit, deadline or Deadline.after(self._max_seconds))

    def similar(
        self, iri: str, limit: int = 5, kind: Kind | None = None, *, deadline: Deadline | None = None
    ) -> tuple[Hit, ...]:
        """The items nearest in meaning to the item `iri`, without itself. `kind`: only passages, or only entities.

        Raises UnknownEntity if no item has this IRI. Ends at the deadline as `search` does.
        """
        deadline = deadline or Deadline.after(self._max_seconds)
        deadline.check()
        stored = self.index.lexical.by_iri([iri]).get(iri)
        if stored is None:
            raise UnknownEntity(f"Nothing is indexed under {iri}.", "Check the address, or search for its name.")
        slots = np.array([stored.slot], np.int64)
        vector = self.index.dense.vectors(slots)[0]
        nothing = LexicalQuery.of_condition(filter_clause(Filters(kind=(kind,) if kind else ())))
        candidates = gather(self.index, nothing, vector, mode="dense", extra=np.empty(0, np.int64), deadline=deadline)
        deadline.check()
        cosines = candidates.scores if candidates.dense_raw is None else candidates.dense_raw
        best = order(cosines, candidates.slots)
        best = best[candidates.slots[best] != stored.slot][:limit]
        ranking = Ranking(candidates, nothing, order=best, counts=term_counts(self.index.forward, nothing))
        return make_hits(self.index, ranking, best.tolist(), deadline)

    def _interpret(self, query: Query, fielded: FieldedQuery, deadline: Deadline) -> _Interpretation:
        """The query as typed, or in another spelling if no item has a word of it."""
        if fielded.only_fields:
            passing = filter_clause(query.filters)
            slots = np.empty(0, np.int64)
            if passing is not None:
                slots, _ = self.index.lexical.best(passing, LEXICAL_CANDIDATES)
            return _Interpretation(query, self._ranker.rank(query, deadline, slots))
        literal = self._ranker.rank(query, deadline)
        if literal.correction is None:
            return _Interpretation(query, literal)
        text = f"{literal.correction} {fielded.fields}".strip()
        if literal.has_words and not self._ranker.spelling.knows_no_word(query.text):
            return _Interpretation(query, literal, suggestion=text)
        corrected = replace(query, text=literal.correction)
        ranking = self._ranker.rank(corrected, deadline)
        gain = ranking.nearer_than(literal) if ranking.has_words else -1.0
        if gain > _MIN_COSINE_GAIN:
            return _Interpretation(corrected, ranking, corrected=text)
        return _Interpretation(query, literal, suggestion=text if gain >= 0 else None)

    def _count(self, query: Query, deadline: Deadline) -> ResultCount:
        ranking = self._ranker.rank(query, deadline)
        return ResultCount(len(ranking.order), ranking.is_truncated)

    def _total(self, query: Query, ranking: Ranking, deadline: Deadline, *, only_fields: bool) -> _Total:
        """The number of results, counted beyond the candidates for facets and for a page after the candidates."""
        candidates = len(ranking.order)
        is_beyond = ranking.is_truncated and query.offset + query.limit > candidates
        if not (only_fields or query.facets or is_beyond):
            return _Total(candidates, ranking.is_truncated)
        condition = ranking.lexical.condition
        if only_fields and condition is not None:
            results = ResultSet(condition)
        else:
            results = match(
                self.index,
                ranking.lexical,
                self._ranker.vector(query),
                candidates=ranking.candidates,
                limits=self._limits,
                deadline=deadline,
            )
        deadline.check()
        if not query.facets:
            return _Total(self.index.lexical.count(results.clause), not results.is_complete, results=results)
        facets = self.index.lexical.facets(results.clause, _FACETS, _FACET_VALUES)
        count = sum(value.count for value in facets["kind"])  # every item has one kind
        return _Total(count, not results.is_complete, facets=facets, results=results)

    def _page(
        self, query: Query, ranking: Ranking, results: ResultSet | None, deadline: Deadline
    ) -> tuple[Ranking, list[int]]:
        """The rows of the page, and the ranking that they are rows of.

        After the candidates come the other results by their words, each once and at the same place for every page.
        """
        start, end = query.offset, min(query.offset + query.limit, self._limits.max_results)
        if results is None or end <= len(ranking.order) or start >= end:
            return ranking, ranking.order[start:end].tolist()
        first = ranking.candidates.slots[ranking.order]
        others, _ = self.index.lexical.best(results.clause, end + len(first))
        slots = np.concatenate([first, others[~np.isin(others, first)]])[start:end]
        ranking = self._ranker.rank(query, deadline, slots)
        row_of = {slot: row for row, slot in enumerate(ranking.candidates.slots.tolist())}
        return ranking, [row_of[slot] for slot in slots.tolist()]
