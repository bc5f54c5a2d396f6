"""From a row of the pool to a hit: what is stored of it, its snippet, and why it has its score."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.bm25 import Reader
from search.index.index import Index
from search.query.lexical_query import LexicalQuery
from search.ranking.candidates import Pool
from search.ranking.fusion import DENSE_WEIGHT, LEXICAL_WEIGHT
from search.results.explain import LazyTerms, PageTerms
from search.results.snippet import make_snippet
from search.types import Demoted, DocumentRef, Explain, Hit, Unit

__all__ = ["make_hits"]


def make_hits(
    index: Index,
    rows: Sequence[int],
    pool: Pool,
    query: LexicalQuery,
    boosts: Mapping[str, npt.NDArray[np.float32]],
    read: Reader | None = None,
    lowered: Mapping[int, int | None] = MappingProxyType({}),
    deadline: Deadline | None = None,
) -> tuple[Hit, ...]:
    """One hit for each of the rows of the pool. The words of their scores are told for all of them at once.

    `read`: who reads the forward index, if not it itself. `lowered`: rows that gave way, with what says the same.
    Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
    """
    deadline = deadline or Deadline.never()
    slots = pool.slots[np.array(rows, np.intp)]
    terms = PageTerms(index, slots, query, read)
    weigh = _weights(index, query)
    below = {row: Demoted(_iri(index, pool, lowered[row])) for row in rows if row in lowered}
    hits = []
    for at, row in enumerate(rows):
        deadline.check()
        hits.append(_hit(index, int(slots[at]), weigh, query, _explain(row, pool, boosts, terms, at), below.get(row)))
    return tuple(hits)


def _iri(index: Index, pool: Pool, row: int | None) -> str | None:
    return None if row is None else index.lexical.stored_at(int(pool.slots[row])).unit.iri


def _hit(
    index: Index,
    slot: int,
    weigh: Callable[[str], float],
    query: LexicalQuery,
    explain: Explain,
    lowered: Demoted | None,
) -> Hit:
    unit = index.lexical.stored_at(slot).unit
    return Hit(
        iri=unit.iri,
        kind=unit.kind,
        score=explain.score,
        title=unit.title,
        snippet=make_snippet(unit.text, query, index.lexical.stems, weigh),
        document=_document(unit),
        page=unit.page,
        entities=unit.entities,
        types=unit.types,
        reliability=unit.reliability,
        explain=explain,
        lowered=lowered,
    )


def _weights(index: Index, query: LexicalQuery) -> Callable[[str], float]:
    """How much a word tells: the rarer, the more."""
    total = len(index.lexical)

    @cache
    def weigh(word: str) -> float:
        field = "exact" if word in query.exact or " " in word else "text"
        return math.log1p(total / (1 + index.lexical.document_frequency(field, word)))

    return weigh


def _explain(
    row: int, pool: Pool, boosts: Mapping[str, npt.NDArray[np.float32]], terms: PageTerms, place: int
) -> Explain:
    added = {name: float(values[row]) for name, values in boosts.items()}
    hybrid = pool.lexical is not None and pool.dense is not None
    lexical = None if pool.lexical is None else float(pool.lexical[row])
    dense = None if pool.dense is None else float(pool.dense[row])
    lexical_weight = (LEXICAL_WEIGHT if hybrid else 1.0) if lexical is not None else 0.0
    dense_weight = (DENSE_WEIGHT if hybrid else 1.0) if dense is not None else 0.0
    raw = None if pool.lexical_raw is None else float(pool.lexical_raw[row])
    return Explain(
        score=lexical_weight * (lexical or 0.0) + dense_weight * (dense or 0.0) + sum(added.values()),
        lexical=lexical,
        lexical_raw=raw,
        lexical_weight=lexical_weight,
        terms=LazyTerms(terms, place) if raw else (),
        dense=dense,
        dense_raw=None if pool.dense_raw is None else float(pool.dense_raw[row]),
        dense_weight=dense_weight,
        boosts=tuple((name, value) for name, value in added.items() if value),
    )


def _document(unit: Unit) -> DocumentRef | None:
    if unit.document is None:
        return None
    title = unit.document_title or unit.title
    return DocumentRef(unit.document, unit.document_id, title, unit.publisher, unit.date, unit.source_url)
