"""Whole atlases to search, with their passages in the graph too, kept under .cache/benchmarks/search/<index format>.

The graph is written by the real writer in one generation; the index is made by the real code, from units that are what
`search.units` reads from that graph (the first document is compared).
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from benchmarks.search.passages import Derived, Made, SciFact
from benchmarks.serving import ROOT
from graph.home import Generation, Home
from graph.model import Document, Passage
from graph.records import document_quads, passage_quads
from graph.store import Snapshot
from graph.writer import Changes, Progress, Writer
from search.encoder import DEFAULT_MODEL, open_encoder
from search.index import Index, build
from search.manifest import DENSE, FORMAT, LEXICAL, read_record
from search.types import Unit
from search.units import UnitReader

__all__ = ["CACHE", "derived", "indexed", "large", "of_units", "quads"]

CACHE = ROOT / ".cache" / "benchmarks" / "search" / FORMAT


@dataclass(frozen=True)
class _Ready:
    """Implements `graph.writer.Indexer` with an index that is there already, or that `build` makes."""

    folder: Path

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        for name in (LEXICAL, DENSE):
            shutil.copytree(self.folder / name, target / name, copy_function=_link)
        return read_record(target).to_dict()


def derived(source: Path) -> Derived:
    """Passages without end, with the vectors of the set's passages, which are encoded once."""
    scifact = SciFact(source)
    return Derived(Made.of(scifact, indexed(scifact)), open_encoder(DEFAULT_MODEL, ROOT / ".cache" / "creative-atlas"))


def indexed(scifact: SciFact) -> Index:
    """The index of the set, made once."""
    target = CACHE / "scifact"
    if not (target / DENSE / "index.json").exists():
        shutil.rmtree(target, ignore_errors=True)
        build(scifact.units, target, open_encoder(DEFAULT_MODEL, ROOT / ".cache" / "creative-atlas", threads=2))
    return Index.open(target)


def large(count: int, passages: Derived) -> Path:
    """The home of an atlas of so many made passages; how long its parts took is told when it is made."""
    home, index = CACHE / f"home-{count}", CACHE / f"index-{count}"
    if not (home / "CURRENT").exists():
        if not (index / DENSE / "index.json").exists():
            shutil.rmtree(index, ignore_errors=True)
            _told("index", lambda: build(passages.units(range(count)), index, passages))
        shutil.rmtree(home, ignore_errors=True)
        _told("graph", lambda: _written(home, passages.units(range(count)), index))
        shutil.rmtree(index)
    return home


def of_units(name: str, units: Iterable[Unit], index: Path) -> Path:
    """The home of an atlas of these passages, made anew, with links to the files of their index."""
    home = CACHE / f"home-{name}"
    shutil.rmtree(home, ignore_errors=True)
    _written(home, units, index)
    return home


def _written(folder: Path, units: Iterable[Unit], index: Path) -> None:
    home = Home(folder)
    home.prepare()

    def fill(store: ox.Store) -> Changes:
        store.bulk_extend(quads(units))
        return Changes(everything=True)

    with Writer(home, _Ready(index)).session() as session:
        session.change(fill, fresh=True)
    live = home.require()
    reader = UnitReader(Snapshot.open(live))
    held = Index.open(live.path).lexical
    first = next(iter(reader.everything()))
    assert held.by_iri([first.iri])[first.iri].unit.text == first.text


def quads(units: Iterable[Unit]) -> Iterator[ox.Quad]:
    for iri, held in groupby(units, key=lambda unit: unit.document or unit.iri + "/document"):
        passages = list(held)
        one = passages[0]
        digest = hashlib.sha256(iri.encode()).hexdigest()
        name, collection = one.document_id or one.iri, one.collection or "default"
        yield from document_quads(
            Document(iri, name, one.title, collection, "text", digest, one.publisher, one.date, passages=len(passages))
        )
        for number, unit in enumerate(passages):
            yield from passage_quads(Passage(unit.iri, iri, number, unit.text, 0, len(unit.text)))


def _told(what: str, act: Any) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    print(
        f"    {what}: {time.perf_counter() - wall:.0f} s, {time.process_time() - cpu:.0f} s of processor time",
        flush=True,
    )


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
