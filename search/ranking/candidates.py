"""The candidates of one search: the best by words ∪ the best by meaning, each scored by both, and cut by the filters.

What else the search finds is counted, and listed on later pages, by `search.ranking.result_set`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.bm25 import Reader
from search.index.dense import VectorQuery
from search.index.index import Index
from search.index.terms import Condition
from search.index.top_k import top
from search.query.lexical_query import LexicalQuery
from search.ranking.fusion import DENSE_WEIGHT, combine, scale
from search.types import Mode

__all__ = [
    "DENSE_CANDIDATES",
    "DOUBT",
    "LEXICAL_CANDIDATES",
    "Pool",
    "by_words",
    "gather",
    "is_cut",
    "likely",
    "missing",
    "relevant_from",
]

LEXICAL_CANDIDATES: Final = 500
DENSE_CANDIDATES: Final = 200

_LIKELY: Final = 150
_LIKELY_BY_WORDS: Final = 50

_EXACT_ROWS: Final = 20_000
"""Filters that allow no more are scanned exactly (20k rows of 384: about 6 ms)."""

_SIFTED: Final = 1_000
"""Candidates up to which a search engine is asked which of them pass a filter; to sift more, all that pass are listed.
"""

DOUBT: Final = 0.14
"""Share of the way from the floor to 1 that is asked for too: 0.36 for all-MiniLM-L6-v2, where nonsense ends."""

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pool:
    """Parallel columns, in no order. None = not measured in this mode. Scaled scores and `scores` are in [0, 1]."""

    slots: Slots
    lexical_raw: Floats | None
    dense_raw: Floats | None
    lexical: Floats | None
    dense: Floats | None
    scores: Floats


def by_words(index: Index, query: LexicalQuery) -> tuple[Slots, Floats]:
    """The candidates that hold the words of the query and pass its filters, with their lexical scores."""
    from tantivy import Occur, Query

    wanted = query.scoring
    if query.must is not None:
        wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, query.must.query)])
    return index.lexical.best(wanted, LEXICAL_CANDIDATES)


def gather(
    index: Index,
    query: LexicalQuery,
    vector: Floats | None,
    mode: Mode,
    extra: Slots,
    read: Reader | None = None,
    held: tuple[Slots, Floats] | None = None,
    deadline: Deadline | None = None,
) -> Pool:
    """The pool for `query`. `vector`: float32[d], unit; None in lexical mode.

    `extra`: slots that join if they pass. `read`: who reads the forward index, if not it itself. `held`: what
    `by_words` gives, where it was asked before. Raises QueryTimeout once `deadline` has passed, QueryCancelled once it
    is cancelled.
    """
    deadline = deadline or Deadline.never()
    if mode == "dense":
        slots, raw = np.empty(0, np.int64), np.empty(0, np.float32)
    else:
        slots, raw = by_words(index, query) if held is None else held
    deadline.check()
    asked, near = None, extra
    if query.must is not None and len(extra):
        near = index.passing.among(extra, query.must)
    if vector is not None:
        asked = index.dense.ask(vector, deadline)
        near = np.concatenate([_nearest(index, query, asked, deadline), near])
    more = missing(near, slots)
    deadline.check()
    if len(more):
        known = _scored(index, query, more, read) if mode != "dense" else np.zeros(len(more), np.float32)
        slots, raw = np.concatenate([slots, more]), np.concatenate([raw, known])
    if asked is None:
        lexical = scale(raw)
        return Pool(slots, raw, None, lexical, None, lexical)
    cosines = asked.scores(slots)
    dense = scale(cosines)
    if mode == "dense":
        return Pool(slots, None, cosines, None, dense, dense)
    lexical = scale(raw)
    return Pool(slots, raw, cosines, lexical, dense, combine(lexical, dense, DENSE_WEIGHT))


def is_cut(pool: Pool, floor: float) -> bool:
    """Whether there may be more than the candidates: one of the two kinds was as many as are taken."""
    by_words = 0 if pool.lexical_raw is None else int((pool.lexical_raw > 0).sum())
    near = 0 if pool.dense_raw is None else int((pool.dense_raw >= floor).sum())
    return by_words >= LEXICAL_CANDIDATES or near >= DENSE_CANDIDATES


def likely(pool: Pool) -> npt.NDArray[np.intp]:
    """Rows that may come to the first pages once boosts are added: the best by the fused score, and those by words.

    What holds the words of a query as no other does can lie far in meaning from what surrounds them ("sample qv99"
    among samples of all kinds): its words have to be counted too.
    """
    best = top(pool.scores, pool.slots, _LIKELY)
    if pool.lexical_raw is None:
        return best
    by_words = top(pool.lexical_raw, pool.slots, _LIKELY_BY_WORDS)
    new = np.ones(len(pool.slots), bool)
    new[best] = False
    return np.concatenate([best, by_words[new[by_words]]])


def missing(some: Slots, others: Slots) -> Slots:
    """Those of `some` that are not among `others`, each once, rising."""
    if not len(some):
        return some
    wanted = np.sort(some)
    first = np.ones(len(wanted), bool)
    first[1:] = wanted[1:] != wanted[:-1]
    if len(others):
        held = np.sort(others)
        first &= held[np.minimum(np.searchsorted(held, wanted), len(held) - 1)] != wanted
    return wanted[first]


def _scored(index: Index, query: LexicalQuery, slots: Slots, read: Reader | None) -> Floats:
    """The lexical scores of rising slots, 0 where no word matches."""
    scores = index.bm25.score(slots, query.terms, read)
    if scores is None:
        found = index.lexical.score(slots, query.scoring, None)
        scores = np.zeros(len(slots), np.float32)
        scores[np.searchsorted(slots, found.slots)] = found.scores
    return scores


def _nearest(index: Index, query: LexicalQuery, asked: VectorQuery, deadline: Deadline) -> Slots:
    """The nearest slots that pass the filters and are near enough to be called relevant."""
    if query.must is None:
        slots, cosines = asked.search(DENSE_CANDIDATES)
    else:
        slots, cosines = _nearest_allowed(index, query.must, asked, deadline)
    return slots[cosines >= relevant_from(index, query)]


def relevant_from(index: Index, query: LexicalQuery) -> float:
    """From which cosine on a unit is relevant: a greater one where the collection knows no word of the query.

    Made-up words lie as near to some text as the floor allows, but hardly nearer; a true synonym lies much nearer.
    """
    floor = index.record.floor
    terms = query.terms
    if not terms or any(index.lexical.document_frequency(term.field, term.word) for term in terms):
        return floor
    return floor + DOUBT * (1 - floor)


def _nearest_allowed(index: Index, must: Condition, asked: VectorQuery, deadline: Deadline) -> tuple[Slots, Floats]:
    """Exact among few allowed units; among many, the nearest of all are sifted, more of them until enough pass."""
    total = index.passing.count(must)
    deadline.check()
    wanted = int(DENSE_CANDIDATES / max(total / max(1, len(index.lexical)), 1e-6) * 1.2)
    allowed = index.passing.slots(must) if total <= _EXACT_ROWS or wanted > _SIFTED else None
    if allowed is not None and total <= _EXACT_ROWS:
        return asked.search_among(allowed, DENSE_CANDIDATES)
    while True:
        slots, cosines = asked.search(wanted)
        deadline.check()
        passed = np.isin(slots, index.passing.among(slots, must) if allowed is None else allowed)
        if passed.sum() >= DENSE_CANDIDATES or wanted >= len(index.dense):
            return slots[passed][:DENSE_CANDIDATES], cosines[passed][:DENSE_CANDIDATES]
        wanted *= 4
