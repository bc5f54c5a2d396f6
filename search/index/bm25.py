"""BM25 of given items from the forward index: the same sum as tantivy's, to within float32 rounding.

    Σ weight · idf · 2.2 · tf / (tf + 1.2 · (0.25 + 0.75 · length / average length))

with idf = ln(1 + (N - n + 0.5) / (n + 0.5)). N, n and the average length are tantivy's own, which include deleted items
that are not merged away. The length is rounded down to one of 256 steps, as in tantivy (Lucene's SmallFloat). Method:
Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). A term of CONSTANT_FIELDS adds
its weight, however often it occurs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from search.index.forward_index import FIELDS, LENGTHS, ForwardIndex, is_kept, key
from search.index.terms import CONSTANT_FIELDS, Term

if TYPE_CHECKING:
    from search.index.lexical import LexicalIndex

__all__ = ["Bm25", "TermCounts"]

_K1: Final = 1.2
_B: Final = 0.75
_CACHED_TERMS: Final = 20_000
_CACHED_QUERIES: Final = 64

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class TermCounts(Protocol):
    """Reader of term counts: the forward index, or a cache of it."""

    def counts(self, slots: Slots, keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        """As `ForwardIndex.counts`."""


class _Columns(NamedTuple):
    """Parameters of a query's terms, one column each. `constants`: column and weight of terms of CONSTANT_FIELDS."""

    keys: list[int]
    weights: Floats
    by_length: Floats
    fields: npt.NDArray[np.intp]
    constants: list[tuple[int, float]]


class _TermStatistics(NamedTuple):
    """Key of a term, (1 + k1) times its idf (0 if no item has it), and the average length of its field."""

    key: int
    scaled_idf: float
    average_length: float


class Bm25:
    """Scores of given slots. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex, forward: ForwardIndex) -> None:
        self._forward = forward
        self._statistics = lru_cache(maxsize=_CACHED_TERMS)(partial(_statistics, lexical))
        self._columns = lru_cache(maxsize=_CACHED_QUERIES)(self._make_columns)  # one search needs them 2 or 3 times

    def score(self, slots: Slots, terms: Sequence[Term], counts: TermCounts | None = None) -> Floats | None:
        """float32[len(slots)] ≥ 0, higher is better. None if the forward index lacks a term: then tantivy must score.

        `counts`: reader of term counts, the forward index by default.
        """
        scores = self.term_scores(slots, terms, counts)
        return None if scores is None else scores.sum(axis=1, dtype=np.float32)

    def term_scores(self, slots: Slots, terms: Sequence[Term], counts: TermCounts | None = None) -> Floats | None:
        """float32[len(slots), len(terms)]: what each term adds to each score. None as in `score`."""
        columns = self._columns(tuple(terms))
        if columns is None:
            return None
        frequencies = (counts or self._forward).counts(slots, columns.keys).astype(np.float32)
        lengths = LENGTHS.take(self._forward.facts(slots)["lengths"]).take(columns.fields, axis=1)
        lengths *= columns.by_length
        lengths += np.float32(_K1 * (1 - _B))
        lengths += frequencies
        scores: Floats = np.divide(frequencies, lengths, out=lengths)
        scores *= columns.weights
        for column, weight in columns.constants:
            scores[:, column] = np.float32(weight) * (frequencies[:, column] > 0)
        return scores

    def _make_columns(self, terms: tuple[Term, ...]) -> _Columns | None:
        if not all(map(_is_in_forward_index, terms)):
            return None
        statistics = [self._statistics(term.field, term.word) for term in terms]
        weights = [term.weight * known.scaled_idf for term, known in zip(terms, statistics, strict=True)]
        averages = np.array([known.average_length for known in statistics], np.float32)
        fields = [FIELDS.index(term.field) if term.field in FIELDS else 0 for term in terms]
        return _Columns(
            [known.key for known in statistics],
            np.array(weights, np.float32),
            np.float32(_K1 * _B) / averages,
            fields=np.array(fields, np.intp),
            constants=[(column, term.weight) for column, term in enumerate(terms) if term.field in CONSTANT_FIELDS],
        )


def _statistics(lexical: LexicalIndex, field: str, word: str) -> _TermStatistics:
    frequency = lexical.document_frequency(field, word) if field not in CONSTANT_FIELDS else 0
    statistics = lexical.statistics(field, word) if frequency else None
    if statistics is None:
        return _TermStatistics(key(field, word), 0.0, 1.0)
    total, average_length = statistics
    idf = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
    return _TermStatistics(key(field, word), idf * (1 + _K1), average_length)


def _is_in_forward_index(term: Term) -> bool:
    return term.field in CONSTANT_FIELDS or (term.field in FIELDS and (term.field != "exact" or is_kept(term.word)))
