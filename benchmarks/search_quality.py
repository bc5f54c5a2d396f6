"""How well and how fast search finds: nDCG@10 on SciFact for each way to rank, the indexing rate, latencies.

python -m benchmarks.search_quality [--set DIR] [--work DIR] [--queries N]

DIR holds corpus.jsonl, queries.jsonl and qrels.tsv (the layout of BEIR). The index is kept in the work folder and
used again; delete it to measure indexing anew. Latencies are in process, query encoding included, no facets.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from search.encoder import DEFAULT_MODEL, Encoder, open_encoder
from search.fusion import combine, order
from search.index import Index, build
from search.lexical_query import lexical_query
from search.parse import parse
from search.pool import DENSE_CANDIDATES, LEXICAL_CANDIDATES, Pool, gather
from search.searcher import Searcher
from search.types import Filters, Query, Unit

ROOT = Path(__file__).resolve().parents[1]
Qrels = dict[str, dict[str, int]]
Rank = Callable[[str], list[str]]


def units(folder: Path) -> Iterator[Unit]:
    with (folder / "corpus.jsonl").open(encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            yield Unit(f"urn:doc:{record['_id']}", "passage", record["title"], record["text"])


def judged(folder: Path) -> tuple[list[tuple[str, str]], Qrels]:
    """Queries (id, text) that have judgements, and the judgements."""
    qrels: Qrels = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        qrels.setdefault(query, {})[f"urn:doc:{document}"] = int(grade)
    lines = (folder / "queries.jsonl").read_text("utf-8").splitlines()
    queries = [(record["_id"], record["text"]) for record in map(json.loads, lines)]
    return [(number, text) for number, text in queries if number in qrels], qrels


def ndcg(ranked: list[str], grades: dict[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains, as trec_eval computes it."""
    gains = [grades.get(iri, 0) for iri in ranked[:depth]]
    ideal = sorted(grades.values(), reverse=True)[:depth]
    return _discounted(gains) / _discounted(ideal)


def _discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


class Ways:
    """Each way to rank, over the same index. A way gives the IRIs of its best ten."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index, self.encoder = index, encoder
        self.searcher = Searcher(index, lambda: encoder)

    def shipped(self, text: str) -> list[str]:
        return [hit.iri for hit in self.searcher.search(Query(text)).hits]

    def words_alone(self, text: str) -> list[str]:
        return [hit.iri for hit in self.searcher.search(Query(text, mode="lexical")).hits]

    def meaning_alone(self, text: str) -> list[str]:
        return [hit.iri for hit in self.searcher.search(Query(text, mode="dense")).hits]

    def weighted(self, weight: float) -> Rank:
        def rank(text: str) -> list[str]:
            pool = self._pool(text)
            assert pool.lexical is not None and pool.dense is not None
            return self._best(pool, combine(pool.lexical, pool.dense, weight))

        return rank

    def reciprocal(self, text: str) -> list[str]:
        """Reciprocal rank fusion, k = 60, of the best hundred of both lists."""
        pool = self._pool(text)
        assert pool.lexical_raw is not None and pool.dense_raw is not None
        scores = np.zeros(len(pool.slots), np.float32)
        for raw in (pool.lexical_raw, pool.dense_raw):
            best = order(raw, pool.slots)[:100]
            best = best[raw[best] > 0]
            scores[best] += 1 / (60 + np.arange(1, len(best) + 1, dtype=np.float32))
        return self._best(pool, scores)

    def _pool(self, text: str) -> Pool:
        lexical = self.index.lexical
        query = lexical_query(parse(text), Filters(), lexical.schema, lexical.stems)
        vector = self.encoder.encode([text])[0]
        return gather(self.index, query, vector, "hybrid", np.empty(0, np.int64))

    def _best(self, pool: Pool, scores: np.ndarray) -> list[str]:
        rows = order(scores, pool.slots)[:10]
        return [self.index.lexical.stored_at(int(pool.slots[row])).unit.iri for row in rows]


def indexed(source: Path, work: Path, cache: Path) -> Index:
    """The index of the set, built with all cores if it is not there yet."""
    if not (work / "dense" / "index.json").is_file():
        encoder = open_encoder(DEFAULT_MODEL, cache, threads=os.cpu_count() or 1)
        began = time.perf_counter()
        build(units(source), work, encoder, lambda done: print(f"\r{done:6} indexed", end="", flush=True))
        took = time.perf_counter() - began
        count = Index.open(work).record.units
        print(f"\rindexed {count:,} documents in {took:.0f} s: {count / took:.1f} a second on {os.cpu_count()} cores")
    return Index.open(work)


def latencies(searcher: Searcher, texts: list[str]) -> None:
    print(f"\n{'milliseconds':24}{'p50':>8}{'p95':>8}{'CPU p50':>10}")
    shapes = {
        "hybrid": [Query(text) for text in texts],
        "hybrid with facets": [Query(text, facets=True) for text in texts],
        "lexical": [Query(text, mode="lexical") for text in texts],
        "dense": [Query(text, mode="dense") for text in texts],
    }
    for name, queries in shapes.items():
        searcher.search(queries[0])
        walls, cpus = [], []
        for query in queries:
            wall, cpu = time.perf_counter(), time.process_time()
            searcher.search(query)
            walls.append(1000 * (time.perf_counter() - wall))
            cpus.append(1000 * (time.process_time() - cpu))
        print(f"{name:24}{np.quantile(walls, 0.5):8.1f}{np.quantile(walls, 0.95):8.1f}{np.quantile(cpus, 0.5):10.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, default=ROOT.parent / "shared" / "sets" / "scifact")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "benchmarks" / "scifact")
    parser.add_argument("--queries", type=int, default=None, help="only the first N")
    arguments = parser.parse_args()
    if not (arguments.set / "corpus.jsonl").is_file():
        parser.error(f"no corpus.jsonl in {arguments.set}: give the folder of a set with --set")
    cache = ROOT / ".cache" / "creative-atlas"
    index = indexed(arguments.set, arguments.work, cache)
    queries, qrels = judged(arguments.set)
    queries = queries[: arguments.queries]
    ways = Ways(index, open_encoder(DEFAULT_MODEL, cache))
    table: dict[str, Rank] = {
        "BM25": ways.words_alone,
        "dense": ways.meaning_alone,
        "reciprocal rank fusion": ways.reciprocal,
        **{f"convex, dense weight {weight}": ways.weighted(weight) for weight in (0.5, 0.7)},
        "as shipped": ways.shipped,
    }
    print(f"\n{len(queries)} queries, pool of {LEXICAL_CANDIDATES:,} ∪ {DENSE_CANDIDATES}\n{'':28}nDCG@10")
    for name, rank in table.items():
        print(f"{name:28}{np.mean([ndcg(rank(text), qrels[number]) for number, text in queries]):7.4f}", flush=True)
    latencies(ways.searcher, [text for _, text in queries])


if __name__ == "__main__":
    main()
