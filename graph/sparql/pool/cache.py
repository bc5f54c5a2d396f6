"""Results are a function of (generation, query, dataset, format): a bounded cache of them, and their ETags."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from graph.sparql.formats import Format
from graph.sparql.result import ResultKind

__all__ = ["CachedResult", "ResultCache", "ResultKey", "Terms", "etag", "generation_key", "seed"]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """All that a result depends on, but for the query. Equal only to itself: the same terms are the same object.

    `name` is the generation's; `settings` is what a worker is told of them; `seed` begins the entity tags; `direct`
    says that a look-up can be answered without the engine.
    """

    generation: Path
    name: str
    wanted: Format
    settings: bytes
    seed: blake2b
    direct: bool = False


class ResultKey(NamedTuple):
    terms: Terms
    query: str


class CachedResult(NamedTuple):
    kind: ResultKind
    rows: int
    ms: float
    body: bytes


def generation_key(generation: str) -> str:
    """Changes when the directory is replaced by another of the same name. Raises OSError where it is gone."""
    status = os.stat(f"{generation}/graph")  # noqa: PTH116  # on every query: no Path
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}"


def seed(*parts: str) -> blake2b:
    """What all entity tags of these parts begin with. BLAKE2 is a strong hash that begins in half of SHA-256's time."""
    return blake2b("\0".join(parts).encode() + b"\0", digest_size=16)


def etag(key: ResultKey, *, weak: bool = False) -> str:
    """An entity tag (RFC 9110 §8.8.3), quotes included. `weak`: for rows that may come in another order."""
    digest = key.terms.seed.copy()
    digest.update(key.query.encode())
    return f'{"W/" if weak else ""}"{digest.hexdigest()}"'


class ResultCache:
    """The most recently used results, `capacity` bytes of bodies at most; a body over an eighth of that is not kept."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[ResultKey, CachedResult] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: ResultKey) -> CachedResult | None:
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def put(self, key: ResultKey, result: CachedResult) -> None:
        if len(result.body) > self._capacity // 8:
            return
        with self._lock:
            replaced = self._entries.pop(key, None)
            self._size += _weight(key, result) - (_weight(key, replaced) if replaced else 0)
            self._entries[key] = result
            while self._size > self._capacity:
                old, dropped = self._entries.popitem(last=False)
                self._size -= _weight(old, dropped)


def _weight(key: ResultKey, result: CachedResult) -> int:
    """Bytes, with something for the objects themselves."""
    return len(result.body) + len(key.query) + 512
