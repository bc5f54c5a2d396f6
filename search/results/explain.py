"""What each word of the query added to the lexical score of a hit.

The words of a query as they were written, by the stems and exact words that an explanation names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

from search.analysis.tokens import query_words
from search.index.bm25 import Reader
from search.index.forward import CONSTANT
from search.index.index import Index
from search.index.schema import own_text
from search.index.stemmer import Stems
from search.index.terms import Term
from search.query.lexical_query import LexicalQuery
from search.types import TermScore

__all__ = ["LazyTerms", "PageTerms", "written_words"]


class PageTerms:
    """What each word added to the scores of the units on a page, worked out when first asked for."""

    def __init__(
        self, index: Index, slots: npt.NDArray[np.int64], query: LexicalQuery, read: Reader | None = None
    ) -> None:
        self._index, self._slots, self._query, self._read = index, slots, query, read

    @cached_property
    def _parts(self) -> list[list[float]]:
        terms = self._query.terms
        parts = self._index.bm25.parts(self._slots, terms, self._read)
        if parts is None:
            columns = [_alone(self._index, self._slots, term) for term in terms]
            parts = np.stack(columns, axis=1)
        rows: list[list[float]] = parts.tolist()
        return rows

    def of(self, place: int) -> tuple[TermScore, ...]:
        """The matched words of one unit, greatest score first. They sum up to its lexical score."""
        own = self._own_stems(place)
        found = [
            TermScore(self._query.written.get(term.word, term.word), _where(term, own), round(score, 6))
            for term, score in zip(self._query.terms, self._parts[place], strict=True)
            if score > 0
        ]
        return tuple(sorted(found, key=lambda term: (-term.score, term.term, term.field)))

    def _own_stems(self, place: int) -> frozenset[str] | None:
        """The stems of the unit without what is said of its subject; None where nothing is."""
        item = self._index.lexical.stored_at(int(self._slots[place])).item
        return frozenset(self._index.lexical.stems.of(own_text(item))) if item.about else None


class LazyTerms(Sequence[TermScore]):
    """Term scores that are worked out when first looked at: many searches never ask for them."""

    def __init__(self, page: PageTerms, place: int) -> None:
        self._page, self._place = page, place

    @cached_property
    def _terms(self) -> tuple[TermScore, ...]:
        return self._page.of(self._place)

    @overload
    def __getitem__(self, index: int) -> TermScore: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TermScore]: ...
    def __getitem__(self, index: int | slice) -> TermScore | Sequence[TermScore]:
        return self._terms[index]

    def __iter__(self) -> Iterator[TermScore]:
        return iter(self._terms)  # the way of Sequence takes them by number, until there is none

    def __len__(self) -> int:
        return len(self._terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._terms == tuple(other)

    def __hash__(self) -> int:
        return hash(self._terms)

    def __reduce__(self) -> tuple[type[tuple[TermScore, ...]], tuple[tuple[TermScore, ...]]]:
        """For another process: without the index that they come from."""
        return tuple, (self._terms,)

    def __repr__(self) -> str:
        return repr(self._terms)


def _where(term: Term, own: frozenset[str] | None) -> str:
    """The field, or "about" for a word that only what is said of the subject holds."""
    return "about" if term.field == "text" and own is not None and term.word not in own else term.field


def _alone(index: Index, slots: npt.NDArray[np.int64], term: Term) -> npt.NDArray[np.float32]:
    """What one word adds to the scores of some units, by tantivy."""
    from tantivy import Query

    option = "basic" if term.field in CONSTANT else "freq"
    query = Query.term_query(index.lexical.schema, term.field, term.word, index_option=option)
    if term.field in CONSTANT:
        query = Query.const_score_query(query, 1.0)
    found = index.lexical.score(slots, query, None)
    scores = dict(zip(found.slots.tolist(), found.scores.tolist(), strict=True))
    return np.array([term.weight * scores.get(slot, 0.0) for slot in slots.tolist()], np.float32)


def written_words(text: str, stems: Stems) -> dict[str, str]:
    """Stem, or exact word → how the query writes it; the first of several spellings."""
    found: dict[str, str] = {}
    for word in query_words(text):
        written = text[word.start : word.end]
        found.setdefault(word.text, written)
        for stem in stems.of(written):
            found.setdefault(stem, written)
    return found
