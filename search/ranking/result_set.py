"""Everything that a search found, beyond the candidates that were ranked: for `total`, facets and the last pages.

A unit belongs to it that passes the filters and holds a word of the query, or is near enough to it in meaning, or is
the card of an entity that the query names. A filter therefore only cuts: the count that a facet shows is the total
that choosing it gives. A query of nothing but fields finds all that passes them.

Nearness is measured for all that passes the filters where that is up to `EXACT`. Otherwise the `NEAREST` are asked for:
where fewer of them are near enough, those are all, as far as the compressed index can tell.
Where all of them are, more would be: then what is counted is not `complete`, and any number is a lower bound. To read
every vector and hand thousands of slots to tantivy takes 100 ms among 100,000, against 15. Among more than `MANY` even
the nearest 2,000 take 50 ms: there the candidates stand for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.index.index import Index
from search.query.lexical_query import LexicalQuery
from search.ranking.candidates import DENSE_CANDIDATES, Pool, relevant_from

if TYPE_CHECKING:
    import tantivy

__all__ = ["DEEPEST", "EXACT", "MANY", "NEAREST", "Matched", "match"]

EXACT: Final = 20_000
NEAREST: Final = 2_000
MANY: Final = 250_000
DEEPEST: Final = 10_000
"""Results that can be paged through."""

Slots = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Matched:
    """`query` matches the units that were found, and scores them by their words. `complete`: these are all."""

    query: tantivy.Query
    complete: bool = True


def match(
    index: Index,
    words: LexicalQuery,
    vector: npt.NDArray[np.float32] | None,
    pool: Pool,
    deadline: Deadline | None = None,
) -> Matched:
    """What was found by the words, the vector (float32[d], None = by words alone) and the filters behind `pool`.

    Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
    """
    from tantivy import Occur, Query

    found: list[tuple[Occur, Query]] = []
    if pool.lexical_raw is not None:
        found.append((Occur.Should, words.scoring))
    near, complete = _near(index, words, vector, pool, deadline or Deadline.never())
    if len(near):
        found.append((Occur.Should, Query.const_score_query(index.lexical.among(near), 0.0)))
    if not found:
        return Matched(Query.empty_query())
    query = Query.boolean_query(found)
    if words.must is not None:
        query = Query.boolean_query([(Occur.Must, query), (Occur.Must, words.must.query)])
    return Matched(query, complete)


def _near(
    index: Index, words: LexicalQuery, vector: npt.NDArray[np.float32] | None, pool: Pool, deadline: Deadline
) -> tuple[Slots, bool]:
    """Those that are found without a word of the query, near in meaning or named in it, and whether these are all."""
    joined = pool.slots if pool.lexical_raw is None else pool.slots[pool.lexical_raw == 0]
    if vector is None:
        return joined, True
    least = relevant_from(index, words)
    asked = index.dense.ask(vector, deadline)
    passing = len(index.dense) if words.must is None else index.passing.count(words.must)
    deadline.check()
    if passing <= EXACT:
        if words.must is None:
            return np.union1d(joined, asked.above(least)), True
        allowed = index.passing.slots(words.must)
        assert allowed is not None  # noqa: S101  EXACT is less than what is listed
        return np.union1d(joined, allowed[asked.scores(allowed) >= least]), True
    if pool.dense_raw is not None and len(index.dense) > MANY:
        return joined, int((pool.dense_raw >= least).sum()) < DENSE_CANDIDATES
    nearest, cosines = asked.search(NEAREST)
    near = nearest[cosines >= least]
    return np.union1d(joined, near), len(near) < NEAREST
