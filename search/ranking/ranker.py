"""Ranker: from a query to its ranked candidates, with their boosts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from search.encoders.protocol import Encoder
from search.index.index import Index
from search.index.top_k import order
from search.parallel import ParallelRunner
from search.query.lexical_query import LexicalQuery, NamedEntity, lexical_query
from search.query.parser import parse
from search.query.spellcheck import SpellChecker
from search.ranking.boosts import LOW_VALUE_PENALTY, card_boost, cover_boost, recency_boost, sibling_boost
from search.ranking.candidates import Candidates, gather, is_truncated, lexical_candidates, likely_rows
from search.ranking.diversify import diversify
from search.ranking.term_counts import TermCountCache, term_counts
from search.types import Query

__all__ = ["Ranker", "Ranking"]

_CACHED_VECTORS: Final = 1_000  # 1.5 MB

Slots = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_NO_SLOTS: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked candidates. `order`: rows of the candidates, best first; `boosts`: name → float32[rows].

    `demoted`: rows that stand lower than their score, with the reason (see `search.ranking.diversify`). `correction`:
    the query in another spelling, if a word of it is unknown. `is_truncated`: there may be more results.
    """

    candidates: Candidates
    lexical: LexicalQuery
    order: npt.NDArray[np.intp]
    counts: TermCountCache
    boosts: dict[str, Floats] = field(default_factory=dict)
    demoted: dict[int, int | None] = field(default_factory=dict)
    correction: str | None = None
    is_truncated: bool = False

    @property
    def has_words(self) -> bool:
        """Whether a candidate holds a word of the query; in dense mode, whether there is a candidate."""
        raw = self.candidates.lexical_raw
        return bool(len(self.order)) if raw is None else bool((raw > 0).any())

    def nearer_than(self, other: Ranking) -> float:
        """By how much the best cosine exceeds that of another ranking; 1.0 if the other is empty."""
        if not len(other.order):
            return 1.0
        mine, theirs = self.candidates.dense_raw, other.candidates.dense_raw
        return (0.0 if mine is None else float(mine.max())) - (0.0 if theirs is None else float(theirs.max()))


@dataclass(frozen=True, slots=True)
class _LexicalSide:
    """The steps of a ranking that need no vector. `cards`: slots of the cards of the entities that the query names."""

    query: LexicalQuery
    cards: Slots
    candidates: tuple[Slots, Floats] | None
    correction: str | None


class Ranker:
    """Ranks the items of one index. Safe to share between threads.

    `encoder` is called when the first query needs a vector; IndexUnusable is raised then if the index's vectors are of
    another encoder. `is_quiet`: whether a search may use a second thread (see `search.parallel`).
    """

    def __init__(self, index: Index, encoder: Callable[[], Encoder], is_quiet: Callable[[], bool]) -> None:
        self.spelling = SpellChecker(index.lexical)
        self._index = index
        self._open_encoder = encoder
        self._parallel = ParallelRunner(is_quiet)
        self._vectors: dict[str, Floats] = {}
        self._lock = threading.Lock()

    @cached_property
    def _encoder(self) -> Encoder:
        encoder = self._open_encoder()
        self._index.record.check_encoder(encoder.id)
        return encoder

    def vector(self, query: Query) -> Floats | None:
        """float32[d], unit length; None in lexical mode. Cached: other pages and filters keep the words."""
        if query.mode == "lexical":
            return None
        text = parse(query.text).text
        with self._lock:
            known = self._vectors.get(text)
        if known is not None:
            return known
        vector: Floats = self._encoder.encode([text])[0]
        with self._lock:
            if len(self._vectors) >= _CACHED_VECTORS:
                self._vectors.clear()
            self._vectors[text] = vector
        return vector

    def rank(self, query: Query, deadline: Deadline, extra: Slots = _NO_SLOTS) -> Ranking:
        """The ranked candidates of `query`. `extra`: slots that join the candidates if they pass the filters.

        Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
        """
        deadline.check()
        lexical, vector = self._sides(query, deadline)
        counts = term_counts(self._index.forward, lexical.query)
        cards = lexical.cards
        joining = np.union1d(cards, extra) if len(cards) and len(extra) else np.concatenate([cards, extra])
        candidates = gather(
            self._index,
            lexical.query,
            vector,
            mode=query.mode,
            extra=joining,
            counts=counts,
            lexical=lexical.candidates,
            deadline=deadline,
        )
        deadline.check()
        facts = self._index.forward.facts(candidates.slots)
        boosts, scores = self._boosts(query, lexical, candidates, counts=counts, facts=facts)
        deadline.check()
        best = order(scores, candidates.slots)
        demoted: dict[int, int | None] = {}
        if not query.filters.document:
            documents, fingerprints = (facts[name].astype(np.int64) for name in ("document", "fingerprint"))
            best, demoted = diversify(best, documents=documents, fingerprints=fingerprints, scores=scores)
        return Ranking(
            candidates,
            lexical.query,
            order=best,
            counts=counts,
            boosts=boosts,
            demoted=demoted,
            correction=lexical.correction,
            is_truncated=is_truncated(candidates, self._index.record.floor),
        )

    def _sides(self, query: Query, deadline: Deadline) -> tuple[_LexicalSide, Floats | None]:
        """The steps without a vector, and the vector: on two threads if that is of use."""
        if query.mode == "lexical" or parse(query.text).text in self._vectors:
            return self._lexical_side(query, deadline), self.vector(query)
        return self._parallel.both(lambda: self._lexical_side(query, deadline), lambda: self.vector(query))

    def _lexical_side(self, query: Query, deadline: Deadline) -> _LexicalSide:
        lexical = self._index.lexical
        named = lexical.by_iri(list(query.entities)) if query.entities else {}
        cards = np.array([stored.slot for stored in named.values()], np.int64)
        entities = {iri: NamedEntity.of(stored.item) for iri, stored in named.items()}
        words = lexical_query(parse(query.text), query.filters, lexical.stems, entities)
        deadline.check()
        candidates = None if query.mode == "dense" else lexical_candidates(self._index, words)
        return _LexicalSide(words, cards, candidates, self.spelling.correct(query.text, deadline))

    def _boosts(
        self,
        query: Query,
        lexical: _LexicalSide,
        candidates: Candidates,
        *,
        counts: TermCountCache,
        facts: npt.NDArray[Any],
    ) -> tuple[dict[str, Floats], Floats]:
        """Boosts by name, and the scores with them. `facts`: of the candidates, from the forward index."""
        slots = candidates.slots
        likely = likely_rows(candidates) if query.mode == "hybrid" else np.empty(0, np.intp)
        boosts = {"entity": card_boost(slots, lexical.cards)} if len(lexical.cards) else {}
        if query.mode == "hybrid":
            boosts["words covered"] = np.zeros(len(slots), np.float32)
            boosts["words covered"][likely] = cover_boost(self._index.lexical, counts, slots[likely], lexical.query)
        if query.recent:
            boosts["recent"] = recency_boost(facts["last_day"].astype(np.int64))
        boosts["contents or references"] = LOW_VALUE_PENALTY * facts["low_value"].astype(np.float32)
        scores = candidates.scores.copy()
        for boost in boosts.values():
            scores += boost
        if query.mode == "hybrid" and not query.filters.document:
            documents = facts["document"][likely].astype(np.int64)
            boosts["rest of the document"] = np.zeros(len(slots), np.float32)
            boosts["rest of the document"][likely] = sibling_boost(scores[likely], documents)
            scores += boosts["rest of the document"]
        return boosts, scores
