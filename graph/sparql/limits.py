"""The caps on one query and on the service as a whole."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Every cap in one record. A value out of range raises ValueError at construction.

    One query: `timeout` is the longest that it may take, waiting included, and the default (seconds). `memory` is the
    address space of its worker (bytes, at least 1 GiB: the engine reserves several hundred MiB). `result_bytes` and
    `result_rows` cap its result; up to `inline_bytes` a result stays in memory, a larger one goes to a spool file.

    Its text: `text_bytes`, `tokens`, `nesting` (depth of brackets), `patterns` (triple patterns; planning a star is
    superlinear: 80 take 0.3 s, 160 take 4.9 s) and `joints` (operators, UNION, AS and whatever else joins two parts
    into one: each is one level more to the engine, whose stack ends at 2,500 of some kinds, and its process with it).

    The service: `workers` queries run at normal priority, and `slow` more at low priority (0: as many as `workers`)
    once they have run for `quantum` seconds. Each may take `memory`. `queue` queries may wait for each kind of slot, at
    most `wait` seconds except for a slow one; one client may have `per_client` queries. `cache_bytes` caps the result
    cache. A worker copies a small graph into its memory once queries took `copied_after` times as long as copying takes
    (see `graph.sparql.worker.in_memory_copy`).

    >>> Limits(timeout=30).seconds(60)
    30
    """

    timeout: float = 10.0
    memory: int = 2 * _GIB
    result_bytes: int = 256 << 20
    result_rows: int = 1_000_000
    inline_bytes: int = 256 << 10
    text_bytes: int = 64 << 10
    tokens: int = 25_000
    nesting: int = 64
    patterns: int = 128
    joints: int = 2_000
    workers: int = 2
    slow: int = 0
    quantum: float = 0.25
    queue: int = 64
    wait: float = 5.0
    per_client: int = 16
    cache_bytes: int = 32 << 20
    copied_after: float = 1.0

    def __post_init__(self) -> None:
        if self.memory < _GIB:
            raise ValueError(f"a worker needs at least 1 GiB of address space, not {self.memory} bytes")
        for name in (
            "timeout",
            "result_bytes",
            "result_rows",
            "text_bytes",
            "tokens",
            "nesting",
            "patterns",
            "joints",
            "workers",
            "wait",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("slow", "inline_bytes", "queue", "per_client", "cache_bytes", "quantum", "copied_after"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")

    def seconds(self, requested: float | None = None, elapsed: float = 0.0) -> float:
        """The time left for a query that came `elapsed` seconds ago and requested so many (None = the default)."""
        seconds = min(requested, self.timeout) if requested and requested > 0 else self.timeout
        return max(round(seconds - elapsed, 2), 0.01) if elapsed else seconds
