"""What the graph adds to a score: a hit about an entity that the query names, or that mentions it.

Small on purpose: words and meaning decide, the graph settles what they leave close.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from search.lexical import LexicalIndex

__all__ = ["ABOUT", "MENTIONS", "entity_boosts"]

ABOUT: Final = 0.10
"""Added to the card of an entity that the query names."""

MENTIONS: Final = 0.05
"""Added to a hit that mentions all entities that the query names; in proportion for some of them."""

_MAX_ENTITIES: Final = 8


def entity_boosts(
    lexical: LexicalIndex, slots: npt.NDArray[np.int64], entities: tuple[str, ...], cards: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float32]]:
    """Boosts by name, each float32[len(slots)] ≥ 0. `cards`: the slots of the entities' own cards."""
    from tantivy import Occur, Query

    named = entities[:_MAX_ENTITIES]
    if not named or not len(slots):
        return {}
    mentions = np.zeros(len(slots), np.float32)
    for iri in named:
        term = Query.term_query(lexical.schema, "entity", iri, index_option="basic")
        both = Query.boolean_query([(Occur.Must, lexical.among(slots)), (Occur.Must, term)])
        mentions += np.isin(slots, lexical.search(both, len(slots)).slots)
    about = np.isin(slots, cards)
    mentions[about] = 0
    return {"entity": about * np.float32(ABOUT), "mentions": mentions * np.float32(MENTIONS / len(named))}
