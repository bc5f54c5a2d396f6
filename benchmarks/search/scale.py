"""Cost of search by size of the collection: figures for each size, and the stages of a search.

The queries are the claims of SciFact and the key words of each, all new to the server. Recall compares the ten
nearest vectors of each claim with an exact scan. The small ingest adds 100 passages in five documents through the real
writer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.search.clients import hammer
from benchmarks.search.homes import CACHE, derived, large
from benchmarks.search.measure import children, disk, latency, memory
from benchmarks.search.passages import PER_DOCUMENT, Derived, SciFact, key_words
from benchmarks.search.stages import stages
from benchmarks.serving import ROOT, end_orderly, environment, running
from graph.storage.generations import Home
from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
from search.index.index import Index
from search.searcher import Searcher
from search.types import Mode, Query

__all__ = ["grow", "probe"]

NEW_PASSAGES = 100
HTTP_SIZES = range(50_000, 2_000_001)
"""Sizes at which several clients query a server."""

LOAD_SECONDS, WARM_UP_SECONDS = 20.0, 8.0
SCAN_ROWS = 20_000
WARM_UP_QUERIES = 100
"""Warm-up queries, different from the timed ones."""


def grow(source: Path, sizes: Sequence[int]) -> None:
    """Print the costs of a collection of each size."""
    end_orderly()
    passages = derived(source)
    for size in sizes:
        print(f"\n== {size:,} passages, {os.cpu_count()} cores", flush=True)
        home = large(size, passages)
        live = Home(home).require()
        print(f"    on disk: graph {disk(live.path / 'graph'):,.0f} MB, words {disk(live.path / 'lexical'):,.0f} MB, "
              f"vectors and words by slot {disk(live.path / 'dense'):,.0f} MB")  # fmt: skip
        # A separate process, so that its memory is that of the search alone.
        command = [sys.executable, "-m", "benchmarks.search", "probe", str(home), "--set", str(source)]
        probed = subprocess.run(command, cwd=ROOT, env=environment(), check=False)
        if probed.returncode:
            print(f"    the search failed with status {probed.returncode}; its message is above", flush=True)
        _ingest(home, size, passages)
        if size in HTTP_SIZES:
            _serve(home, source)


def probe(home: Path, source: Path) -> None:
    """Latencies, recall and memory of one atlas, in this process."""
    texts = [judged.text for judged in SciFact(source).queries]
    encoder = open_encoder(DEFAULT_MODEL, ROOT / ".cache" / "creative-atlas")
    encoder.encode(["warm"])
    generation = Home(home).require().path
    began = time.perf_counter()
    index = Index.open(generation)
    print(f"    opened in {1000 * (time.perf_counter() - began):.0f} ms")
    print(f"    {'':20}{'p50 ms':>10}{'p95 ms':>10}{'CPU ms':>10}")
    modes: tuple[Mode, ...] = ("hybrid", "lexical", "dense")
    short = [key_words(text) for text in texts]
    for mode, label, queries in (("hybrid", "key words", short), *((mode, "claims", texts) for mode in modes)):
        searcher = Searcher(index, lambda: encoder)
        for text in queries[:WARM_UP_QUERIES]:
            searcher.search(Query(text + " study", mode=mode))
        timed = queries[WARM_UP_QUERIES:]
        p50, p95, cpu = latency(lambda text, s=searcher, m=mode: s.search(Query(text, mode=m)), timed)  # type: ignore[misc]
        print(f"    {f'{mode}, {label}':20}{p50:10.1f}{p95:10.1f}{cpu:10.1f}", flush=True)
    usage = memory([os.getpid()])
    print(f"    resident {usage['resident']:,.0f} MB, of which not files {usage['anonymous']:,.0f} MB")
    print(f"    recall@10 of the nearest: {_recall(index, encoder.encode(texts[:100])):.4f}")
    for label, queries in (("key words", short), ("claims", texts)):
        print(f"    {label}:\n{stages(index, encoder, queries)}")


def _recall(index: Index, vectors: np.ndarray) -> float:
    """Share of the ten nearest vectors that the index finds."""
    best = np.full((len(vectors), 10), -np.inf, np.float32)
    slots = np.zeros((len(vectors), 10), np.int64)
    for first in range(0, index.record.next_slot, SCAN_ROWS):
        some = np.arange(first, min(first + SCAN_ROWS, index.record.next_slot), dtype=np.int64)
        scores = np.concatenate([best, vectors @ index.dense.vectors(some).T], axis=1)
        named = np.concatenate([slots, np.tile(some, (len(vectors), 1))], axis=1)
        order = np.argpartition(-scores, 9, axis=1)[:, :10]
        best, slots = np.take_along_axis(scores, order, 1), np.take_along_axis(named, order, 1)
    hits = sum(
        len(np.intersect1d(exact, index.dense.query(vector).search(10)[0]))
        for exact, vector in zip(slots, vectors, strict=True)
    )
    return hits / slots.size


def _ingest(home: Path, size: int, passages: Derived) -> None:
    """Add passages to a copy of the home (links) and print the time until a search finds them, without encoding."""
    from benchmarks.search.adding import add

    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        copy = Path(folder) / "home"
        shutil.copytree(home, copy, copy_function=_copied)
        took, encoding, parts = add(copy, passages, range(size + PER_DOCUMENT, size + PER_DOCUMENT + NEW_PASSAGES))
        shares = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items())
        print(
            f"    {NEW_PASSAGES} passages added: searchable after {took:.2f} s "
            f"and {encoding:.2f} s of encoding ({shares})",
            flush=True,
        )


def _copied(source: str, target: str) -> None:
    """Link large files, which never change, and copy small ones."""
    if Path(source).stat().st_size < 1_000_000:
        shutil.copyfile(source, target)
    else:
        Path(target).hardlink_to(source)


def _serve(home: Path, source: Path) -> None:
    texts = [judged.text for judged in SciFact(source).queries]
    with running(str(home)) as (site, process):
        # Warm up as a running service: search processes started, caches filled.
        hammer(f"{site}/api/v1/search?q=warm%20", texts, 8, WARM_UP_SECONDS)
        kinds = (("key words", [key_words(text) for text in texts]), ("claims", texts))
        for (label, queries), clients in product(kinds, (1, 8)):
            before = sum(_cpu(child) for child in children(process))
            fresh = [f"{text} {clients}{number}" for number in range(20) for text in queries]
            load = hammer(f"{site}/api/v1/search?q=", fresh, clients, LOAD_SECONDS)
            cpu = sum(_cpu(child) for child in children(process)) - before
            cpu_ms = 1000 * cpu / max(1, load["rate"] * LOAD_SECONDS)
            print(
                f"    HTTP, {label}, {clients} clients: {load['rate']:.0f}/s, p50 {load['p50']:.0f} ms, "
                f"p95 {load['p95']:.0f} ms, {cpu_ms:.1f} ms of processor time each, {load['errors']:.0f} errors",
                flush=True,
            )
        usage = memory(children(process))
        print(f"    the server: resident {usage['resident']:,.0f} MB, of which not files {usage['anonymous']:,.0f} MB")


def _cpu(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
