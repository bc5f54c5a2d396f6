"""Relevance of search: nDCG@10 of each ranking method on each set, with the significance of the differences.

python -m benchmarks.search_quality [--set DIR] [--work DIR] [--only NAME …]

Sets: `scifact` (DIR, in the layout of BEIR), `faq` and `packages` (see `benchmarks.search_sets`). Constants were chosen
on one half of SciFact's queries, one half of the FAQ's (halves by a hash of the query's number) and the golden cases;
the other halves and `packages` are held out. p: paired randomisation test against the ranking as shipped, 10,000
rounds. The work folder keeps the indexes and vectors for the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import search_sets
from graph.errors import IndexUnusable
from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
from search.encoders.protocol import Encoder
from search.evaluation.measures import Judged, compare, ndcg, read_beir, read_corpus
from search.index.index import Index, build
from search.index.top_k import order
from search.item import Item
from search.query.lexical_query import lexical_query
from search.query.parser import parse
from search.ranking.candidates import DENSE_CANDIDATES, LEXICAL_CANDIDATES, Candidates, gather
from search.ranking.fusion import DENSE_WEIGHT, combine
from search.searcher import Searcher
from search.types import Filters, Query

ROOT = Path(__file__).resolve().parents[1]
Qrels = dict[str, dict[str, int]]
Rank = Callable[[str], list[str]]


def items(folder: Path) -> Iterator[Item]:
    return read_corpus(folder)


def judged(folder: Path) -> tuple[list[tuple[str, str]], Qrels]:
    """Queries (id, text) that have judgements, and the judgements."""
    queries = read_beir(folder)
    return [(query.id, query.text) for query in queries], {query.id: dict(query.grades) for query in queries}


class RankingMethods:
    """Ranking methods over one index. Each gives the IRIs of its ten best results."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index, self.encoder = index, encoder
        self.searcher = Searcher(index, lambda: encoder)

    def table(self) -> dict[str, Rank]:
        return {
            "BM25 alone": lambda text: self._searched(Query(text, mode="lexical")),
            "dense alone": lambda text: self._searched(Query(text, mode="dense")),
            "reciprocal rank fusion": self._reciprocal,
            f"convex, dense {DENSE_WEIGHT}": self._convex,
            "as shipped": lambda text: self._searched(Query(text)),
        }

    def _searched(self, query: Query) -> list[str]:
        return [hit.iri for hit in self.searcher.search(query).hits]

    def _convex(self, text: str) -> list[str]:
        pool = self._pool(text)
        assert pool.lexical is not None and pool.dense is not None
        return self._best(pool, combine(pool.lexical, pool.dense))

    def _reciprocal(self, text: str) -> list[str]:
        """Reciprocal rank fusion, k = 60, of the best hundred of both lists."""
        pool = self._pool(text)
        assert pool.lexical_raw is not None and pool.dense_raw is not None
        scores = np.zeros(len(pool.slots), np.float32)
        for raw in (pool.lexical_raw, pool.dense_raw):
            best = order(raw, pool.slots)[:100]
            best = best[raw[best] > 0]
            scores[best] += 1 / (60 + np.arange(1, len(best) + 1, dtype=np.float32))
        return self._best(pool, scores)

    def _pool(self, text: str) -> Candidates:
        lexical = self.index.lexical
        query = lexical_query(parse(text), Filters(), lexical.stems)
        vector = self.encoder.encode([text])[0]
        return gather(self.index, query, vector, mode="hybrid", extra=np.empty(0, np.int64))

    def _best(self, pool: Candidates, scores: np.ndarray) -> list[str]:
        rows = order(scores, pool.slots)[:10]
        return [self.index.lexical.stored_at(int(pool.slots[row])).item.iri for row in rows]


def indexed(source: Path, work: Path, cache: Path) -> Index:
    """Index of the set. Builds it on all cores if it is missing, or from another version or encoder."""
    try:
        index = Index.open(work)
        index.record.check_encoder(open_encoder(DEFAULT_MODEL, cache).id)
        return index
    except (IndexUnusable, OSError):
        for part in ("lexical", "dense"):
            shutil.rmtree(work / part, ignore_errors=True)
    encoder = open_encoder(DEFAULT_MODEL, cache, threads=os.cpu_count() or 1)
    began = time.perf_counter()
    build(items(source), work, encoder, lambda done: print(f"\r{done:6} indexed", end="", flush=True))
    took = time.perf_counter() - began
    index = Index.open(work)
    count = index.record.items
    print(f"\rindexed {count:,} documents in {took:.0f} s: {count / took:.1f} a second on {os.cpu_count()} cores")
    return index


def measured(rank: Rank, queries: list[Judged]) -> list[float]:
    return [ndcg(rank(query.text), query.grades) for query in queries]


def half(query: str) -> int:
    """0 or 1: which half of a set the query is in."""
    return hashlib.sha256(query.encode()).digest()[-1] % 2


def report(name: str, queries: list[Judged], index: Index, encoder: Encoder, *, halves: bool) -> None:
    """Print one set's table: the mean of all queries, those of the halves, and p against the shipped ranking."""
    table = RankingMethods(index, encoder).table()
    scores = {ranking: measured(rank, queries) for ranking, rank in table.items()}
    shipped = scores["as shipped"]
    sides = np.array([half(query.id) for query in queries])
    heads = f"{'tuned on':>10}{'held out':>10}" if halves else ""
    print(f"\n{name}: {len(queries)} queries, {index.record.items:,} texts\n{'nDCG@10':28}{'all':>8}{heads}{'p':>9}")
    for ranking, values in scores.items():
        row = np.array(values)
        parts = "".join(f"{row[sides == side].mean():10.4f}" for side in (0, 1)) if halves else ""
        chance = "" if ranking == "as shipped" else f"{compare(values, shipped):9.4f}"
        print(f"{ranking:28}{row.mean():8.4f}{parts}{chance}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, default=ROOT.parent / "shared" / "sets" / "scifact")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "benchmarks")
    parser.add_argument("--only", nargs="+", choices=("scifact", "faq", "packages"), default=None)
    arguments = parser.parse_args()
    cache = ROOT / ".cache" / "creative-atlas"
    encoder = open_encoder(DEFAULT_MODEL, cache)
    makers: dict[str, Callable[[Path], Path | None]] = {
        "scifact": lambda _: arguments.set if (arguments.set / "corpus.jsonl").is_file() else None,
        "faq": search_sets.faq,
        "packages": search_sets.packages,
    }
    print(f"Candidates: {LEXICAL_CANDIDATES:,} by words and {DENSE_CANDIDATES} by meaning.")
    for name in arguments.only or makers:
        folder = makers[name](arguments.work)
        if folder is None:
            print(f"\n{name}: skipped, its texts are not available")
            continue
        index = indexed(folder, arguments.work / name, cache)
        report(name, read_beir(folder), index, encoder, halves=name != "packages")


if __name__ == "__main__":
    main()
