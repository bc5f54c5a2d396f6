"""Explanation of a lexical score: what each word of the query added, named as the query writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

from search.analysis.tokens import query_words
from search.index.bm25 import TermCounts
from search.index.index import Index
from search.index.schema import own_text
from search.index.stemmer import Stems
from search.index.terms import Term
from search.query.lexical_query import LexicalQuery
from search.types import TermScore

__all__ = ["LazyTermScores", "PageTermScores", "query_words_by_term"]


class PageTermScores:
    """Term scores of the items on one page, computed together when the first of them is read."""

    def __init__(
        self, index: Index, slots: npt.NDArray[np.int64], query: LexicalQuery, counts: TermCounts | None = None
    ) -> None:
        self._index, self._slots, self._query, self._counts = index, slots, query, counts

    @cached_property
    def _scores(self) -> list[list[float]]:
        """One row for each item, one column for each term."""
        terms = self._query.terms
        scores = self._index.bm25.term_scores(self._slots, terms, self._counts)
        if scores is None:
            scores = np.stack([_term_scores(self._index, self._slots, term) for term in terms], axis=1)
        rows: list[list[float]] = scores.tolist()
        return rows

    def of(self, place: int) -> tuple[TermScore, ...]:
        """The matching terms of one item, greatest score first. They add up to its lexical score."""
        own_stems = self._own_stems(place)
        scores = [
            TermScore(self._query.labels.get(term.word, term.word), _field(term, own_stems), round(score, 6))
            for term, score in zip(self._query.terms, self._scores[place], strict=True)
            if score > 0
        ]
        return tuple(sorted(scores, key=lambda term: (-term.score, term.term, term.field)))

    def _own_stems(self, place: int) -> frozenset[str] | None:
        """The stems of an item without those of its subject; None if it names no subject."""
        item = self._index.lexical.stored_at(int(self._slots[place])).item
        return frozenset(self._index.lexical.stems.of(own_text(item))) if item.about else None


class LazyTermScores(Sequence[TermScore]):
    """Term scores of one item, computed when first read: many callers never read them."""

    def __init__(self, page: PageTermScores, place: int) -> None:
        self._page, self._place = page, place

    @cached_property
    def _scores(self) -> tuple[TermScore, ...]:
        return self._page.of(self._place)

    @overload
    def __getitem__(self, index: int) -> TermScore: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TermScore]: ...
    def __getitem__(self, index: int | slice) -> TermScore | Sequence[TermScore]:
        return self._scores[index]

    def __iter__(self) -> Iterator[TermScore]:
        return iter(self._scores)  # Sequence would read by number until an IndexError

    def __len__(self) -> int:
        return len(self._scores)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._scores == tuple(other)

    def __hash__(self) -> int:
        return hash(self._scores)

    def __reduce__(self) -> tuple[type[tuple[TermScore, ...]], tuple[tuple[TermScore, ...]]]:
        """For another process: a plain tuple, without the index behind it."""
        return tuple, (self._scores,)

    def __repr__(self) -> str:
        return repr(self._scores)


def _field(term: Term, own_stems: frozenset[str] | None) -> str:
    """The field of a term, or "about" for a word that only the description of the subject holds."""
    return "about" if term.field == "text" and own_stems is not None and term.word not in own_stems else term.field


def _term_scores(index: Index, slots: npt.NDArray[np.int64], term: Term) -> npt.NDArray[np.float32]:
    """float32[len(slots)]: what one term adds to the score of each item, from the lexical index."""
    matches, values = index.lexical.score(slots, term._replace(weight=1.0))
    scores = dict(zip(matches.tolist(), values.tolist(), strict=True))
    return np.array([term.weight * scores.get(slot, 0.0) for slot in slots.tolist()], np.float32)


def query_words_by_term(text: str, stems: Stems) -> dict[str, str]:
    """Stem, or exact word → the first word of the query `text` that gives it, as it is written there."""
    words: dict[str, str] = {}
    for word in query_words(text):
        written = text[word.start : word.end]
        words.setdefault(word.text, written)
        for stem in stems.of(written):
            words.setdefault(stem, written)
    return words
