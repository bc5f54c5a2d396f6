"""From a row of the pool to a hit: what is stored of it, its snippet, and why it has its score."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from search.explain import LazyTerms, term_scores
from search.fusion import DENSE_WEIGHT, LEXICAL_WEIGHT
from search.index import Index
from search.lexical_query import LexicalQuery
from search.pool import Pool
from search.snippet import make_snippet
from search.types import DocumentRef, Explain, Hit, Snippet, Unit

__all__ = ["make_hit"]


def make_hit(
    index: Index, row: int, pool: Pool, query: LexicalQuery, boosts: Mapping[str, npt.NDArray[np.float32]]
) -> Hit:
    unit = index.lexical.stored_at(int(pool.slots[row])).unit
    explain = _explain(index, row, pool, query, {name: float(values[row]) for name, values in boosts.items()})
    return Hit(
        iri=unit.iri,
        kind=unit.kind,
        score=explain.score,
        title=unit.title,
        snippet=_snippet(index, unit, query),
        document=_document(unit),
        page=unit.page,
        entities=unit.entities,
        types=unit.types,
        reliability=unit.reliability,
        explain=explain,
    )


def _snippet(index: Index, unit: Unit, query: LexicalQuery) -> Snippet:
    total = len(index.lexical)

    def weigh(word: str) -> float:
        field = "exact" if word in query.exact or " " in word else "text"
        return math.log1p(total / (1 + index.lexical.document_frequency(field, word)))

    return make_snippet(unit.text, query, index.lexical.stems, weigh)


def _explain(index: Index, row: int, pool: Pool, query: LexicalQuery, boosts: dict[str, float]) -> Explain:
    hybrid = pool.lexical is not None and pool.dense is not None
    lexical = None if pool.lexical is None else float(pool.lexical[row])
    dense = None if pool.dense is None else float(pool.dense[row])
    lexical_weight = (LEXICAL_WEIGHT if hybrid else 1.0) if lexical is not None else 0.0
    dense_weight = (DENSE_WEIGHT if hybrid else 1.0) if dense is not None else 0.0
    raw = None if pool.lexical_raw is None else float(pool.lexical_raw[row])
    slot = int(pool.slots[row])
    return Explain(
        score=lexical_weight * (lexical or 0.0) + dense_weight * (dense or 0.0) + sum(boosts.values()),
        lexical=lexical,
        lexical_raw=raw,
        lexical_weight=lexical_weight,
        terms=LazyTerms(lambda: term_scores(index, slot, query)) if raw else (),
        dense=dense,
        dense_raw=None if pool.dense_raw is None else float(pool.dense_raw[row]),
        dense_weight=dense_weight,
        boosts=tuple((name, value) for name, value in boosts.items() if value),
    )


def _document(unit: Unit) -> DocumentRef | None:
    if unit.document is None:
        return None
    title = unit.document_title or unit.title
    return DocumentRef(unit.document, unit.document_id, title, unit.publisher, unit.date, unit.source_url)
