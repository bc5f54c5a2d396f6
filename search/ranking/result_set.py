"""All results of a search beyond its ranked candidates, for totals, facets and later pages.

An item is a result if it passes the filters and either holds a word of the query, or is near enough to it in meaning,
or is the card of an entity that the query names. A filter therefore only removes results: the count that a facet shows
is the total after choosing it. A query of nothing but fields has all passing items as results.

How many vectors are compared depends on the number of items that pass, see `ResultLimits`. Comparing all vectors of
100,000 items, and handing thousands of slots to tantivy, takes 100 ms; comparing the nearest 2,000 takes 15 ms there
and 50 ms among more than 250,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.index import Index
from search.index.terms import NOTHING, AllOf, AnyOf, Clause, Slots, Unscored
from search.query.lexical_query import LexicalQuery
from search.ranking.candidates import DENSE_CANDIDATES, Candidates, relevance_threshold

__all__ = ["MAX_RESULTS", "ResultLimits", "ResultSet", "match"]

MAX_RESULTS: Final = 10_000
"""Results that can be paged through."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ResultLimits:
    """Limits of the work that a complete result set costs.

    - Up to `exact_items` that pass the filters, all their vectors are compared.
    - With more, the `nearest_items` are searched for: if some of these are not near enough, there are no others.
    - In an index of more than `max_items`, the candidates stand for them.
    - `max_results` can be paged through.
    """

    exact_items: int = 20_000
    nearest_items: int = 2_000
    max_items: int = 250_000
    max_results: int = MAX_RESULTS


@dataclass(frozen=True, slots=True)
class ResultSet:
    """`clause` matches the results and scores them by their words. If not `is_complete`, there may be more."""

    clause: Clause
    is_complete: bool = True


def match(
    index: Index,
    query: LexicalQuery,
    vector: Floats | None,
    *,
    candidates: Candidates,
    limits: ResultLimits,
    deadline: Deadline,
) -> ResultSet:
    """The results of `query` and `vector` (float32[d]; None in lexical mode), whose candidates are known.

    Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
    """
    clauses: list[Clause] = []
    if candidates.lexical_raw is not None:
        clauses.append(query.scoring)
    near, is_complete = _near(index, query, vector, candidates=candidates, limits=limits, deadline=deadline)
    if len(near):
        clauses.append(Unscored(Slots(near)))
    if not clauses:
        return ResultSet(NOTHING)
    clause: Clause = AnyOf(tuple(clauses))
    if query.condition is not None:
        clause = AllOf((clause, query.condition))
    return ResultSet(clause, is_complete)


def _near(
    index: Index,
    query: LexicalQuery,
    vector: Floats | None,
    *,
    candidates: Candidates,
    limits: ResultLimits,
    deadline: Deadline,
) -> tuple[npt.NDArray[np.int64], bool]:
    """Slots of the results without a word of the query, near in meaning or named in it, and whether these are all."""
    slots, raw = candidates.slots, candidates.lexical_raw
    known = slots if raw is None else slots[raw == 0]
    if vector is None:
        return known, True
    threshold = relevance_threshold(index, query)
    nearest = index.dense.query(vector, deadline)
    passing = len(index.dense) if query.condition is None else index.filters.count(query.condition)
    deadline.check()
    if passing <= limits.exact_items:
        if query.condition is None:
            return np.union1d(known, nearest.above(threshold)), True
        allowed = index.filters.slots(query.condition, limits.exact_items)
        assert allowed is not None  # noqa: S101  they were counted
        return np.union1d(known, allowed[nearest.scores(allowed) >= threshold]), True
    if candidates.dense_raw is not None and len(index.dense) > limits.max_items:
        return known, int((candidates.dense_raw >= threshold).sum()) < DENSE_CANDIDATES
    closest, cosines = nearest.search(limits.nearest_items)
    relevant = closest[cosines >= threshold]
    return np.union1d(known, relevant), len(relevant) < limits.nearest_items
