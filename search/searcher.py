"""Search over one opened index: ranked hits with their reasons, completion, similar units."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from graph.errors import UnknownEntity
from search.boosts import entity_boosts
from search.encoder import Encoder
from search.explain import term_scores
from search.fusion import DENSE_WEIGHT, LEXICAL_WEIGHT, order
from search.index import Index
from search.lexical_query import LexicalQuery, lexical_query, prefix_query
from search.parse import parse
from search.pool import Pool, gather
from search.schema import FILTER_FIELDS, fold
from search.snippet import make_snippet
from search.types import Completion, DocumentRef, Explain, Filters, Hit, Kind, Query, Results, Snippet, Unit
from search.words import exact_words

if TYPE_CHECKING:
    import tantivy

__all__ = ["Searcher"]

_FACET_VALUES: Final = 50
_COMPLETIONS: Final = 60  # names fetched before the best are chosen
_NOT_FACETS: Final = {"document", "entity"}


class Searcher:
    """Any number of threads may use one. `encoder`: a function, called when the first search needs vectors.

    Raises IndexUnusable at that moment when the index's vectors are of another encoder.
    """

    def __init__(self, index: Index, encoder: Callable[[], Encoder]) -> None:
        self.index = index
        self._make_encoder = encoder

    @cached_property
    def _encoder(self) -> Encoder:
        encoder = self._make_encoder()
        self.index.record.check_encoder(encoder.id)
        return encoder

    def search(self, query: Query) -> Results:
        """One page of hits. Raises InputError when there is nothing to search for."""
        began = time.perf_counter()
        lexical = self.index.lexical
        parsed = parse(query.text)
        words = lexical_query(parsed, query.filters, lexical.schema, lexical.stems)
        vector = None if query.mode == "lexical" else self._encoder.encode([parsed.text])[0]
        cards = self._slots_of(query.entities)
        pool = gather(self.index, words, vector, query.mode, cards)
        boosts = entity_boosts(lexical, pool.slots, query.entities, cards)
        scores = pool.scores.copy()
        for boost in boosts.values():
            scores += boost
        best = order(scores, pool.slots)[query.offset : query.offset + query.limit]
        hits = tuple(self._hit(int(row), pool, words, scores, boosts) for row in best)
        facets = {}
        if query.facets:
            names = [name for name in FILTER_FIELDS if name not in _NOT_FACETS]
            facets = lexical.facets(lexical.among(pool.slots), names, _FACET_VALUES)
        took = (time.perf_counter() - began) * 1000
        return Results(query.text, len(pool.slots), round(took, 2), hits, facets, query.mode)

    def complete(self, prefix: str, limit: int = 8) -> tuple[Completion, ...]:
        """Names of entities that go on from `prefix`: each of its words begins a word of the name."""
        typed = [fold(word.text) for word in exact_words(prefix[:200])][:8]
        if not typed or limit <= 0:
            return ()
        lexical = self.index.lexical
        ranked = lexical.search(prefix_query(typed, lexical.schema), _COMPLETIONS)
        found = [_completion(lexical.stored(address).unit, typed) for address in ranked.addresses]
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
        pool = gather(self.index, words, vector, "dense", np.empty(0, np.int64))
        cosines = pool.scores if pool.dense_raw is None else pool.dense_raw
        best = [int(row) for row in order(cosines, pool.slots) if pool.slots[row] != stored.slot][:limit]
        nothing = LexicalQuery(words.scoring, None, frozenset(), frozenset(), ())
        return tuple(self._hit(row, pool, nothing, pool.scores, {}) for row in best)

    def _slots_of(self, iris: tuple[str, ...]) -> npt.NDArray[np.int64]:
        found = self.index.lexical.by_iri(list(iris)) if iris else {}
        return np.array([stored.slot for stored in found.values()], np.int64)

    def _hit(
        self,
        row: int,
        pool: Pool,
        query: LexicalQuery,
        scores: npt.NDArray[np.float32],
        boosts: dict[str, npt.NDArray[np.float32]],
    ) -> Hit:
        unit = self.index.lexical.stored(pool.addresses[row]).unit
        explain = self._explain(row, pool, query.scoring, {name: float(values[row]) for name, values in boosts.items()})
        return Hit(
            iri=unit.iri,
            kind=unit.kind,
            score=explain.score,
            title=unit.title,
            snippet=self._snippet(unit, query),
            document=_document(unit),
            page=unit.page,
            entities=unit.entities,
            types=unit.types,
            reliability=unit.reliability,
            explain=explain,
        )

    def _snippet(self, unit: Unit, query: LexicalQuery) -> Snippet:
        total = len(self.index.lexical)

        def weigh(word: str) -> float:
            field = "exact" if word in query.exact or " " in word else "text"
            return math.log1p(total / (1 + self.index.lexical.document_frequency(field, word)))

        return make_snippet(unit.text, query, self.index.lexical.stems, weigh)

    def _explain(self, row: int, pool: Pool, scoring: tantivy.Query, boosts: dict[str, float]) -> Explain:
        hybrid = pool.lexical is not None and pool.dense is not None
        lexical = None if pool.lexical is None else float(pool.lexical[row])
        dense = None if pool.dense is None else float(pool.dense[row])
        lexical_weight = (LEXICAL_WEIGHT if hybrid else 1.0) if lexical is not None else 0.0
        dense_weight = (DENSE_WEIGHT if hybrid else 1.0) if dense is not None else 0.0
        raw = None if pool.lexical_raw is None else float(pool.lexical_raw[row])
        terms = term_scores(self.index.lexical.explain(scoring, pool.addresses[row])) if raw else ()
        return Explain(
            score=lexical_weight * (lexical or 0.0) + dense_weight * (dense or 0.0) + sum(boosts.values()),
            lexical=lexical,
            lexical_raw=raw,
            lexical_weight=lexical_weight,
            terms=terms,
            dense=dense,
            dense_raw=None if pool.dense_raw is None else float(pool.dense_raw[row]),
            dense_weight=dense_weight,
            boosts=tuple((name, value) for name, value in boosts.items() if value > 0),
        )


def _document(unit: Unit) -> DocumentRef | None:
    if unit.document is None:
        return None
    title = unit.document_title or unit.title
    return DocumentRef(unit.document, unit.document_id, title, unit.publisher, unit.date, unit.source_url)


def _completion(unit: Unit, typed: list[str]) -> tuple[tuple[int, int, str], Completion]:
    """With its rank: names that begin as typed first, then shorter ones, then by alphabet."""
    start = " ".join(typed)

    def rank(name: str) -> tuple[int, int, str]:
        words = [fold(word.text) for word in exact_words(name)]
        whole = " ".join(words)
        if whole.startswith(start):
            return (0, len(name), whole)
        held = all(any(word.startswith(part) for word in words) for part in typed)
        return (1 if held else 2, len(name), whole)

    matched = min((unit.title, *unit.aliases), key=rank)
    return rank(matched), Completion(unit.iri, unit.title, matched, unit.types)
