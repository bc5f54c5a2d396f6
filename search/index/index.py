"""The search index of one generation: built from items, updated for the next generation, opened and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.errors import IndexUnusable
from search.encoders.protocol import Encoder, Vectors
from search.encoders.relevance_threshold import relevance_floor
from search.index.bm25 import Bm25
from search.index.checksums import damage_as_index_unusable, require_sound, write_checksums
from search.index.dense import DenseIndex
from search.index.entity_names import EntityNames
from search.index.filter_cache import FilterCache
from search.index.forward_index import ForwardIndex, make_row
from search.index.item_store import ItemStore, StoredItem, text_digest
from search.index.lexical import LexicalIndex
from search.index.lexical_writer import LexicalWriter, erase_deleted, link_generation
from search.index.manifest import DENSE, LEXICAL, REMEDY, IndexRecord, files_of, read_record, verify, write_record
from search.index.schema import field_texts
from search.index.segment_writer import DenseWriter
from search.index.stemmer import Stems
from search.item import Item

__all__ = ["Index", "Progress", "build", "update"]

Progress = Callable[[int], None]
"""Called with the number of items that are indexed."""

_BATCH_ITEMS: Final = 512  # encoded together: enough to sort by length, few enough to show progress
_LARGE_CHANGE_ITEMS: Final = 2_000


def build(items: Iterable[Item], target: Path, encoder: Encoder, progress: Progress | None = None) -> dict[str, Any]:
    """Index `items` (distinct IRIs) into `target`/lexical and `target`/dense.

    Gives the index's entry in the manifest of the generation. Raises ValueError if an IRI comes twice.

    >>> from types import SimpleNamespace
    >>> encoder = SimpleNamespace(id="ones/1", sha256="", dimension=1, encode=lambda texts: np.ones((len(texts), 1)))
    >>> entry = build([Item("x:1", "passage", "Note", "Film crews are short.")], folder / "built", encoder)
    >>> entry["units"]
    1
    """
    record = IndexRecord(encoder.id, encoder.sha256, encoder.dimension, floor=relevance_floor(encoder))
    writer = LexicalWriter(target / LEXICAL, large=True)
    dense = DenseWriter(None, target / DENSE, encoder.dimension)
    change = _Change(record, None, lexical=writer, dense=dense, encoder=encoder)
    return change.run(items, (), source=None, target=target, progress=progress)


def update(
    source: Path | None,
    target: Path,
    upsert: Iterable[Item],
    *,
    remove: Iterable[str],
    encoder: Encoder,
    progress: Progress | None = None,
    erase: bool = False,
    strict: bool = False,
) -> dict[str, Any]:
    """As `build`, starting from the index of the generation `source`: first `remove` (IRIs), then `upsert`.

    `erase`: no file of the target may hold anything of an item that was removed or replaced, now or before. `strict`:
    the source must be known to be sound to the last byte; it is read whole for that (2 s for a million items).

    An item that is indexed with the same content costs a look-up; one with the same text is not encoded again. Unknown
    IRIs in `remove` are ignored. Raises IndexUnusable if the source's index is missing, damaged or of another encoder:
    then `build` from the graph. The source is not changed.
    """
    if source is None:
        return build(upsert, target, encoder, progress)
    record = read_record(source)
    record.check_encoder(encoder.id)
    (require_sound if strict else verify)(source, record)
    items = iter(upsert)
    first = list(islice(items, _LARGE_CHANGE_ITEMS))
    link_generation(source / LEXICAL, target / LEXICAL)
    writer = LexicalWriter(target / LEXICAL, large=len(first) == _LARGE_CHANGE_ITEMS)
    dense = DenseWriter(source / DENSE, target / DENSE, encoder.dimension)
    with damage_as_index_unusable():
        old = LexicalIndex(source / LEXICAL, ItemStore(source / DENSE)), DenseIndex(source / DENSE)
    change = _Change(record, old, lexical=writer, dense=dense, encoder=encoder)
    return change.run(chain(first, items), remove, source=source, target=target, progress=progress, erase=erase)


class Index:
    """An opened index, safe to share between threads. Later generations do not change it."""

    def __init__(self, lexical: LexicalIndex, dense: DenseIndex, forward: ForwardIndex, *, record: IndexRecord) -> None:
        self.lexical = lexical
        self.dense = dense
        self.forward = forward
        self.bm25 = Bm25(lexical, forward)
        self.filters = FilterCache(lexical)
        self.names = EntityNames(lexical)
        self.record = record

    @classmethod
    def open(cls, generation: Path, manifest: Mapping[str, Any] | None = None, *, encoder: str | None = None) -> Index:
        """The index in `generation`/lexical and `generation`/dense.

        `manifest`: the entry that `build` or `update` gave for it; the index must match it. `encoder`: the id that its
        vectors must be of. Raises IndexUnusable, with a remedy, if the index is missing, damaged, of another format, of
        another encoder, or does not match.
        """
        record = read_record(generation)
        if manifest is not None and IndexRecord.from_dict(manifest) != record:
            raise IndexUnusable("The search index is not the one that the manifest describes.", REMEDY)
        if encoder is not None:
            record.check_encoder(encoder)
        verify(generation, record)
        with damage_as_index_unusable():
            dense, forward = DenseIndex(generation / DENSE), ForwardIndex(generation / DENSE)
            lexical = LexicalIndex(generation / LEXICAL, ItemStore(generation / DENSE))
            index = cls(lexical, dense, forward, record=record)
        if not len(index.lexical) == len(index.dense) == record.items:
            raise IndexUnusable("The search index is incomplete.", REMEDY)
        return index


class _Change:
    """One change of an index, in the lexical and the dense half, which use the same slots."""

    def __init__(
        self,
        record: IndexRecord,
        old: tuple[LexicalIndex, DenseIndex] | None,
        *,
        lexical: LexicalWriter,
        dense: DenseWriter,
        encoder: Encoder,
    ) -> None:
        self._record, self._old = record, old
        self._lexical, self._dense, self._encoder = lexical, dense, encoder
        self._stems = Stems()
        self._digest = int(record.digest, 16)
        self._items, self._entities, self._next_slot = record.items, record.entities, record.next_slot
        self._dead_slots: list[int] = []
        self._seen: set[int] = set()

    def run(
        self,
        upsert: Iterable[Item],
        remove: Iterable[str],
        *,
        source: Path | None,
        target: Path,
        progress: Progress | None,
        erase: bool = False,
    ) -> dict[str, Any]:
        """Carry out the change and write the record. Gives the index's entry in the manifest."""
        removed = self._indexed(list(remove))
        for stored in removed.values():
            self._remove(stored)
        indexed = 0
        for batch in _batches(upsert):
            self._upsert(batch, removed)
            indexed += len(batch)
            if progress is not None:
                progress(indexed)
        self._dense.remove(self._dead_slots)
        self._dense.commit(erase=erase)
        self._lexical.commit()
        if erase:
            erase_deleted(target / LEXICAL, ItemStore(target / DENSE))
        write_checksums(source, target)
        record = replace(
            self._record,
            items=self._items,
            entities=self._entities,
            next_slot=self._next_slot,
            digest=f"{self._digest:064x}",
            files=files_of(target),
        )
        write_record(target, record)
        return record.to_dict()

    def _upsert(self, batch: list[Item], removed: Mapping[str, StoredItem]) -> None:
        indexed = {iri: old for iri, old in self._indexed([item.iri for item in batch]).items() if iri not in removed}
        changed: list[tuple[Item, str]] = []
        same_text: dict[str, int] = {}
        for item in batch:
            self._require_new(item.iri)
            old, digest = indexed.get(item.iri), item.hash
            if old is not None:
                if old.hash == digest:
                    continue
                self._remove(old)
                if old.text_hash == _text_hash(item):
                    same_text[item.iri] = old.slot
            changed.append((item, digest))
        self._add(changed, same_text)

    def _add(self, changed: list[tuple[Item, str]], same_text: Mapping[str, int]) -> None:
        """Index items, given with their hashes. `same_text`: IRI → slot of the source with the vector of its text."""
        slots = np.arange(self._next_slot, self._next_slot + len(changed), dtype=np.int64)
        items = [item for item, _ in changed]
        texts = [field_texts(item) for item in items]
        rows = [make_row(item, text, self._stems) for item, text in zip(items, texts, strict=True)]
        stored_items = [
            StoredItem(slot, digest, _text_hash(item), item=item)
            for slot, (item, digest) in zip(slots.tolist(), changed, strict=True)
        ]
        vectors = self._vectors(items, same_text)
        self._dense.add(slots, vectors, rows, [stored.to_bytes() for stored in stored_items])
        for stored, text in zip(stored_items, texts, strict=True):
            self._lexical.add(stored, text)
            self._count(stored, 1)
        self._next_slot += len(changed)

    def _vectors(self, items: list[Item], same_text: Mapping[str, int]) -> Vectors:
        """One row for each item: from the source where the text is the same, else encoded."""
        encoded = self._encoder.encode([item.embedding_text for item in items if item.iri not in same_text])
        if not same_text:
            return encoded
        if self._old is None:
            raise ValueError("there is no index to take vectors from")
        vectors = np.empty((len(items), self._record.dimension), np.float32)
        is_known = np.array([item.iri in same_text for item in items])
        vectors[~is_known] = encoded
        slots = [same_text[item.iri] for item in items if item.iri in same_text]
        vectors[is_known] = self._old[1].vectors(np.array(slots, np.int64))
        return vectors

    def _indexed(self, iris: list[str]) -> dict[str, StoredItem]:
        """The items of the source with these IRIs."""
        if self._old is None:
            return {}
        with damage_as_index_unusable():
            return self._old[0].by_iri(iris)

    def _require_new(self, iri: str) -> None:
        key = hash(iri)
        if key in self._seen:
            raise ValueError(f"two items have the IRI {iri}")
        self._seen.add(key)

    def _remove(self, stored: StoredItem) -> None:
        self._lexical.remove([stored.item.iri])
        self._dead_slots.append(stored.slot)
        self._count(stored, -1)

    def _count(self, stored: StoredItem, sign: int) -> None:
        self._items += sign
        self._entities += sign * (stored.item.kind == "entity")
        key = hashlib.sha256(f"{stored.item.iri}\n{stored.hash}".encode()).digest()
        self._digest = (self._digest + sign * int.from_bytes(key)) % 2**256


def _text_hash(item: Item) -> str:
    return text_digest(item.embedding_text).hex()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH_ITEMS)):
        yield batch
