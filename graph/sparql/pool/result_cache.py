"""Bounded cache of results in memory, by fingerprint: a result is a function of generation, query, dataset and format.

The fingerprint is computed from the values themselves. Two requests for the same result share it, whoever sends them.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import Final, NamedTuple

from graph.sparql.result import ResultKind
from graph.sparql.search_request import SearchClauseRows

__all__ = ["CachedResult", "ResultCache", "fingerprint", "fingerprint_prefix", "generation_key"]

_ENTRY_BYTES: Final = 512
"""Memory counted for one entry besides its body and its search rows."""

_LARGEST_SHARE: Final = 8
"""A body over this fraction of the capacity is not cached: 8 = an eighth."""


class CachedResult(NamedTuple):
    """A result in memory. `ms` is the time in the engine; `searches` are the rows put into its search clauses."""

    kind: ResultKind
    rows: int
    ms: float
    body: bytes
    searches: tuple[SearchClauseRows, ...] = ()


def generation_key(generation: str) -> str:
    """A short text that changes when the directory is replaced by another of the same name. Raises OSError.

    >>> path = str(home.require().path)
    >>> generation_key(path) == generation_key(path)
    True
    """
    status = os.stat(f"{generation}/graph")  # noqa: PTH116  # on every query: no Path
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}"


def fingerprint_prefix(*parts: str) -> blake2b:
    """The hash state after `parts`, from which many fingerprints are derived.

    BLAKE2b with 128 bits is as hard to collide as a fingerprint needs, and starts in half the time of SHA-256.

    >>> prefix = fingerprint_prefix("000001", "text/csv")
    >>> fingerprint(prefix, "ASK {}") == fingerprint(prefix, "ASK {}")
    True
    >>> fingerprint(prefix, "ASK {}") == fingerprint(fingerprint_prefix("000002", "text/csv"), "ASK {}")
    False
    """
    return blake2b("\0".join(parts).encode() + b"\0", digest_size=16)


def fingerprint(prefix: blake2b, query: str) -> str:
    """32 hexadecimal digits for a query under the values of `prefix`."""
    digest = prefix.copy()
    digest.update(query.encode())
    return digest.hexdigest()


class ResultCache:
    """The most recently used results by fingerprint, with at most `capacity` bytes of bodies. Thread-safe.

    >>> cache = ResultCache(10_000)
    >>> cache.put("ab12", CachedResult("boolean", 1, 0.1, b"true"))
    >>> cache.get("ab12").body
    b'true'
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[str, CachedResult] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> CachedResult | None:
        """The result, which becomes the most recently used; None where it is not cached."""
        with self._lock:
            result = self._entries.get(key)
            if result is not None:
                self._entries.move_to_end(key)
            return result

    def put(self, key: str, result: CachedResult) -> None:
        """Add or replace a result. The least recently used ones make room; a body over an eighth is not cached."""
        size = _size(result)
        if size > self._capacity // _LARGEST_SHARE:
            return
        with self._lock:
            replaced = self._entries.pop(key, None)
            self._size += size - (_size(replaced) if replaced else 0)
            self._entries[key] = result
            while self._size > self._capacity:
                _, oldest = self._entries.popitem(last=False)
                self._size -= _size(oldest)


def _size(result: CachedResult) -> int:
    if not result.searches:
        return len(result.body) + _ENTRY_BYTES
    rows = sum(len(row.iri) + len(row.snippet) for search in result.searches for row in search.rows)
    return len(result.body) + rows + _ENTRY_BYTES
