"""Whole atlases to search, with their passages in the graph too, kept under .cache/benchmarks/search.

Made in parts, each of which is kept once it is whole, so that an interrupted run goes on where it was: the vectors of
the set; the graph, written by the real writer in one generation, whatever the format of the index; the index, made by
the real code in a folder for its format, from units that are what `search.indexing.items` reads from that graph (the
first document is compared). A home is links to the files of both.
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

from benchmarks.search.kept import digest
from benchmarks.search.passages import Derived, Made, SciFact
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


_KEPT = CACHE.parent
_MODEL = ROOT / ".cache" / "creative-atlas"
_AT_ONCE = 256
"""Passages encoded before they are kept."""


class _Bare:
    """Implements `graph.write.writer.Indexer` for an atlas that has no index yet."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        return {}


def derived(source: Path) -> Derived:
    """Passages without end, with the vectors of the set's passages, which are encoded once."""
    scifact, encoder = SciFact(source), open_encoder(DEFAULT_MODEL, _MODEL)
    return Derived(Made(scifact.items, _vectors(scifact, encoder)), encoder, digest(source)[:6])


def _vectors(scifact: SciFact, encoder: Encoder) -> npt.NDArray[np.float32]:
    """Of the set's passages, float32[n, d], unit rows."""
    texts = [item.embedding_text for item in scifact.items]
    name = hashlib.sha256("\n".join((encoder.id, str(encoder.sha256), *texts)).encode()).hexdigest()[:12]
    kept, begun = _KEPT / f"vectors-{name}.npy", _KEPT / f"vectors-{name}.part"
    _KEPT.mkdir(parents=True, exist_ok=True)
    row = 4 * encoder.dimension
    if not kept.exists():
        with begun.open("ab") as file:
            done = file.tell() // row
            file.truncate(done * row)
            told = _Progress("vectors of the set", len(texts))
            several = open_encoder(DEFAULT_MODEL, _MODEL, threads=os.cpu_count() or 1)
            for start in range(done, len(texts), _AT_ONCE):
                file.write(several.encode(texts[start : start + _AT_ONCE]).astype(np.float32).tobytes())
                file.flush()
                told(min(start + _AT_ONCE, len(texts)))
        np.save(kept, np.fromfile(begun, np.float32).reshape(-1, encoder.dimension))
        begun.unlink()
    held: npt.NDArray[np.float32] = np.load(kept)
    return held


def prepare(count: int, passages: Derived) -> Path:
    """A home with the graph of so many made passages, and no index."""
    home = _KEPT / f"graph-{HOME_FORMAT}-{count}-{passages.name}"
    if not (home / "CURRENT").exists():
        shutil.rmtree(home, ignore_errors=True)
        _told("graph", lambda: _written(home, _counted(passages.named(range(count)), "graph", count), _Bare()))
    return home


def large(count: int, passages: Derived) -> Path:
    """The home of an atlas of so many made passages; how long its parts took is told when they are made."""
    encoder = hashlib.sha256(passages.id.encode()).hexdigest()[:4]
    home, index = (CACHE / f"{part}-{count}-{passages.name}-{encoder}" for part in ("home", "index"))
    if not (home / "CURRENT").exists():
        graph = prepare(count, passages)
        if not (index / _WHOLE).exists():
            shutil.rmtree(index, ignore_errors=True)
            told = _Progress("index", count)
            _told("index", lambda: build(passages.items(range(count)), index, passages, told))
            (index / _WHOLE).touch()
        _joined(home, graph, index)
        shutil.rmtree(index)  # its files live on in the home
    return home


def of_items(name: str, items: Iterable[Item], index: Path) -> Path:
    """The home of an atlas of these passages, made anew, with links to the files of their index."""
    home, graph = CACHE / f"home-{name}", CACHE / f"graph-{name}"
    for each in (home, graph):
        shutil.rmtree(each, ignore_errors=True)
    _written(graph, items, _Bare())
    _joined(home, graph, index)
    shutil.rmtree(graph)
    return home


_WHOLE = "whole"


def _written(folder: Path, items: Iterable[Item], indexer: Indexer) -> None:
    home = Home(folder)
    home.prepare()

    def fill(store: ox.Store) -> Changes:
        store.bulk_extend(quads(items))
        return Changes(everything=True)

    with Writer(home, indexer).session() as session:
        session.change(fill, fresh=True)


def _joined(folder: Path, graph: Path, index: Path) -> None:
    """A home with that graph and that index."""
    begun = folder.with_name(f"{folder.name}.begun")
    for each in (begun, folder):
        shutil.rmtree(each, ignore_errors=True)
    shutil.copytree(graph, begun, copy_function=_linked)
    home = Home(begun)

    def fill(_: Generation, target: Path) -> dict[str, Any]:
        for name in (LEXICAL, DENSE):
            shutil.copytree(index / name, target / name, copy_function=_link)
        return read_record(target).to_dict()

    with Writer(home, _Bare()).session() as session:
        session.reindex(fill)
    live = home.require()
    first = next(iter(ItemReader(Snapshot.open(live)).everything()))
    assert Index.open(live.path).lexical.by_iri([first.iri])[first.iri].item.text == first.text
    begun.rename(folder)


def quads(items: Iterable[Item]) -> Iterator[ox.Quad]:
    for iri, held in groupby(items, key=lambda item: item.document or item.iri + "/document"):
        passages = list(held)
        one = passages[0]
        digest = hashlib.sha256(iri.encode()).hexdigest()
        name, collection = one.document_id or one.iri, one.collection or "default"
        yield from document_quads(
            Document(iri, name, one.title, collection, "text", digest, one.publisher, one.date, passages=len(passages))
        )
        for number, item in enumerate(passages):
            yield from passage_quads(Passage(item.iri, iri, number, item.text, 0, len(item.text)))


def _told(what: str, act: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    print(
        f"    {what}: {time.perf_counter() - wall:.0f} s, {time.process_time() - cpu:.0f} s of processor time",
        flush=True,
    )


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, what: str, count: int) -> None:
        self._what, self._count, self._began, self._next = what, count, time.monotonic(), time.monotonic() + 15

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 15
            print(f"    … {self._what}: {done:,} of {self._count:,}, {now - self._began:.0f} s", flush=True)


def _counted(items: Iterable[Item], what: str, count: int) -> Iterator[Item]:
    told = _Progress(what, count)
    for number, item in enumerate(items, 1):
        yield item
        told(number)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _linked(source: str, target: str) -> None:
    """A link where a file never changes: in the folders of a generation."""
    if "generations" in Path(source).parts:
        Path(target).hardlink_to(source)
    else:
        shutil.copyfile(source, target)
