"""Candidates of one search: the best by words and the best by meaning, each scored by both, cut by the filters.

`search.ranking.result_set` counts, and lists on later pages, the results beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.bm25 import TermCounts
from search.index.dense import VectorQuery
from search.index.index import Index
from search.index.terms import AllOf, Clause
from search.index.top_k import top
from search.query.lexical_query import LexicalQuery
from search.ranking.fusion import DENSE_WEIGHT, combine, scale
from search.types import Mode

__all__ = [
    "DENSE_CANDIDATES",
    "DOUBT",
    "LEXICAL_CANDIDATES",
    "MAX_EXACT_ROWS",
    "MAX_TESTED_CANDIDATES",
    "Candidates",
    "gather",
    "is_truncated",
    "lexical_candidates",
    "likely_rows",
    "nearest_passing",
    "new_slots",
    "relevance_threshold",
]

LEXICAL_CANDIDATES: Final = 500
DENSE_CANDIDATES: Final = 200

_LIKELY_ROWS: Final = 150
_LIKELY_ROWS_BY_WORDS: Final = 50

MAX_EXACT_ROWS: Final = 20_000
"""If no more items pass the filters, all their vectors are compared: 6 ms for 20,000 of 384 dimensions."""

MAX_TESTED_CANDIDATES: Final = 1_000
"""Up to this number of candidates the lexical index tests each; for more, all passing items are listed."""

_OVERSAMPLING: Final = 1.2  # of the candidates that should pass, by the share of all items that do
_GROWTH: Final = 4  # of the number of candidates, as long as too few of them pass

DOUBT: Final = 0.14
"""If the collection knows no word of the query, the relevance floor rises by this share of its distance to 1: to 0.36
for all-MiniLM-L6-v2, where nonsense ends."""

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Parallel columns, one row for each candidate, in no order.

    `lexical_raw` is BM25, `dense_raw` the cosine, `lexical` and `dense` are these scaled to [0, 1], `scores` is their
    combination in [0, 1]; higher is better. None means not measured in this mode.
    """

    slots: Slots
    lexical_raw: Floats | None
    dense_raw: Floats | None
    lexical: Floats | None
    dense: Floats | None
    scores: Floats


def lexical_candidates(index: Index, query: LexicalQuery) -> tuple[Slots, Floats]:
    """The best items that hold a word of the query and pass its condition, with their BM25 scores."""
    clause = query.scoring
    if query.condition is not None:
        clause = AllOf((clause, query.condition))
    return index.lexical.best(clause, LEXICAL_CANDIDATES)


def gather(
    index: Index,
    query: LexicalQuery,
    vector: Floats | None,
    *,
    mode: Mode,
    extra: Slots,
    counts: TermCounts | None = None,
    lexical: tuple[Slots, Floats] | None = None,
    deadline: Deadline | None = None,
) -> Candidates:
    """The candidates for `query`. `vector`: float32[d], unit length; None in lexical mode.

    `extra`: slots that join the candidates if they pass. `counts`: reader of term counts, the forward index by default.
    `lexical`: the result of `lexical_candidates`, if known. Raises QueryTimeout once `deadline` has passed,
    QueryCancelled once it is cancelled.
    """
    deadline = deadline or Deadline.never()
    if mode == "dense":
        slots, raw = np.empty(0, np.int64), np.empty(0, np.float32)
    else:
        slots, raw = lexical_candidates(index, query) if lexical is None else lexical
    deadline.check()
    nearest, others = None, extra
    if query.condition is not None and len(extra):
        others = index.filters.among(extra, query.condition)
    if vector is not None:
        nearest = index.dense.query(vector, deadline)
        others = np.concatenate([_nearest_relevant(index, query, nearest, deadline), others])
    added = new_slots(others, slots)
    deadline.check()
    if len(added):
        scores = _lexical_scores(index, query, added, counts) if mode != "dense" else np.zeros(len(added), np.float32)
        slots, raw = np.concatenate([slots, added]), np.concatenate([raw, scores])
    return _fused(slots, raw, None if nearest is None else nearest.scores(slots), mode)


def _fused(slots: Slots, raw: Floats, cosines: Floats | None, mode: Mode) -> Candidates:
    if cosines is None:
        lexical = scale(raw)
        return Candidates(slots, raw, None, lexical=lexical, dense=None, scores=lexical)
    dense = scale(cosines)
    if mode == "dense":
        return Candidates(slots, None, cosines, lexical=None, dense=dense, scores=dense)
    lexical = scale(raw)
    return Candidates(slots, raw, cosines, lexical=lexical, dense=dense, scores=combine(lexical, dense, DENSE_WEIGHT))


