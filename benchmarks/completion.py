"""Processor time of one completion, on the starter atlas and on ten times its entities.

    python -m benchmarks.completion HOME

HOME is an atlas that `creative-atlas build` made. The benchmark completes every prefix of twenty names.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from search.encoders.protocol import Vectors
from search.index.index import Index, build
from search.indexing.items import ItemReader
from search.item import Item
from search.searcher import Searcher

SAMPLED_NAMES: Final = 20
MAX_PREFIX_LETTERS: Final = 12


class _ConstantEncoder:
    """Encoder with one vector for every text: completion does not use vectors."""

    id = "flat"
    sha256 = "0" * 64
    dimension = 8

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.tile(np.eye(1, self.dimension, dtype=np.float32), (len(texts), 1))


def _cards(snapshot: Snapshot, times: int) -> Iterator[Item]:
    for item in ItemReader(snapshot).everything():
        if item.kind == "entity":
            yield item
            for number in range(1, times):
                yield replace(item, iri=f"{item.iri}-{number}", title=f"{item.title} {number}")


def _prefixes(items: Sequence[Item]) -> list[str]:
    names = random.Random(1).sample(sorted(item.title for item in items), SAMPLED_NAMES)
    return [name[:length] for name in names for length in range(2, min(len(name), MAX_PREFIX_LETTERS) + 1)]


def main(home: Path) -> None:
    snapshot = Snapshot.open(Home(home).require())
    print(f"{'entities':>9}{'prefixes':>9}{'median':>9}{'p95':>9}{'max':>9}  ms of processor time")
    for times in (1, 10):
        items = list(_cards(snapshot, times))
        with tempfile.TemporaryDirectory() as folder:
            build(items, Path(folder), _ConstantEncoder())
            searcher = Searcher(Index.open(Path(folder)), _ConstantEncoder)
            prefixes = _prefixes(items)
            searcher.complete("a")
            milliseconds = []
            for prefix in prefixes:
                began = time.process_time()
                searcher.complete(prefix)
                milliseconds.append((time.process_time() - began) * 1000)
            middle, high = np.percentile(milliseconds, [50, 95])
            print(f"{len(items):>9,}{len(prefixes):>9}{middle:>9.2f}{high:>9.2f}{max(milliseconds):>9.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
