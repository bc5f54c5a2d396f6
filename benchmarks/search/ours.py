"""Measurement of Creative Atlas for the comparison, in its own process.

python -m benchmarks.search.ours SET WORK [rate]

Prints JSON. It indexes on all cores and searches with the shipped settings. Over HTTP it runs the real server, which
sends each hit with its snippet and explanation. `rate`: measure only how many passages a second are indexed.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.search.clients import hammer
from benchmarks.search.engines import RATE_SAMPLE_PASSAGES, SECONDS, TURN
from benchmarks.search.homes import of_items
from benchmarks.search.measure import children, disk, latency, memory
from benchmarks.search.passages import SciFact
from benchmarks.serving import ROOT, end_orderly, running
from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.item import Item
from search.searcher import Searcher
from search.types import Query

_MODEL = ROOT / ".cache" / "creative-atlas"


def _rate(items: list[Item], target: Path, encoder: Encoder) -> float:
    """Indexing rate in passages a second, into a new folder."""
    shutil.rmtree(target, ignore_errors=True)
    began = time.perf_counter()
    build(items, target, encoder)
    return len(items) / (time.perf_counter() - began)


def measure(scifact: SciFact, target: Path) -> dict[str, Any]:
    """Figures of one row of the table; the index stays in `target`."""
    indexing = open_encoder(DEFAULT_MODEL, _MODEL, threads=os.cpu_count() or 1)
    indexing.encode(["warm"])
    part = _rate(scifact.items[:RATE_SAMPLE_PASSAGES], target, indexing)
    rate = _rate(scifact.items, target, indexing)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    encoder = open_encoder(DEFAULT_MODEL, _MODEL)
    searcher = Searcher(Index.open(target), lambda: encoder)
    searcher.search(Query("warm"))
    judged = scifact.queries
    run = {query.id: [hit.iri.removeprefix("urn:doc:") for hit in searcher.search(Query(query.text)).hits]
           for query in judged}  # fmt: skip
    texts = [query.text for query in judged]
    fresh = Searcher(Index.open(target), lambda: encoder)  # with empty caches
    p50, p95, cpu = latency(lambda text: fresh.search(Query(text)), texts)
    usage = memory([os.getpid()])["resident"]
    home = of_items("compared", scifact.items, target)
    with running(str(home), "/api/v1/search?q=warm") as (site, process):
        over = {}
        for clients in (1, 8):
            # Every text is unique: the server caches answers.
            queries = [f"{text} {clients}{number}" for number in range(200) for text in texts][:20_000]
            over[clients] = hammer(f"{site}/api/v1/search?q=", queries, clients, SECONDS)
        server = memory(children(process))["resident"]
    shutil.rmtree(home)
    return {
        "rate": rate, "part": part, "partly": False, "run": run, "p50": p50, "p95": p95, "cpu": cpu, "http": over,
        "peak": peak, "held": usage, "server": server, "disk": disk(target),
    }  # fmt: skip


def main() -> None:
    end_orderly()
    source, work, *only = sys.argv[1:]
    scifact = SciFact(Path(source))
    with tempfile.TemporaryDirectory(dir=work) as folder:
        if only:
            encoder = open_encoder(DEFAULT_MODEL, _MODEL, threads=os.cpu_count() or 1)
            encoder.encode(["warm"])
            result = {"rate": _rate(scifact.items[:TURN], Path(folder) / "index", encoder)}
        else:
            result = measure(scifact, Path(folder) / "index")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
