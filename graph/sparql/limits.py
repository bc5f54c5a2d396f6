"""The caps on one query and on the service as a whole."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Every cap in one record; a value out of range is refused at construction.

    `timeout` is the longest a query may take, waiting included, and the default (seconds); `memory` the address space
    of one worker (bytes, at least 1 GiB: the engine alone reserves several hundred MiB); `result_bytes` and
    `result_rows` bound a result; `inline_bytes` is the size up to which a result stays in memory instead of a spool
    file; `text_bytes`, `tokens`, `nesting`, `patterns` and `joints` bound the query text, its words and signs, the
    depth of its brackets, its triple patterns (planning a star is superlinear: 80 patterns take 0.3 s, 160 take 4.9 s),
    and what joins two parts into one (operators, UNION, AS and their like): each is one level more to the engine, whose
    stack ends at 2,500 of some kinds, and its process with it.

    `workers` queries run at normal priority and `slow` more at low priority once they are slow, which is after
    `quantum` seconds; 0 stands for as many as `workers`. All of them together may take `memory` each. In each line
    `queue` queries may wait, and at most `wait` seconds but for a slow place; one client may have `per_client` at once.
    A worker copies a small graph into its memory when queries of it took `copied_after` times as long as that takes
    (`graph.sparql.worker.memory_copy`).
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

    def seconds(self, asked: float | None = None, gone: float = 0.0) -> float:
        """How long a query may still take that came `gone` seconds ago and asked for so many (None = the default)."""
        seconds = min(asked, self.timeout) if asked and asked > 0 else self.timeout
        return max(round(seconds - gone, 2), 0.01) if gone else seconds
