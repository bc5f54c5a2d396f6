"""CPU milliseconds per stage of a search, on a machine that may be busy: p50 over judged queries, one thread.

    python benchmarks/search_latency.py --set ../shared/sets/scifact

The index is that of `search_quality.py`. Stages are timed apart; "whole" is one search as shipped, its query new.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.search_quality import indexed, judged  # noqa: E402
from search.boosts import cover_boost  # noqa: E402
from search.encoder import DEFAULT_MODEL, open_encoder  # noqa: E402
from search.fusion import order  # noqa: E402
from search.hits import make_hits  # noqa: E402
from search.lexical_query import lexical_query  # noqa: E402
from search.parse import parse  # noqa: E402
from search.pool import gather, likely  # noqa: E402
from search.schema import FILTER_FIELDS  # noqa: E402
from search.searcher import Searcher  # noqa: E402
from search.types import Filters, Query  # noqa: E402

T = TypeVar("T")


class Clock:
    """Wall and CPU times of named stages, in milliseconds."""

    def __init__(self) -> None:
        self.times: dict[str, list[tuple[float, float]]] = {}

    def run(self, name: str, act: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.thread_time()
        result = act()
        passed = (1000 * (time.perf_counter() - wall), 1000 * (time.thread_time() - cpu))
        self.times.setdefault(name, []).append(passed)
        return result

    def table(self) -> str:
        lines = [f"{'milliseconds':28}{'CPU p50':>9}{'CPU p95':>9}{'wall p50':>10}"]
        for name, passed in self.times.items():
            wall, cpu = np.array(passed).T
            lines.append(f"{name:28}{np.median(cpu):9.2f}{np.quantile(cpu, 0.95):9.2f}{np.median(wall):10.2f}")
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, default=ROOT.parent / "shared" / "sets" / "scifact")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "benchmarks" / "scifact")
    arguments = parser.parse_args()
    cache = ROOT / ".cache" / "creative-atlas"
    index, encoder = indexed(arguments.set, arguments.work, cache), open_encoder(DEFAULT_MODEL, cache)
    searcher = Searcher(index, lambda: encoder)
    texts = [text for _, text in judged(arguments.set)[0]]
    searcher.search(Query(texts[0]))
    lexical, clock, empty = index.lexical, Clock(), np.empty(0, np.int64)
    names = [name for name in FILTER_FIELDS if name not in ("document", "entity")]
    for text in texts:
        words = clock.run(
            "query", lambda text=text: lexical_query(parse(text), Filters(), lexical.schema, lexical.stems)
        )
        vector = clock.run("encoding", lambda text=text: encoder.encode([text])[0])
        pool = clock.run("candidates and scores", lambda w=words, v=vector: gather(index, w, v, "hybrid", empty))
        slots = pool.slots[likely(pool)]
        covered = np.zeros(len(pool.slots), np.float32)
        clock.run("words covered", lambda s=slots, w=words: cover_boost(lexical, index.forward, s, w.stems))
        rows = order(pool.scores, pool.slots)[:10]
        hits = clock.run(
            "ten hits, snippets",
            lambda r=rows, p=pool, w=words, c=covered: make_hits(index, r.tolist(), p, w, {"words covered": c}),
        )
        clock.run("ten explanations read", lambda h=hits: [len(hit.explain.terms) for hit in h])
        clock.run("facets", lambda p=pool: lexical.facets(lexical.among(p.slots), names, 50))
    fresh = Searcher(index, lambda: encoder)
    for text in texts:
        clock.run("whole, hybrid", lambda text=text: fresh.search(Query(text)))
    for text in texts:
        clock.run("whole, asked again", lambda text=text: fresh.search(Query(text)))
    print(f"{len(lexical):,} units, {len(texts)} queries")
    print(clock.table())


if __name__ == "__main__":
    main()