def is_truncated(candidates: Candidates, floor: float) -> bool:
    """Whether there may be more results than candidates: one of the two lists is as long as it can be."""
    by_words = 0 if candidates.lexical_raw is None else int((candidates.lexical_raw > 0).sum())
    by_meaning = 0 if candidates.dense_raw is None else int((candidates.dense_raw >= floor).sum())
    return by_words >= LEXICAL_CANDIDATES or by_meaning >= DENSE_CANDIDATES


def likely_rows(candidates: Candidates) -> npt.NDArray[np.intp]:
    """Rows that boosts may lift to the first pages: the best by the fused score, then the best by words.

    An item that alone holds a word of the query can lie far in meaning from the others ("sample qv99" among samples of
    all kinds), so the best by words need their boosts too.
    """
    best = top(candidates.scores, candidates.slots, _LIKELY_ROWS)
    if candidates.lexical_raw is None:
        return best
    by_words = top(candidates.lexical_raw, candidates.slots, _LIKELY_ROWS_BY_WORDS)
    is_new = np.ones(len(candidates.slots), bool)
    is_new[best] = False
    return np.concatenate([best, by_words[is_new[by_words]]])


def new_slots(slots: Slots, known: Slots) -> Slots:
    """The distinct `slots` that are not among `known`, rising."""
    if not len(slots):
        return slots
    rising = np.sort(slots)
    is_new = np.ones(len(rising), bool)
    is_new[1:] = rising[1:] != rising[:-1]
    if len(known):
        known = np.sort(known)
        is_new &= known[np.minimum(np.searchsorted(known, rising), len(known) - 1)] != rising
    return rising[is_new]


def _lexical_scores(index: Index, query: LexicalQuery, slots: Slots, counts: TermCounts | None) -> Floats:
    """BM25 of rising slots, 0 where no word matches."""
    scores = index.bm25.score(slots, query.terms, counts)
    if scores is None:
        matches, values = index.lexical.score(slots, query.scoring)
        scores = np.zeros(len(slots), np.float32)
        scores[np.searchsorted(slots, matches)] = values
    return scores


def _nearest_relevant(index: Index, query: LexicalQuery, nearest: VectorQuery, deadline: Deadline) -> Slots:
    """The nearest slots that pass the condition and are near enough to be relevant."""
    if query.condition is None:
        slots, cosines = nearest.search(DENSE_CANDIDATES)
    else:
        slots, cosines = nearest_passing(index, query.condition, nearest, deadline)
    return slots[cosines >= relevance_threshold(index, query)]


def relevance_threshold(index: Index, query: LexicalQuery) -> float:
    """Cosine from which an item is relevant: the index's floor, and more if the collection knows no word of the query.

    Made-up words come as near to some text as the floor allows, but hardly nearer; a true synonym comes much nearer.
    """
    floor = index.record.floor
    terms = query.terms
    if not terms or any(index.lexical.document_frequency(term.field, term.word) for term in terms):
        return floor
    return floor + DOUBT * (1 - floor)


def nearest_passing(
    index: Index,
    condition: Clause,
    nearest: VectorQuery,
    deadline: Deadline,
    *,
    max_exact_rows: int = MAX_EXACT_ROWS,
    max_tested: int = MAX_TESTED_CANDIDATES,
) -> tuple[Slots, Floats]:
    """Slots and cosines of the nearest items that pass the condition, best first.

    If few items pass, all of them are compared. Otherwise the nearest of all items are tested, more and more of them
    until enough pass.
    """
    passing = index.filters.count(condition)
    deadline.check()
    size = int(DENSE_CANDIDATES / max(passing / max(1, len(index.lexical)), 1e-6) * _OVERSAMPLING)
    allowed = index.filters.slots(condition) if passing <= max_exact_rows or size > max_tested else None
    if allowed is not None and passing <= max_exact_rows:
        return nearest.search_among(allowed, DENSE_CANDIDATES)
    while True:
        slots, cosines = nearest.search(size)
        deadline.check()
        passes = np.isin(slots, index.filters.among(slots, condition) if allowed is None else allowed)
        if passes.sum() >= DENSE_CANDIDATES or size >= len(index.dense):
            return slots[passes][:DENSE_CANDIDATES], cosines[passes][:DENSE_CANDIDATES]
        size *= _GROWTH
