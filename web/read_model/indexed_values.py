"""Values that belong to one search index, shared by all generations that have this index."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

__all__ = ["IndexedValues"]

T = TypeVar("T")

MAX_INDEXES: Final = 2
"""Indexes whose values are kept: the live one, and the one before for requests that are under way."""


class _Slot:
    """One value, made at most once at a time. Where making it fails, the next caller tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: list[Any] = []

    def get(self, make: Callable[[], Any]) -> Any:
        if not self._values:
            with self._lock:
                if not self._values:
                    self._values.append(make())
        return self._values[0]


class IndexedValues:
    """Keeps values by name and by the mark of their index. Thread-safe: others do not wait while one is made.

    >>> values = IndexedValues()
    >>> values.get("searcher", "first index", lambda: "opened"), values.get("searcher", "first index", lambda: "again")
    ('opened', 'opened')
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, dict[Hashable, _Slot]] = {}

    def get(self, name: str, mark: Hashable, make: Callable[[], T]) -> T:
        """The value under this name for the index of this mark; `make` makes it where it is missing."""
        with self._lock:
            slots = self._slots.setdefault(name, {})
            if mark not in slots:
                while len(slots) >= MAX_INDEXES:
                    del slots[next(iter(slots))]
                slots[mark] = _Slot()
            slot = slots[mark]
        value: T = slot.get(make)
        return value
