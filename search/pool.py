"""The candidates of one search: the best by words ∪ the best by meaning, each scored by both, and cut by the filters.

`total` and facets are counted over exactly this pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from search.dense import EXACT_ROWS
from search.fusion import DENSE_WEIGHT, combine, scale
from search.index import Index
from search.lexical_query import LexicalQuery
from search.types import Mode

if TYPE_CHECKING:
    import tantivy

__all__ = ["DENSE_CANDIDATES", "LEXICAL_CANDIDATES", "Pool", "gather"]

LEXICAL_CANDIDATES: Final = 1_000
DENSE_CANDIDATES: Final = 200

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pool:
    """Parallel columns, in no order. None = not measured in this mode. Scaled scores and `scores` are in [0, 1]."""

    slots: Slots
    addresses: list[tantivy.DocAddress]
    lexical_raw: Floats | None
    dense_raw: Floats | None
    lexical: Floats | None
    dense: Floats | None
    scores: Floats


def gather(index: Index, query: LexicalQuery, vector: Floats | None, mode: Mode, extra: Slots) -> Pool:
    """The pool for `query`. `vector`: float32[d], unit; None in lexical mode. `extra`: slots that join if they pass."""
    from tantivy import Occur, Query

    must = [] if query.must is None else [(Occur.Must, query.must)]
    if mode == "dense":
        slots, addresses, raw = np.empty(0, np.int64), [], np.empty(0, np.float32)
    else:
        ranked = index.lexical.search(Query.boolean_query([(Occur.Must, query.scoring), *must]), LEXICAL_CANDIDATES)
        slots, addresses, raw = ranked.slots, ranked.addresses, ranked.scores
    near = extra
    if vector is not None:
        near = np.concatenate([_nearest(index, query, vector), extra])
    more = np.setdiff1d(near, slots)
    if len(more):
        added = index.lexical.score(more, query.scoring, query.must)
        slots = np.concatenate([slots, added.slots])
        raw = np.concatenate([raw, added.scores])
        addresses = [*addresses, *added.addresses]
    if vector is None:
        lexical = scale(raw)
        return Pool(slots, addresses, raw, None, lexical, None, lexical)
    cosines = index.dense.scores(vector, slots)
    dense = scale(cosines)
    if mode == "dense":
        return Pool(slots, addresses, None, cosines, None, dense, dense)
    lexical = scale(raw)
    return Pool(slots, addresses, raw, cosines, lexical, dense, combine(lexical, dense, DENSE_WEIGHT))


def _nearest(index: Index, query: LexicalQuery, vector: Floats) -> Slots:
    """The slots nearest to `vector` that pass the filters and are near enough to be called relevant."""
    if query.must is None:
        slots, cosines = index.dense.search(vector, DENSE_CANDIDATES)
    else:
        slots, cosines = _nearest_allowed(index, query.must, vector)
    return slots[cosines >= index.record.floor]


def _nearest_allowed(index: Index, must: tantivy.Query, vector: Floats) -> tuple[Slots, Floats]:
    """Exact among few allowed units; among many, the nearest of all are sifted, more of them until enough pass."""
    allowed = index.lexical.search(must, EXACT_ROWS)
    if allowed.total <= EXACT_ROWS:
        return index.dense.search_among(vector, np.sort(allowed.slots), DENSE_CANDIDATES)
    share = allowed.total / max(1, len(index.lexical))
    wanted = int(DENSE_CANDIDATES / share * 1.2)
    while True:
        slots, cosines = index.dense.search(vector, wanted)
        passed = np.isin(slots, index.lexical.score(slots, must, must).slots)
        if passed.sum() >= DENSE_CANDIDATES or wanted >= len(index.dense):
            return slots[passed][:DENSE_CANDIDATES], cosines[passed][:DENSE_CANDIDATES]
        wanted *= 4
