"""Terms and clauses of a query to the lexical index, as data that knows no search engine.

A query is a tree of clauses; `search.index.tantivy_query` translates it for tantivy. All clauses but `Slots` compare by
value, so that they can be keys of a cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "CONSTANT_FIELDS",
    "ENTITY",
    "EVERYTHING",
    "NOTHING",
    "PLACE",
    "AllOf",
    "AnyOf",
    "AnyValue",
    "Clause",
    "Phrase",
    "Range",
    "Slots",
    "Term",
    "Unscored",
]

ENTITY: Final = "entity"
"""Field with the IRIs of the entities that an item is about or mentions."""

PLACE: Final = "place"
"""Field with the IRIs of the item's places and of all places that they lie in."""

CONSTANT_FIELDS: Final = (ENTITY, PLACE)
"""Fields in which only presence counts: a term adds its weight, however often it occurs."""


class Term(NamedTuple):
    """Items with this word in this field. Adds `weight` times BM25, or just `weight` in CONSTANT_FIELDS."""

    field: str
    word: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Items whose exact field holds these words one after the other."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Items for which a filter field has at least one of these values, whole."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Items whose number in `field` lies between `first` and `last`, both inclusive; None leaves a side open."""

    field: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The items with these slots (int64[n])."""

    slots: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Items that match every clause and none of `without`. Scores are added."""

    clauses: tuple[Clause, ...]
    without: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Items that match at least one clause. Scores are added."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Unscored:
    """The items of `clause`, each with score 0."""

    clause: Clause


Clause = Term | Phrase | AnyValue | Range | Slots | AllOf | AnyOf | Unscored

EVERYTHING: Final = AllOf(())
NOTHING: Final = AnyOf(())
