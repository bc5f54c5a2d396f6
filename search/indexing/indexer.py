"""The index as the graph's writer sees it: what changed goes in, what the manifest should say comes out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from graph.errors import IndexUnusable
from graph.storage.generations import Generation
from graph.storage.snapshot import Snapshot
from graph.write.writer import Changes, Progress
from search.encoders.protocol import Encoder
from search.index import index
from search.index.checksums import reading
from search.index.item_store import ItemStore
from search.index.lexical import LexicalIndex
from search.index.manifest import DENSE, LEXICAL
from search.indexing.items import ItemReader
from search.indexing.lag import FOLDERS, KEY, IndexLag, behind
from search.indexing.vector_reuse import salvage
from search.item import Item

__all__ = ["SearchIndexer"]

_AT_ONCE: Final = 500
"""Changed units that are encoded in one step of catching up, so that other writers wait a few seconds at most."""


class SearchIndexer:
    """Implements `graph.write.writer.Indexer`. `encoder` is called at the first change that needs it.

    `strict`: an index is carried on only if every byte of it is known to be as it was written.
    """

    def __init__(self, encoder: Callable[[], Encoder], *, strict: bool = False) -> None:
        self._encoder = encoder
        self._strict = strict

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Carry the index on, and catch up with what it lags behind (see `search.indexing.lag`), or with a part of
        that.

        An index that is missing, damaged or of another encoder is made anew from the graph, with those of its vectors
        that are known to be sound.
        """
        if live is not None:
            try:
                return self._carry_on(live, target, snapshot, changes, progress)
            except IndexUnusable as error:
                progress(f"indexing anew: {error.message}", 0, 0)
                for folder in FOLDERS:  # what was begun
                    shutil.rmtree(target / folder, ignore_errors=True)
        items = ItemReader(snapshot).everything()
        encoder = self._encoder() if live is None else salvage(live.path, self._encoder())
        return index.build(items, target, encoder, _counted(progress))

    def _carry_on(
        self, live: Generation, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        reader = ItemReader(snapshot)
        lag = behind(live)
        left: IndexLag | None = None
        if changes.everything:
            items = list(reader.everything())
            gone = _indexed(live) - {item.iri for item in items}
        else:
            entities = changes.entities | (lag.entities.keys() if lag else frozenset())
            documents, others = _documents_among(snapshot, entities)
            items = list(reader.of(changes.documents | documents, others))
            gone = set(changes.removed) | (others - {item.iri for item in items})
            if lag is not None and lag.everything:
                swept, missing, left = _sweep(live, reader, lag)
                items = list({item.iri: item for item in (*items, *swept)}.values())
                gone |= missing
        told = _counted(progress, len(items))
        encoder, strict = self._encoder(), self._strict
        entry = index.update(live.path, target, items, gone, encoder, told, erase=changes.erase, strict=strict)
        return entry if left is None else {**entry, KEY: left.to_dict()}


def _documents_among(snapshot: Snapshot, iris: Iterable[str]) -> tuple[set[str], set[str]]:
    """The documents that are, or have a passage, among the IRIs, and the rest: entities, and what is no more."""
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
            about = snapshot.subjects("schema:about", iri)  # they are indexed with what it is called
            documents |= {document for document in about if snapshot.document(document)}
    return documents, others


def _sweep(live: Generation, reader: ItemReader, lag: IndexLag) -> tuple[list[Item], set[str], IndexLag | None]:
    """The next units whose content is not what is indexed, what is indexed and no longer there, and what is left."""
    held = _lexical(live)
    gone = _indexed(live) - reader.iris() if not lag.after else set()
    changed: list[Item] = []
    waiting: list[Item] = []
    for key, items in reader.after(lag.after):
        waiting += items
        if len(waiting) >= _AT_ONCE:
            changed += _changed(held, waiting)
            waiting = []
            if len(changed) >= _AT_ONCE:
                return changed, gone, replace(lag, entities={}, after=key)
    return changed + _changed(held, waiting), gone, None


def _changed(held: LexicalIndex, items: list[Item]) -> list[Item]:
    with reading():
        known = held.by_iri([item.iri for item in items])
    return [item for item in items if item.iri not in known or known[item.iri].hash != item.hash]


def _indexed(live: Generation) -> set[str]:
    """The IRIs of all units in the index."""
    from tantivy import Query

    held = _lexical(live)
    with reading():
        found = held.search(Query.all_query(), len(held)).addresses
        return {stored.item.iri for stored in held.stored(found)}


def _lexical(live: Generation) -> LexicalIndex:
    """Raises IndexUnusable where there is none that can be read."""
    with reading():
        return LexicalIndex(live.path / LEXICAL, ItemStore(live.path / DENSE))


def _counted(progress: Progress, total: int = 0) -> Callable[[int], None]:
    return lambda done: progress("indexing", done, total)
