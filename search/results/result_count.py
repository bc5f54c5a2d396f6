"""Number of results of a query, exact or a lower bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from search.types import Query

__all__ = ["CountResults", "ResultCount"]


@dataclass(frozen=True, slots=True)
class ResultCount:
    """Number of results of a query; a lower bound if `is_floor`."""

    count: int
    is_floor: bool = False

    def __str__(self) -> str:
        return f"at least {self.count:,}" if self.is_floor else f"{self.count:,}"


CountResults = Callable[[Query], ResultCount]
"""Counts the results of another query."""
