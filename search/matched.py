"""Everything that a search found, beyond the candidates that were ranked: for `total`, facets and the last pages.

A unit belongs to it that passes the filters and holds a word of the query, or is near enough to it in meaning, or is
the card of an entity that the query names. A filter therefore only cuts: the count that a facet shows is the total
that choosing it gives. Where more than `EXACT` units pass the filters, nearness is not measured for all of them: then
the nearest few hundred count, and a facet may show a little less than choosing it gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.lexical_query import LexicalQuery
from search.pool import Pool

if TYPE_CHECKING:
    import tantivy

__all__ = ["DEEPEST", "EXACT", "Matched", "match"]

EXACT: Final = 20_000
DEEPEST: Final = 10_000
"""Results that can be paged through."""

Slots = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Matched:
    """`query` matches the units that were found, and scores them by their words."""

    query: tantivy.Query
    total: int


def match(index: Index, words: LexicalQuery, vector: npt.NDArray[np.float32] | None, pool: Pool) -> Matched:
    """What was found by the words, the vector (float32[d], None = by words alone) and the filters behind `pool`."""
    from tantivy import Occur, Query

    found: list[tuple[Occur, Query]] = []
    if pool.lexical_raw is not None:
        found.append((Occur.Should, words.scoring))
    near = _near(index, words, vector, pool)
    if len(near):
        found.append((Occur.Should, Query.const_score_query(index.lexical.among(near), 0.0)))
    if not found:
        return Matched(Query.empty_query(), 0)
    query = Query.boolean_query(found)
    if words.must is not None:
        query = Query.boolean_query([(Occur.Must, query), (Occur.Must, words.must)])
    return Matched(query, index.lexical.count(query))


def _near(index: Index, words: LexicalQuery, vector: npt.NDArray[np.float32] | None, pool: Pool) -> Slots:
    """Those that are found without a word of the query: near in meaning, or named in it."""
    joined = pool.slots if pool.lexical_raw is None else pool.slots[pool.lexical_raw == 0]
    if vector is None:
        return joined
    if words.must is None:
        if len(index.dense) > EXACT:
            return joined
        allowed, cosines = index.dense.search(vector, len(index.dense))
    else:
        passing = index.lexical.count(words.must)
        if passing > EXACT:
            return joined
        allowed, _ = index.lexical.best(words.must, max(1, passing))
        cosines = index.dense.scores(vector, allowed)
    return np.union1d(joined, allowed[cosines >= index.record.floor])
