"""Labels and kinds of the entities that items mention, from their cards.

A card is read once and only its name kept: results mention the same entities again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from graph.vocabulary import CA, short_name
from search.index.lexical import LexicalIndex
from search.item import EntityRef, Item

__all__ = ["MAX_CACHED_NAMES", "EntityNames"]

MAX_CACHED_NAMES: Final = 20_000
"""Of some 300 bytes each."""

_NO_MEMBERS: Final = 1 << 62


class EntityNames:
    """Names of entities in one opened index, of which some `max_names` are kept. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex, *, max_names: int = MAX_CACHED_NAMES) -> None:
        self._lexical = lexical
        self._max_names = max_names
        self._names: dict[str, EntityRef] = {}

    def of(self, items: Sequence[Item]) -> list[tuple[EntityRef, ...]]:
        """The entities of each item, with their names: from their cards, else from the item, else from their IRIs."""
        names = self._names
        unknown = {iri for item in items for iri in item.entities if iri not in names}
        if unknown:
            if len(names) + len(unknown) > self._max_names:
                names = self._names = {iri: names[iri] for item in items for iri in item.entities if iri in names}
            names.update(self._read(unknown, items))
        return [tuple([names[iri] for iri in item.entities]) for item in items]

    def _read(self, iris: Iterable[str], items: Iterable[Item]) -> dict[str, EntityRef]:
        names = {iri: EntityRef(iri, short_name(iri)) for iri in iris}
        names |= {name.iri: name for item in items for name in item.names if name.iri in names}
        cards = [stored.item for stored in self._lexical.by_iri(sorted(names)).values()]
        return names | {card.iri: EntityRef(card.iri, card.title, self._kind(card)) for card in cards}

    def _kind(self, card: Item) -> str:
        """The label of the class with the fewest members; of equal ones, first a class of the atlas's vocabulary."""
        labels = dict(zip(card.types, card.type_labels, strict=False))  # an older index has no labels of types
        kind = min(card.types, key=self._rank, default=None)
        return (labels.get(kind) or short_name(kind)) if kind else ""

    def _rank(self, name: str) -> tuple[int, bool, str]:
        members = self._lexical.document_frequency("type", name)
        return members or _NO_MEMBERS, not name.startswith(CA), name
