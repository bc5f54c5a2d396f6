"""What each word of the query added to the lexical score of a hit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import overload

import numpy as np

from search.bm25 import Term
from search.index import Index
from search.lexical_query import LexicalQuery
from search.types import TermScore

__all__ = ["LazyTerms", "term_scores"]


class LazyTerms(Sequence[TermScore]):
    """Term scores that are worked out when first looked at: many searches never ask for them."""

    def __init__(self, make: Callable[[], tuple[TermScore, ...]]) -> None:
        self._make = make

    @cached_property
    def _terms(self) -> tuple[TermScore, ...]:
        return self._make()

    @overload
    def __getitem__(self, index: int) -> TermScore: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TermScore]: ...
    def __getitem__(self, index: int | slice) -> TermScore | Sequence[TermScore]:
        return self._terms[index]

    def __len__(self) -> int:
        return len(self._terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._terms == tuple(other)

    def __hash__(self) -> int:
        return hash(self._terms)

    def __repr__(self) -> str:
        return repr(self._terms)


def term_scores(index: Index, slot: int, query: LexicalQuery) -> tuple[TermScore, ...]:
    """The matched words with what they added to the lexical score, greatest first. They sum up to the score."""
    parts = index.bm25.parts(np.array([slot], np.int64), query.terms)
    if parts is None:
        parts = np.array([[_alone(index, slot, term) for term in query.terms]], np.float32)
    found = [
        TermScore(term.word, term.field, round(float(score), 6))
        for term, score in zip(query.terms, parts[0], strict=True)
        if score > 0
    ]
    return tuple(sorted(found, key=lambda term: (-term.score, term.term, term.field)))


def _alone(index: Index, slot: int, term: Term) -> float:
    """What one word adds to the score of a unit, by tantivy."""
    from tantivy import Query

    query = Query.term_query(index.lexical.schema, term.field, term.word, index_option="freq")
    found = index.lexical.score([slot], query, None).scores
    return term.weight * float(found[0]) if len(found) else 0.0
