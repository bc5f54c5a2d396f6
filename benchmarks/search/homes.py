"""Complete atlases for the benchmarks, graph and index, stored under .cache/benchmarks/search.

An atlas is made in parts, and each complete part is stored, so that an interrupted run continues: the vectors of the
set; the graph, written by the real writer in one generation, for any index format; the index, built by the real code in
a folder for its format, from the items that `search.indexing.items` reads from that graph (the first document is
compared). A home consists of links to the files of both.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from benchmarks.search.passages import Derived, PassageMaker, SciFact
from benchmarks.search.subset import digest
from benchmarks.serving import ROOT
from graph.model import Document, Passage
from graph.storage.generations import FORMAT as HOME_FORMAT
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot
from graph.write.document_quads import document_quads, passage_quads
from graph.write.writer import Changes, Indexer, Progress, Writer
from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.index.manifest import DENSE, FORMAT, LEXICAL, read_record
from search.indexing.items import ItemReader
from search.item import Item

__all__ = ["CACHE", "derived", "large", "of_items", "prepare", "quads"]

CACHE = ROOT / ".cache" / "benchmarks" / "search" / FORMAT
STORE_FOLDER = CACHE.parent
_MODEL = ROOT / ".cache" / "creative-atlas"
BATCH_PASSAGES = 256
"""Passages encoded between two writes to disk."""


class _NoIndex:
    """Implements `graph.write.writer.Indexer` for an atlas that has no index yet."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        return {}


def derived(source: Path) -> Derived:
    """Endless derived passages, from the set's passages and their vectors, which are encoded once."""
    scifact, encoder = SciFact(source), open_encoder(DEFAULT_MODEL, _MODEL)
    return Derived(PassageMaker(scifact.items, _vectors(scifact, encoder)), encoder, digest(source)[:6])


def _vectors(scifact: SciFact, encoder: Encoder) -> npt.NDArray[np.float32]:
    """Vectors of the set's passages: float32[n, d], unit rows."""
    texts = [item.embedding_text for item in scifact.items]
    name = hashlib.sha256("\n".join((encoder.id, str(encoder.sha256), *texts)).encode()).hexdigest()[:12]
    vectors_file, partial = STORE_FOLDER / f"vectors-{name}.npy", STORE_FOLDER / f"vectors-{name}.part"
    STORE_FOLDER.mkdir(parents=True, exist_ok=True)
    row = 4 * encoder.dimension
    if not vectors_file.exists():
        with partial.open("ab") as file:
            rows_written = file.tell() // row
            file.truncate(rows_written * row)
            progress = _Progress("vectors of the set", len(texts))
            several = open_encoder(DEFAULT_MODEL, _MODEL, threads=os.cpu_count() or 1)
            for start in range(rows_written, len(texts), BATCH_PASSAGES):
                file.write(several.encode(texts[start : start + BATCH_PASSAGES]).astype(np.float32).tobytes())
                file.flush()
                progress(min(start + BATCH_PASSAGES, len(texts)))
        np.save(vectors_file, np.fromfile(partial, np.float32).reshape(-1, encoder.dimension))
        partial.unlink()
    vectors: npt.NDArray[np.float32] = np.load(vectors_file)
    return vectors


def prepare(count: int, passages: Derived) -> Path:
    """Home with the graph of `count` derived passages, without an index."""
    home = STORE_FOLDER / f"graph-{HOME_FORMAT}-{count}-{passages.name}"
    if not (home / "CURRENT").exists():
        shutil.rmtree(home, ignore_errors=True)
        _timed("graph", lambda: _written(home, _counted(passages.named(range(count)), "graph", count), _NoIndex()))
    return home


def large(count: int, passages: Derived) -> Path:
    """Home of an atlas of `count` derived passages. Prints the time of each part that it makes."""
    encoder = hashlib.sha256(passages.id.encode()).hexdigest()[:4]
    home, index = (CACHE / f"{part}-{count}-{passages.name}-{encoder}" for part in ("home", "index"))
    if not (home / "CURRENT").exists():
        graph = prepare(count, passages)
        if not (index / COMPLETE_MARKER).exists():
            shutil.rmtree(index, ignore_errors=True)
            progress = _Progress("index", count)
            _timed("index", lambda: build(passages.items(range(count)), index, passages, progress))
            (index / COMPLETE_MARKER).touch()
        _joined(home, graph, index)
        shutil.rmtree(index)  # its files live on in the home
    return home


def of_items(name: str, items: Iterable[Item], index: Path) -> Path:
    """New home of an atlas of these passages, with links to the files of their index."""
    home, graph = CACHE / f"home-{name}", CACHE / f"graph-{name}"
    for folder in (home, graph):
        shutil.rmtree(folder, ignore_errors=True)
    _written(graph, items, _NoIndex())
    _joined(home, graph, index)
    shutil.rmtree(graph)
    return home


COMPLETE_MARKER = "whole"


def _written(folder: Path, items: Iterable[Item], indexer: Indexer) -> None:
    home = Home(folder)
    home.prepare()

    def fill(store: ox.Store) -> Changes:
        store.bulk_extend(quads(items))
        return Changes(everything=True)

    with Writer(home, indexer).session() as session:
        session.change(fill, fresh=True)


def _joined(folder: Path, graph: Path, index: Path) -> None:
    """Combine a graph and an index into one home."""
    partial = folder.with_name(f"{folder.name}.partial")
    for leftover in (partial, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(graph, partial, copy_function=_linked)
    home = Home(partial)

    def fill(_: Generation, target: Path) -> dict[str, Any]:
        for name in (LEXICAL, DENSE):
            shutil.copytree(index / name, target / name, copy_function=_link)
        return read_record(target).to_dict()

    with Writer(home, _NoIndex()).session() as session:
        session.reindex(fill)
    live = home.require()
    first = next(iter(ItemReader(Snapshot.open(live)).everything()))
    assert Index.open(live.path).lexical.by_iri([first.iri])[first.iri].item.text == first.text
    partial.rename(folder)


def quads(items: Iterable[Item]) -> Iterator[ox.Quad]:
    for iri, group in groupby(items, key=lambda item: item.document or item.iri + "/document"):
        passages = list(group)
        first = passages[0]
        digest = hashlib.sha256(iri.encode()).hexdigest()
        name, collection = first.document_id or first.iri, first.collection or "default"
        yield from document_quads(
            Document(
                iri, name, first.title, collection, "text", digest, first.publisher, first.date, passages=len(passages)
            )
        )
        for number, item in enumerate(passages):
            yield from passage_quads(Passage(item.iri, iri, number, item.text, 0, len(item.text)))


def _timed(label: str, act: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    print(
        f"    {label}: {time.perf_counter() - wall:.0f} s, {time.process_time() - cpu:.0f} s of processor time",
        flush=True,
    )


class _Progress:
    """Progress of a long step, printed every 15 seconds."""

    def __init__(self, label: str, count: int) -> None:
        self._label, self._count, self._began, self._next = label, count, time.monotonic(), time.monotonic() + 15

    def __call__(self, count: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 15
            print(f"    … {self._label}: {count:,} of {self._count:,}, {now - self._began:.0f} s", flush=True)


def _counted(items: Iterable[Item], label: str, count: int) -> Iterator[Item]:
    progress = _Progress(label, count)
    for number, item in enumerate(items, 1):
        yield item
        progress(number)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _linked(source: str, target: str) -> None:
    """Link a file of a generation, which never changes; copy any other file."""
    if "generations" in Path(source).parts:
        Path(target).hardlink_to(source)
    else:
        shutil.copyfile(source, target)
