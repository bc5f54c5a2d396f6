"""Terms and conditions of a lexical query, as the index takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from search.types import Filters

if TYPE_CHECKING:
    import tantivy

__all__ = ["Condition", "Term"]

if TYPE_CHECKING:
    pass


class Term(NamedTuple):
    """A word of a query, what it is looked for in, and what it is worth there."""

    field: str
    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Condition:
    """What a unit must be, whatever its score: `query` is made of the rest, and scores 0."""

    filters: Filters
    phrases: tuple[tuple[str, ...], ...]
    excluded: tuple[tuple[str, ...], ...]
    query: tantivy.Query = field(compare=False)
