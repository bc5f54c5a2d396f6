"""Search over one opened index: ranked hits with their reasons, completion, similar units."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from graph.deadline import Deadline
from graph.errors import UnknownEntity
from search.analysis.tokens import exact_words
from search.encoders.protocol import Encoder
from search.encoders.reranker import RERANKED, Reranker, rerank_boost
from search.index.index import Index
from search.index.schema import FILTER_FIELDS, fold, spellings
from search.index.top_k import order
from search.parallel import ParallelRunner
from search.query.field_filters import fielded
from search.query.lexical_query import LexicalQuery, Named, filter_query, lexical_query, prefix_query
from search.query.parser import parse
from search.query.spellcheck import Speller
from search.ranking.boosts import FURNITURE, card_boost, cover_boost, recent_boost, sibling_boost
from search.ranking.candidates import LEXICAL_CANDIDATES, Pool, by_words, gather, is_cut, likely
from search.ranking.diversify import spread
from search.ranking.result_set import DEEPEST, Matched, match
from search.ranking.term_counts import TermCountCache, counts_for
from search.results.empty import Found, past_the_end, ways_out, why_nothing
from search.results.explain import written_words
from search.results.hits import make_hits
from search.types import Completion, FacetValue, Filters, Hit, Kind, Query, Results, SearchSuggestion, Unit

__all__ = ["MAX_SEARCH_SECONDS", "Searcher"]

MAX_SEARCH_SECONDS: Final = 60.0
"""Time that a search has whose caller gives it no deadline."""

_FACET_VALUES: Final = 50
_COMPLETIONS: Final = 60  # names fetched before the best are chosen
_FACETS: Final = [name for name in FILTER_FIELDS if name not in ("document", "entity")]
_NONE: Final = np.empty(0, np.int64)

_MEANT: Final = 0.025  # cosine by which texts lie nearer to another spelling, where it is what was meant
_KEPT: Final = 1_000  # vectors of queries (1.5 MB)


@dataclass(frozen=True, slots=True)
class _ByWords:
    """What is known of a query before its meaning: `cards` are slots, `found` as of
    `search.ranking.candidates.by_words`."""

    words: LexicalQuery
    cards: npt.NDArray[np.int64]
    found: tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]] | None
    respelt: str | None


@dataclass(frozen=True, slots=True)
class _Ranked:
    """`order`: rows of the pool, best first. `lowered`: those that had to give way, with what says the same (see
    `search.ranking.diversify.spread`)."""

    pool: Pool
    words: LexicalQuery
    boosts: dict[str, npt.NDArray[np.float32]]
    order: npt.NDArray[np.intp]
    read: TermCountCache
    lowered: dict[int, int | None]
    respelt: str | None


@dataclass(frozen=True, slots=True)
class _Spelt:
    """What was asked for in the end. `corrected`: how it was spelt instead. `suggestion`: how it might be."""

    asked: Query
    ranked: _Ranked
    corrected: str | None = None
    suggestion: str | None = None


class Searcher:
    """Any number of threads may use one. `encoder`: a function, called when the first search needs vectors.

    Raises IndexUnusable at that moment when the index's vectors are of another encoder. `is_quiet`: whether a search
    may take two threads, since nobody else searches (see `search.parallel`). `max_seconds`: the time that a search has
    without a deadline of its own.
    """

    def __init__(
        self,
        index: Index,
        encoder: Callable[[], Encoder],
        reranker: Reranker | None = None,
        is_quiet: Callable[[], bool] = lambda: True,
        max_seconds: float = MAX_SEARCH_SECONDS,
    ) -> None:
        self.index = index
        self._max_seconds = max_seconds
        self._meanwhile = ParallelRunner(is_quiet)
        self._speller = Speller(index.lexical)
        self._reranker = reranker
        self._make_encoder = encoder
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    @cached_property
    def _encoder(self) -> Encoder:
        encoder = self._make_encoder()
        self.index.record.check_encoder(encoder.id)
        return encoder

    def search(self, query: Query, deadline: Deadline | None = None) -> Results:
        """One page of hits. Raises InputError when there is nothing to search for.

        Raises QueryTimeout once `deadline` has passed, and QueryCancelled once it is cancelled: both between steps,
        which take some 50 ms at most among a million passages.
        """
        began = time.perf_counter()
        deadline = deadline or Deadline.after(self._max_seconds)
        deadline.check()
        lexical = self.index.lexical
        text, filters, alone, typed = fielded(query.text, query.filters, lexical, deadline)
        asked = replace(query, text=text, filters=filters)
        if alone:
            spelt = _Spelt(asked, self._ranked(asked, deadline, self._passing(filters)))
        else:
            spelt = self._spelt(asked, self._ranked(asked, deadline), typed, deadline)
        asked, ranked = spelt.asked, spelt.ranked
        hint: str | None = None
        ways: tuple[SearchSuggestion, ...] = ()
        if not len(ranked.order):
            count = partial(self._count, deadline=deadline)
            hint = why_nothing(asked, lexical, self._speller, count)
            ways = ways_out(query, asked, count)
        reranker = self._rerank(asked, ranked, deadline)
        total, is_floor = len(ranked.order), is_cut(ranked.pool, self.index.record.floor)
        facets: Mapping[str, tuple[FacetValue, ...]] = {}
        matched: Matched | None = None
        if alone or query.facets or (is_floor and query.offset + query.limit > total):
            matched = self._matched(asked, ranked, alone, deadline)
            deadline.check()
            facets = lexical.facets(matched.query, _FACETS, _FACET_VALUES) if query.facets else {}
            # Every unit has one kind: to count those of each is to count all.
            total = sum(v.count for v in facets["kind"]) if facets else lexical.count(matched.query)
            is_floor = not matched.complete
        deadline.check()
        ranked, shown = self._page(asked, ranked, matched, deadline)
        if total and query.limit and not shown:
            hint = past_the_end(query.offset, total)
        hits = make_hits(
            self.index, shown, ranked.pool, ranked.words, ranked.boosts, ranked.read, ranked.lowered, deadline
        )
        words = written_words(parse(asked.text).text, lexical.stems)
        told = (query.mode, spelt.corrected, hint, reranker, words, ways, is_floor, spelt.suggestion)
        took = round((time.perf_counter() - began) * 1000, 2)
        return Results(query.text, total, took, hits, facets, *told)

    def _spelt(self, asked: Query, literal: _Ranked, typed: str, deadline: Deadline) -> _Spelt:
        """Another spelling instead of the literal one where no word of it is found, or else as a suggestion.

        `typed`: the fields that were typed with it, which stay.
        """
        better = literal.respelt
        if better is None:
            return _Spelt(asked, literal)
        said = f"{better} {typed}".strip()
        if _has_words(literal) and not self._speller.is_strange(asked.text):
            return _Spelt(asked, literal, suggestion=said)
        respelt = replace(asked, text=better)
        again = self._ranked(respelt, deadline)
        nearer = _nearer(again, literal) if _has_words(again) else -1.0
        if nearer > _MEANT:
            return _Spelt(respelt, again, corrected=said)
        return _Spelt(asked, literal, suggestion=said if nearer >= 0 else None)

    def _passing(self, filters: Filters) -> npt.NDArray[np.int64]:
        """Slots of what passes the filters, which is all that a query of nothing but fields asks for."""
        passing = filter_query(filters, self.index.lexical.schema)
        return _NONE if passing is None else self.index.lexical.best(passing, LEXICAL_CANDIDATES)[0]

    def _matched(self, query: Query, ranked: _Ranked, alone: bool, deadline: Deadline) -> Matched:
        if alone and ranked.words.must is not None:
            return Matched(ranked.words.must.query)
        return match(self.index, ranked.words, self._query_vector(query), ranked.pool, deadline)

    def _count(self, query: Query, deadline: Deadline) -> Found:
        ranked = self._ranked(query, deadline)
        return Found(len(ranked.order), is_cut(ranked.pool, self.index.record.floor))

    def _query_vector(self, query: Query) -> npt.NDArray[np.float32] | None:
        if query.mode == "lexical":
            return None
        return self._vector(parse(query.text).text)

    def _page(
        self, query: Query, ranked: _Ranked, matched: Matched | None, deadline: Deadline
    ) -> tuple[_Ranked, list[int]]:
        """The rows of the page that is asked for, and the pool that they are rows of.

        After the candidates comes what else was found, by its words, each once and at the same place for every page.
        """
        start, end = query.offset, min(query.offset + query.limit, DEEPEST)
        if matched is None or end <= len(ranked.order) or start >= end:
            return ranked, ranked.order[start:end].tolist()
        first = ranked.pool.slots[ranked.order]
        more, _ = self.index.lexical.best(matched.query, end + len(first))
        wanted = np.concatenate([first, more[~np.isin(more, first)]])[start:end]
        deeper = self._ranked(query, deadline, wanted)
        row_of = {slot: row for row, slot in enumerate(deeper.pool.slots.tolist())}
        return deeper, [row_of[slot] for slot in wanted.tolist()]

    def _rerank(self, query: Query, ranked: _Ranked, deadline: Deadline) -> str | None:
        """Put the first results in the reranker's order; the name of the one that was used."""
        first = ranked.order[:RERANKED]
        if self._reranker is None or query.mode != "hybrid" or query.offset >= RERANKED or len(first) < 2:
            return None
        deadline.check()
        stored = [self.index.lexical.stored_at(int(slot)) for slot in ranked.pool.slots[first]]
        read = self._reranker.score(parse(query.text).text, [each.unit.embedding_text for each in stored])
        scores = ranked.pool.scores[first] + sum(boost[first] for boost in ranked.boosts.values())
        ranked.boosts["reranker"] = np.zeros(len(ranked.pool.slots), np.float32)
        ranked.boosts["reranker"][first] = rerank_boost(scores, read)
        ranked.order[: len(first)] = first[order(read, ranked.pool.slots[first])]
        ranked.lowered.clear()
        return self._reranker.id

    def _by_words(self, query: Query, deadline: Deadline) -> _ByWords:
        lexical = self.index.lexical
        named = lexical.by_iri(list(query.entities)) if query.entities else {}
        cards = np.array([stored.slot for stored in named.values()], np.int64)
        known = {iri: Named.of(stored.unit) for iri, stored in named.items()}
        words = lexical_query(parse(query.text), query.filters, lexical.schema, lexical.stems, known)
        deadline.check()
        found = None if query.mode == "dense" else by_words(self.index, words)
        return _ByWords(words, cards, found, self._speller.respelt(query.text, deadline))

    def _ranked(self, query: Query, deadline: Deadline, more: npt.NDArray[np.int64] = _NONE) -> _Ranked:
        deadline.check()
        lexical, forward = self.index.lexical, self.index.forward
        text = parse(query.text).text
        vector: npt.NDArray[np.float32] | None = None
        if query.mode == "lexical" or text in self._vectors:
            begun = self._by_words(query, deadline)
            vector = None if query.mode == "lexical" else self._vector(text)
        else:
            begun, vector = self._meanwhile.both(lambda: self._by_words(query, deadline), lambda: self._vector(text))
        words, cards = begun.words, begun.cards
        read = counts_for(forward, words)
        extra = np.union1d(cards, more) if len(cards) and len(more) else np.concatenate([cards, more])
        pool = gather(self.index, words, vector, query.mode, extra, read, begun.found, deadline)
        deadline.check()
        facts = forward.facts(pool.slots)
        boosts = {"entity": card_boost(pool.slots, cards)} if len(cards) else {}
        if query.mode == "hybrid":
            boosts["words covered"] = np.zeros(len(pool.slots), np.float32)
            counted = likely(pool)
            boosts["words covered"][counted] = cover_boost(lexical, read, pool.slots[counted], words)
        if query.recent:
            boosts["recent"] = recent_boost(facts["last_day"].astype(np.int64))
        boosts["contents or references"] = FURNITURE * facts["furniture"].astype(np.float32)
        scores = pool.scores.copy()
        for boost in boosts.values():
            scores += boost
        if query.mode == "hybrid" and not query.filters.document:
            works = facts["work"][counted].astype(np.int64)
            boosts["rest of the document"] = np.zeros(len(pool.slots), np.float32)
            boosts["rest of the document"][counted] = sibling_boost(scores[counted], works)
            scores += boosts["rest of the document"]
        deadline.check()
        best = order(scores, pool.slots)
        lowered: dict[int, int | None] = {}
        if not query.filters.document:
            works, prints = (facts[name].astype(np.int64) for name in ("work", "print"))
            best, lowered = spread(best, works, prints, scores)
        return _Ranked(pool, words, boosts, best, read, lowered, begun.respelt)

    def _vector(self, text: str) -> npt.NDArray[np.float32]:
        """float32[d], unit; kept for a while, since paging and narrowing ask with the same words."""
        with self._lock:
            held = self._vectors.get(text)
        if held is not None:
            return held
        vector: npt.NDArray[np.float32] = self._encoder.encode([text])[0]
        with self._lock:
            if len(self._vectors) >= _KEPT:
                self._vectors.clear()
            self._vectors[text] = vector
        return vector

    def complete(self, prefix: str, limit: int = 8) -> tuple[Completion, ...]:
        """Names of entities that go on from `prefix`: each of its words begins a word of the name."""
        typed = [fold(word.text) for word in exact_words(prefix[:200])][:8]
        if not typed or limit <= 0:
            return ()
        lexical = self.index.lexical
        ranked = lexical.search(prefix_query(typed, lexical.schema), _COMPLETIONS)
        found = [_completion(stored.unit, typed) for stored in lexical.stored(ranked.addresses)]
        return tuple(completion for _, completion in sorted(found, key=lambda pair: pair[0])[:limit])

    def similar(self, iri: str, limit: int = 5, kind: Kind | None = None) -> tuple[Hit, ...]:
        """The units nearest in meaning to an indexed one, which is left out. `kind`: only passages, or entities.

        Raises UnknownEntity when nothing is indexed under `iri`.
        """
        lexical, dense = self.index.lexical, self.index.dense
        stored = lexical.by_iri([iri]).get(iri)
        if stored is None:
            raise UnknownEntity(f"Nothing is indexed under {iri}.", "Check the address, or search for its name.")
        vector = dense.vectors(np.array([stored.slot], np.int64))[0]
        words = lexical_query(parse("x"), Filters(kind=(kind,) if kind else ()), lexical.schema, lexical.stems)
        pool = gather(self.index, replace(words, terms=()), vector, "dense", np.empty(0, np.int64))
        cosines = pool.scores if pool.dense_raw is None else pool.dense_raw
        best = [int(row) for row in order(cosines, pool.slots) if pool.slots[row] != stored.slot][:limit]
        nothing = LexicalQuery(words.scoring, (), None, frozenset(), frozenset(), ())
        return make_hits(self.index, best, pool, nothing, {})


