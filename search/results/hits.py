"""Hits: rows of a ranking with what is stored of them, a snippet, and the explanation of their score."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from graph.deadline import Deadline
from search.index.index import Index
from search.item import Item
from search.query.lexical_query import LexicalQuery
from search.ranking.fusion import DENSE_WEIGHT, LEXICAL_WEIGHT
from search.ranking.ranker import Ranking
from search.results.explain import LazyTermScores, PageTermScores
from search.results.snippet import make_snippet
from search.types import Demoted, DocumentRef, Explain, Hit

__all__ = ["make_hits"]


def make_hits(index: Index, ranking: Ranking, rows: Sequence[int], deadline: Deadline | None = None) -> tuple[Hit, ...]:
    """One hit for each of the given rows of the ranking's candidates.

    Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
    """
    deadline = deadline or Deadline.never()
    slots = ranking.candidates.slots[np.array(rows, np.intp)]
    scores = PageTermScores(index, slots, ranking.lexical, ranking.counts)
    weight = _word_weights(index, ranking.lexical)
    items = [index.lexical.stored_at(slot).item for slot in slots.tolist()]
    hits = []
    for place, (row, item, entities) in enumerate(zip(rows, items, index.names.of(items), strict=True)):
        deadline.check()
        explain = _explain(ranking, row, LazyTermScores(scores, place))
        hits.append(
            Hit(
                iri=item.iri,
                kind=item.kind,
                score=explain.score,
                title=item.title,
                snippet=make_snippet(item.text, ranking.lexical, index.lexical.stems, weight),
                document=_document(item),
                page=item.page,
                entities=entities,
                types=item.types,
                reliability=item.reliability,
                explain=explain,
                lowered=_demoted(index, ranking, row),
            )
        )
    return tuple(hits)


def _demoted(index: Index, ranking: Ranking, row: int) -> Demoted | None:
    if row not in ranking.demoted:
        return None
    twin = ranking.demoted[row]
    return Demoted(None if twin is None else index.lexical.stored_at(int(ranking.candidates.slots[twin])).item.iri)


def _word_weights(index: Index, query: LexicalQuery) -> Callable[[str], float]:
    """The weight of a word in a snippet: the rarer, the greater."""
    total = len(index.lexical)

    @cache
    def weight(word: str) -> float:
        field = "exact" if word in query.exact or " " in word else "text"
        return math.log1p(total / (1 + index.lexical.document_frequency(field, word)))

    return weight


def _explain(ranking: Ranking, row: int, terms: LazyTermScores) -> Explain:
    candidates = ranking.candidates
    columns = (candidates.lexical, candidates.lexical_raw, candidates.dense, candidates.dense_raw)
    lexical, lexical_raw, dense, dense_raw = (None if column is None else float(column[row]) for column in columns)
    boosts = {name: float(values[row]) for name, values in ranking.boosts.items()}
    is_hybrid = lexical is not None and dense is not None
    lexical_weight = 0.0 if lexical is None else LEXICAL_WEIGHT if is_hybrid else 1.0
    dense_weight = 0.0 if dense is None else DENSE_WEIGHT if is_hybrid else 1.0
    return Explain(
        score=lexical_weight * (lexical or 0.0) + dense_weight * (dense or 0.0) + sum(boosts.values()),
        lexical=lexical,
        lexical_raw=lexical_raw,
        lexical_weight=lexical_weight,
        terms=terms if lexical_raw else (),
        dense=dense,
        dense_raw=dense_raw,
        dense_weight=dense_weight,
        boosts=tuple((name, value) for name, value in boosts.items() if value),
    )


def _document(item: Item) -> DocumentRef | None:
    if item.document is None:
        return None
    return DocumentRef(
        item.document,
        item.document_id,
        item.document_title or item.title,
        publisher=item.publisher,
        date=item.date,
        source_url=item.source_url,
    )
