"""Completion of entity names while they are typed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from graph.deadline import Deadline
from search.analysis.tokens import exact_words
from search.index.lexical import LexicalIndex
from search.index.schema import fold, spellings
from search.item import Item
from search.query.lexical_query import prefix_clause
from search.types import Completion

__all__ = ["complete"]

_FETCHED_NAMES: Final = 60
_MAX_PREFIX_CHARS: Final = 200
_MAX_WORDS: Final = 8

_spellings = lru_cache(maxsize=20_000)(spellings)
"""Cached: the same names come back with every letter typed."""


def complete(lexical: LexicalIndex, prefix: str, limit: int, deadline: Deadline) -> tuple[Completion, ...]:
    """Entities with a name in which each word of `prefix` begins a word, best first.

    Names that begin with the whole prefix come first, then shorter names, then by alphabet. Raises QueryTimeout
    and QueryCancelled, as `deadline` has it.
    """
    deadline.check()
    typed = [fold(word.text) for word in exact_words(prefix[:_MAX_PREFIX_CHARS])][:_MAX_WORDS]
    if not typed or limit <= 0:
        return ()
    ranked = []
    for stored in lexical.matching(prefix_clause(typed), _FETCHED_NAMES):
        deadline.check()
        ranked.append(_completion(stored.item, typed))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(completion for _, completion in ranked[:limit])


def _completion(card: Item, typed: list[str]) -> tuple[tuple[int, int, str], Completion]:
    """The completion by the best name of an entity, after its rank."""
    start = " ".join(typed)

    def rank(name: str) -> tuple[int, int, str]:
        written = _spellings(name)
        title = " ".join(written[0])
        if any(" ".join(words).startswith(start) for words in written):
            return (0, len(name), title)
        words = [word for spelling in written for word in spelling]
        is_match = all(any(word.startswith(part) for word in words) for part in typed)
        return (1 if is_match else 2, len(name), title)

    matched = min((card.title, *card.aliases), key=rank)
    return rank(matched), Completion(card.iri, card.title, matched, types=card.types)
