"""Indexer that the graph's writer calls: it indexes what changed and gives the index's entry in the manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from graph.errors import IndexUnusable
from graph.storage.generations import Generation
from graph.storage.snapshot import Snapshot
from graph.write.writer import Changes, Progress
from search.encoders.protocol import Encoder
from search.index import index
from search.index.checksums import damage_as_index_unusable
from search.index.item_store import ItemStore
from search.index.lexical import LexicalIndex
from search.index.manifest import DENSE, LEXICAL
from search.indexing.items import ItemReader
from search.indexing.lag import FOLDERS, KEY, IndexLag, lag_of
from search.indexing.vector_reuse import with_known_vectors
from search.item import Item

__all__ = ["SearchIndexer"]

_MAX_STEP_ITEMS: Final = 500
"""Changed items that are encoded in one step of catching up, so that other writers wait a few seconds at most."""


@dataclass(frozen=True, slots=True)
class _Work:
    """Items to index, IRIs to remove, and the lag that remains afterwards."""

    items: list[Item]
    removed: set[str]
    remaining: IndexLag | None = None


class SearchIndexer:
    """Implements `graph.write.writer.Indexer`. `encoder` is called at the first change that needs it.

    `strict`: an index is updated only if every byte of it is known to be as it was written; otherwise it is rebuilt.
    """

    def __init__(self, encoder: Callable[[], Encoder], *, strict: bool = False) -> None:
        self._encoder = encoder
        self._strict = strict

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Index `changes` and what the index lags behind (see `search.indexing.lag`), or a part of that.

        A missing or damaged index, or one of another encoder, is rebuilt from the graph. Those of its vectors that are
        known to be sound are reused.
        """
        if live is not None:
            try:
                return self._update(live, target, snapshot, changes=changes, progress=progress)
            except IndexUnusable as error:
                progress(f"indexing anew: {error.message}", 0, 0)
                for folder in FOLDERS:  # of the update that failed
                    shutil.rmtree(target / folder, ignore_errors=True)
        items = ItemReader(snapshot).everything()
        encoder = self._encoder() if live is None else with_known_vectors(self._encoder(), live.path)
        return index.build(items, target, encoder, _counter(progress))

    def _update(
        self, live: Generation, target: Path, snapshot: Snapshot, *, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        work = _work(live, snapshot, changes)
        entry = index.update(
            live.path,
            target,
            work.items,
            remove=work.removed,
            encoder=self._encoder(),
            progress=_counter(progress, len(work.items)),
            erase=changes.erase,
            strict=self._strict,
        )
        return entry if work.remaining is None else {**entry, KEY: work.remaining.to_dict()}


def _work(live: Generation, snapshot: Snapshot, changes: Changes) -> _Work:
    """What to index for `changes`, and to catch up."""
    reader = ItemReader(snapshot)
    if changes.everything:
        items = list(reader.everything())
        return _Work(items, _indexed(live) - {item.iri for item in items})
    lag = lag_of(live)
    documents, entities = _split(snapshot, changes.entities | (lag.entities.keys() if lag else frozenset()))
    items = list(reader.of(changes.documents | documents, entities))
    removed = set(changes.removed) | (entities - {item.iri for item in items})
    if lag is None or not lag.everything:
        return _Work(items, removed)
    sweep = _sweep(live, reader, lag)
    swept = {item.iri: item for item in (*items, *sweep.items)}
    return _Work(list(swept.values()), removed | sweep.removed, sweep.remaining)


def _split(snapshot: Snapshot, iris: Iterable[str]) -> tuple[set[str], set[str]]:
    """IRIs of documents to index, and the others: entities, and what is not in the graph any more.

    A document is indexed if it, one of its passages, or its subject is among `iris`.
    """
    documents: set[str] = set()
    others: set[str] = set()
    for iri in iris:
        passage = snapshot.passage(iri)
        if passage is not None:
            documents.add(passage.document)
        elif snapshot.document(iri):
            documents.add(iri)
        else:
            others.add(iri)
            about = snapshot.subjects("schema:about", iri)  # texts are indexed with the names of their subject
            documents |= {document for document in about if snapshot.document(document)}
    return documents, others


def _sweep(live: Generation, reader: ItemReader, lag: IndexLag) -> _Work:
    """The next items that differ from the indexed ones, starting where the last sweep stopped."""
    lexical = _lexical(live)
    removed = _indexed(live) - reader.iris() if not lag.after else set()
    changed: list[Item] = []
    waiting: list[Item] = []
    for key, items in reader.after(lag.after):
        waiting += items
        if len(waiting) >= _MAX_STEP_ITEMS:
            changed += _changed(lexical, waiting)
            waiting = []
            if len(changed) >= _MAX_STEP_ITEMS:
                return _Work(changed, removed, remaining=replace(lag, entities={}, after=key))
    return _Work(changed + _changed(lexical, waiting), removed)


def _changed(lexical: LexicalIndex, items: list[Item]) -> list[Item]:
    with damage_as_index_unusable():
        indexed = lexical.by_iri([item.iri for item in items])
    return [item for item in items if item.iri not in indexed or indexed[item.iri].hash != item.hash]


def _indexed(live: Generation) -> set[str]:
    """The IRIs of all items in the index."""
    lexical = _lexical(live)
    with damage_as_index_unusable():
        return {stored.item.iri for stored in lexical.everything()}


def _lexical(live: Generation) -> LexicalIndex:
    """Raises IndexUnusable if there is none that can be read."""
    with damage_as_index_unusable():
        return LexicalIndex(live.path / LEXICAL, ItemStore(live.path / DENSE))


def _counter(progress: Progress, total: int = 0) -> Callable[[int], None]:
    return lambda done: progress("indexing", done, total)
