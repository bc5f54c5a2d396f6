"""What is added to the fused score, each part between 0 and its constant, apart from the last.

From the graph: a hit about an entity that the query names, or that mentions it. From the words: how much of the query
a hit covers, where BM25 is content with one rare word said often. Against what is no answer: a contents page.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

import numpy as np
import numpy.typing as npt

from search.forward import ENTITY, ForwardIndex, key
from search.lexical import LexicalIndex

__all__ = [
    "ABOUT",
    "COVERED",
    "FURNITURE",
    "MENTIONS",
    "NUMBERS",
    "RECENT",
    "cover_boost",
    "cover_weights",
    "entity_boosts",
    "recent_boost",
]

Floats = npt.NDArray[np.float32]

ABOUT: Final = 0.10
"""Added to the card of an entity that the query names."""

MENTIONS: Final = 0.05
"""Added to a hit that mentions all entities that the query names; in proportion for some of them."""

COVERED: Final = 0.20
"""Added to a hit that holds all words of the query; in proportion to their rarity for some of them."""

NUMBERS: Final = 0.10
"""Added to a hit that holds all numbers of the query, so that a year or an amount is not just one word of many."""

RECENT: Final = 0.10
"""Added, where recency is asked for, to the latest of the candidates; half of it to what is five years older."""

_HALF_LIFE: Final = 5.0  # years

FURNITURE: Final = -0.20
"""Added to contents pages and reference lists."""

_MAX_ENTITIES: Final = 8


def entity_boosts(
    forward: ForwardIndex, slots: npt.NDArray[np.int64], entities: tuple[str, ...], cards: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float32]]:
    """Boosts by name, each float32[len(slots)] ≥ 0. `cards`: the slots of the entities' own cards."""
    named = entities[:_MAX_ENTITIES]
    if not named or not len(slots):
        return {}
    held = forward.counts(slots, [key(ENTITY, iri) for iri in named]) > 0
    about = np.isin(slots, cards)
    mentions = held.sum(axis=1).astype(np.float32)
    mentions[about] = 0
    return {"entity": about * np.float32(ABOUT), "mentions": mentions * np.float32(MENTIONS / len(named))}


def cover_boost(
    lexical: LexicalIndex, forward: ForwardIndex, slots: npt.NDArray[np.int64], stems: Collection[str]
) -> Floats:
    """float32[len(slots)] in [0, COVERED + NUMBERS]. `stems`: those of the query's words."""
    weights = cover_weights({stem: lexical.document_frequency("text", stem) for stem in sorted(stems)}, len(lexical))
    if not weights or not len(slots):
        return np.zeros(len(slots), np.float32)
    held = forward.counts(slots, [key("text", stem) for stem in weights]) > 0
    return held.astype(np.float32) @ np.array(list(weights.values()), np.float32)


def cover_weights(frequencies: dict[str, int], total: int) -> dict[str, float]:
    """What each word adds where it occurs, from the number of units that hold it; `total` counts all units."""
    rarity = {stem: math.log1p(total / (1 + held)) for stem, held in frequencies.items()}
    whole = sum(rarity.values())
    numbers = [stem for stem in frequencies if any(char.isdigit() for char in stem)]
    return {
        stem: COVERED * rare / whole + (NUMBERS / len(numbers) if stem in numbers else 0.0)
        for stem, rare in rarity.items()
        if whole and frequencies[stem]
    }


def recent_boost(days: npt.NDArray[np.int64]) -> Floats:
    """float32[n] in [0, RECENT]. `days` as yyyymmdd, 0 = undated, which gets nothing."""
    years = days // 10_000 + (days // 100 % 100) / 12
    age = (years.max() - years) if len(years) else years
    return np.where(days > 0, RECENT * 0.5 ** (age / _HALF_LIFE), 0.0).astype(np.float32)
