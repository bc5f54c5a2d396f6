"""Measurement of time, memory and disk space."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

__all__ = ["Clock", "children", "disk", "latency", "memory"]

T = TypeVar("T")


class Clock:
    """Wall and processor times of named stages, in milliseconds."""

    def __init__(self) -> None:
        self.times: dict[str, list[tuple[float, float]]] = {}

    def run(self, name: str, act: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        result = act()
        self.add(name, time.perf_counter() - wall, time.process_time() - cpu)
        return result

    def add(self, name: str, wall: float, cpu: float) -> None:
        self.times.setdefault(name, []).append((1000 * wall, 1000 * cpu))

    def table(self) -> str:
        lines = [f"{'milliseconds':28}{'CPU p50':>9}{'CPU p95':>9}{'wall p50':>10}{'wall p95':>10}"]
        for name, passed in self.times.items():
            wall, cpu = np.array(passed).T
            figures = (np.median(cpu), np.quantile(cpu, 0.95), np.median(wall), np.quantile(wall, 0.95))
            lines.append(
                f"{name:28}"
                + "".join(f"{figure:{width}.2f}" for figure, width in zip(figures, (9, 9, 10, 10), strict=True))
            )
        return "\n".join(lines)


def latency(search: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float, float]:
    """p50 and p95 of the wall time and the mean processor time of one search after the other, in milliseconds."""
    walls = []
    cpu = time.process_time()
    for text in texts:
        began = time.perf_counter()
        search(text)
        walls.append(1000 * (time.perf_counter() - began))
    p50, p95 = np.quantile(walls, (0.5, 0.95))
    return float(p50), float(p95), 1000 * (time.process_time() - cpu) / len(texts)


def memory(processes: Sequence[int]) -> dict[str, float]:
    """MB of memory of some processes together, shared pages counted once: resident, and anonymous (not of files)."""
    total = anonymous = 0
    for process in processes:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
            elif line.startswith("Pss_Anon:"):
                anonymous += int(line.split()[1])
    return {"resident": total / 1024, "anonymous": anonymous / 1024}


def children(process: int) -> list[int]:
    """The process and its living descendants."""
    processes = [process]
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError):  # threads end
            for child in (task / "children").read_text().split():
                processes += children(int(child))
    return processes


def disk(folder: Path) -> float:
    """MB in the files of a folder."""
    return (
        sum(entry.stat().st_size for root, _, names in os.walk(folder) for entry in (Path(root) / n for n in names))
        / 1e6
    )
