"""Time of a small ingest into a large atlas, through the real writer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyoxigraph as ox

from benchmarks.search.homes import quads
from benchmarks.search.passages import Derived
from graph.storage.generations import Home
from graph.write.writer import Changes, Writer
from search.encoders.protocol import Vectors
from search.index.index import Index
from search.indexing.indexer import SearchIndexer
from search.indexing.lag import record_in
from search.searcher import Searcher
from search.types import Query

__all__ = ["add"]


class _TimedEncoder:
    """Implements `Encoder` and sums the seconds that encoding takes."""

    def __init__(self, encoder: Derived) -> None:
        self._encoder = encoder
        self.id, self.sha256, self.dimension = encoder.id, encoder.sha256, encoder.dimension
        self.seconds = 0.0

    def encode(self, texts: Sequence[str]) -> Vectors:
        began = time.perf_counter()
        vectors = self._encoder.real.encode(texts) if len(texts) else np.empty((0, self.dimension), np.float32)
        self.seconds += time.perf_counter() - began
        return vectors


def add(home: Path, passages: Derived, numbers: range) -> tuple[float, float, dict[str, float]]:
    """Seconds until a search finds the passages, without encoding; seconds of encoding; seconds by step."""
    items = [replace(item, text=f"{item.text} Sample qv{n}.") for n, item in enumerate(passages.items(numbers))]
    encoder = _TimedEncoder(passages)
    parts: dict[str, float] = {}
    began = time.perf_counter()

    def fill(store: ox.Store) -> Changes:
        parts["copy of the graph"] = time.perf_counter() - began
        store.extend(quads(items))
        parts["graph"] = time.perf_counter() - began
        return Changes(documents=frozenset(item.document for item in items if item.document), counted=False)

    place = Home(home)
    with Writer(place, SearchIndexer(lambda: encoder)).session() as session:
        session.change(fill)
    parts["written"] = time.perf_counter() - began - encoder.seconds
    live = place.require()
    index = Index.open(live.path, record_in(live.manifest()))
    parts["opened"] = time.perf_counter() - began - encoder.seconds
    hits = Searcher(index, lambda: encoder).search(Query(f"sample qv{len(items) - 1}")).hits
    took = time.perf_counter() - began - encoder.seconds
    if items[-1].iri not in {hit.iri for hit in hits}:
        raise SystemExit("search does not find an added passage")
    return took, encoder.seconds, parts
