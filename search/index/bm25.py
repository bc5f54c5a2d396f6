"""BM25 of given units from the forward index: the same sum as tantivy's, to within float32 rounding.

    Σ weight · idf · 2.2 · tf / (tf + 1.2 · (0.25 + 0.75 · length / average length))

with idf = ln(1 + (N - n + 0.5) / (n + 0.5)). N, n and the average length are tantivy's own (deleted units that are
not merged away count in them); the length is rounded down to one of 256 steps as there (Lucene's SmallFloat). Method:
Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). An entity that is mentioned
adds its weight, however often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from search.index.forward import CONSTANT, FIELDS, LENGTHS, ForwardIndex, is_kept, key
from search.index.terms import Term

if TYPE_CHECKING:
    from search.index.lexical import LexicalIndex

__all__ = ["Bm25", "Reader"]


_K1: Final = 1.2
_B: Final = 0.75
_WORDS: Final = 20_000  # words of queries whose weights are kept
_QUERIES: Final = 64


class _Made(NamedTuple):
    """What the terms of a query are worked out to: a column each, and those of entities with their weights."""

    keys: list[int]
    weights: npt.NDArray[np.float32]
    by_length: npt.NDArray[np.float32]
    fields: npt.NDArray[np.intp]
    entities: list[tuple[int, float]]


class Reader(Protocol):
    def counts(self, slots: npt.NDArray[np.int64], keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        """As `ForwardIndex.counts`."""


class Bm25:
    """Scores of given slots. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex, forward: ForwardIndex) -> None:
        self._forward = forward
        self._told = lru_cache(maxsize=_WORDS)(partial(_told, lexical))
        self._made = lru_cache(maxsize=_QUERIES)(self._make)  # one search asks two or three times

    def score(
        self, slots: npt.NDArray[np.int64], terms: Sequence[Term], read: Reader | None = None
    ) -> npt.NDArray[np.float32] | None:
        """float32[len(slots)] ≥ 0. None where a term cannot be told from the forward index: then ask tantivy.

        `read`: who reads it, if not the index itself.
        """
        parts = self.parts(slots, terms, read)
        return None if parts is None else parts.sum(axis=1, dtype=np.float32)

    def parts(
        self, slots: npt.NDArray[np.int64], terms: Sequence[Term], read: Reader | None = None
    ) -> npt.NDArray[np.float32] | None:
        """float32[len(slots), len(terms)]: what each term adds to each score. None as in `score`."""
        made = self._made(tuple(terms))
        if made is None:
            return None
        counts = (read or self._forward).counts(slots, made.keys).astype(np.float32)
        lengths = LENGTHS.take(self._forward.facts(slots)["lengths"]).take(made.fields, axis=1)
        lengths *= made.by_length
        lengths += np.float32(_K1 * (1 - _B))
        lengths += counts
        scores: npt.NDArray[np.float32] = np.divide(counts, lengths, out=lengths)
        scores *= made.weights
        for at, weight in made.entities:
            scores[:, at] = np.float32(weight) * (counts[:, at] > 0)
        return scores

    def _make(self, terms: tuple[Term, ...]) -> _Made | None:
        if not all(map(_can_be_told, terms)):
            return None
        told = [self._told(term.field, term.word) for term in terms]
        weights = [term.weight * rarity for term, (_, rarity, _) in zip(terms, told, strict=True)]
        fields = [FIELDS.index(term.field) if term.field in FIELDS else 0 for term in terms]
        averages = np.array([average for _, _, average in told], np.float32)
        return _Made(
            [number for number, _, _ in told],
            np.array(weights, np.float32),
            np.float32(_K1 * _B) / averages,
            np.array(fields, np.intp),
            [(at, term.weight) for at, term in enumerate(terms) if term.field in CONSTANT],
        )


def _told(lexical: LexicalIndex, field: str, word: str) -> tuple[int, float, float]:
    """The key of a word, 2.2 times its idf (0: no unit holds it, or an entity), and the average length of the field."""
    held = lexical.document_frequency(field, word) if field not in CONSTANT else 0
    statistics = lexical.statistics(field, word) if held else None
    if statistics is None:
        return key(field, word), 0.0, 1.0
    total, average = statistics
    return key(field, word), math.log(1 + (total - held + 0.5) / (held + 0.5)) * (1 + _K1), average


def _can_be_told(term: Term) -> bool:
    return term.field in CONSTANT or (term.field in FIELDS and (term.field != "exact" or is_kept(term.word)))
