"""Which items of the graph differ from the index: after a write, and while the index catches up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from graph.storage.generations import Generation
from graph.storage.snapshot import Snapshot
from graph.write.writer import Changes
from search.index.checksums import damage_as_index_unusable
from search.index.item_store import ItemStore
from search.index.lexical import LexicalIndex
from search.index.manifest import DENSE, LEXICAL
from search.indexing.items import ItemReader
from search.indexing.lag import IndexLag, lag_of
from search.item import Item

__all__ = ["IndexWork", "index_work"]

_MAX_STEP_ITEMS: Final = 500
"""Changed items that are encoded in one step of catching up, so that other writers wait a few seconds at most."""


@dataclass(frozen=True, slots=True)
class IndexWork:
    """Items to index, IRIs to remove, and the lag that remains afterwards."""

    items: list[Item]
    removed: set[str]
    remaining: IndexLag | None = None


def index_work(live: Generation, snapshot: Snapshot, changes: Changes) -> IndexWork:
    """Items to index and IRIs to remove for `changes`, and for what the index of `live` lags behind.

    Raises IndexUnusable if the index of `live` cannot be read.
    """
    reader = ItemReader(snapshot)
    if changes.everything:
        items = list(reader.everything())
        return IndexWork(items, _indexed(live) - {item.iri for item in items})
    lag = lag_of(live)
    documents, entities = _split(snapshot, changes.entities | (lag.entities.keys() if lag else frozenset()))
    items = list(reader.of(changes.documents | documents, entities))
    removed = set(changes.removed) | (entities - {item.iri for item in items})
    if lag is None or not lag.everything:
        return IndexWork(items, removed)
    sweep = _sweep(live, reader, lag)
    swept = {item.iri: item for item in (*items, *sweep.items)}
    return IndexWork(list(swept.values()), removed | sweep.removed, sweep.remaining)


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


def _sweep(live: Generation, reader: ItemReader, lag: IndexLag) -> IndexWork:
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
                return IndexWork(changed, removed, remaining=replace(lag, entities={}, after=key))
    return IndexWork(changed + _changed(lexical, waiting), removed)


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