def _has_words(ranked: _Ranked) -> bool:
    """Whether anything found holds a word of the query; where words are not asked about, whether anything was found."""
    raw = ranked.pool.lexical_raw
    return bool(len(ranked.order)) if raw is None else bool((raw > 0).any())


def _nearer(better: _Ranked, literal: _Ranked) -> float:
    """By how much texts lie nearer to the other spelling. To a misspelt word some lie near by chance, and nearer to the
    right one; of a paraphrase without a common word it is the other way round."""
    if not len(literal.order):
        return 1.0
    cosines = [0.0 if raw is None else float(raw.max()) for raw in (better.pool.dense_raw, literal.pool.dense_raw)]
    return cosines[0] - cosines[1]


_spellings = lru_cache(maxsize=20_000)(spellings)
"""The same names come back with every letter typed."""


def _completion(unit: Unit, typed: list[str]) -> tuple[tuple[int, int, str], Completion]:
    """With its rank: names that begin as typed first, then shorter ones, then by alphabet."""
    start = " ".join(typed)

    def rank(name: str) -> tuple[int, int, str]:
        written = _spellings(name)
        whole = " ".join(written[0])
        if any(" ".join(words).startswith(start) for words in written):
            return (0, len(name), whole)
        known = [word for words in written for word in words]
        held = all(any(word.startswith(part) for word in known) for part in typed)
        return (1 if held else 2, len(name), whole)

    matched = min((unit.title, *unit.aliases), key=rank)
    return rank(matched), Completion(unit.iri, unit.title, matched, unit.types)
