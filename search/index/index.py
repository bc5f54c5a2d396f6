"""The search index of one generation: built from units, carried on to the next generation, opened, checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.errors import IndexUnusable
from search.encoders.protocol import Encoder, Vectors
from search.encoders.relevance_threshold import relevance_floor
from search.index.bm25 import Bm25
from search.index.checksums import carry_notes, reading, require_known
from search.index.dense import DenseIndex
from search.index.filter_cache import FilterCache
from search.index.forward import ForwardIndex, held_of
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
"""Called with the number of units that are done."""

_BATCH: Final = 512  # units encoded together: enough to sort by length, few enough to show progress
_LARGE: Final = 2_000


def build(items: Iterable[Item], target: Path, encoder: Encoder, progress: Progress | None = None) -> dict[str, Any]:
    """Index `items` (distinct IRIs) into `target`/lexical and `target`/dense; returns the entries for the manifest.

    Raises ValueError when an IRI comes twice.
    """
    record = IndexRecord(encoder.id, encoder.sha256, encoder.dimension, relevance_floor(encoder))
    writer = LexicalWriter(target / LEXICAL, large=True)
    dense = DenseWriter(None, target / DENSE, encoder.dimension)
    change = _Change(record, (None, None), writer, dense, encoder)
    return change.run(items, (), None, target, progress)


def update(
    source: Path | None,
    target: Path,
    upsert: Iterable[Item],
    remove: Iterable[str],
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    erase: bool = False,
    strict: bool = False,
) -> dict[str, Any]:
    """As `build`, starting from the index of the generation `source`: first `remove` (IRIs), then `upsert`.

    `erase`: no file of the target may hold anything of what was removed or replaced, now or before. `strict`: the
    source must be known to be sound, to the last byte; it is read through for that (2 s of work for a million units).

    A unit that is indexed with the same content costs a look-up; one whose text is the same is not encoded again.
    Unknown IRIs in `remove` are ignored. Raises IndexUnusable when the source's index cannot be carried on (missing,
    damaged, another encoder): then `build` from the graph. The source is not changed.
    """
    if source is None:
        return build(upsert, target, encoder, progress)
    record = read_record(source)
    record.check_encoder(encoder.id)
    (require_known if strict else verify)(source, record)
    items = iter(upsert)
    first = list(islice(items, _LARGE))
    link_generation(source / LEXICAL, target / LEXICAL)
    writer = LexicalWriter(target / LEXICAL, large=len(first) == _LARGE)
    dense = DenseWriter(source / DENSE, target / DENSE, encoder.dimension)
    with reading():
        old = LexicalIndex(source / LEXICAL, ItemStore(source / DENSE)), DenseIndex(source / DENSE)
    change = _Change(record, old, writer, dense, encoder)
    return change.run(_chain(first, items), remove, source, target, progress, erase=erase)


class Index:
    """An opened index; any number of threads may search it. Later generations do not disturb it."""

    def __init__(self, lexical: LexicalIndex, dense: DenseIndex, forward: ForwardIndex, record: IndexRecord) -> None:
        self.lexical = lexical
        self.dense = dense
        self.forward = forward
        self.bm25 = Bm25(lexical, forward)
        self.passing = FilterCache(lexical)
        self.record = record

    @classmethod
    def open(cls, generation: Path, manifest: Mapping[str, Any] | None = None, *, encoder: str | None = None) -> Index:
        """The index in `generation`/lexical and /dense.

        `manifest`: what `build` or `update` returned for it; the index must be the one it describes. `encoder`: the id
        that the vectors must be of. Raises IndexUnusable, with a remedy, when the index is missing, damaged, of
        another format, of another encoder or not the one described.
        """
        record = read_record(generation)
        if manifest is not None and IndexRecord.from_dict(manifest) != record:
            raise IndexUnusable("The search index is not the one that the manifest describes.", REMEDY)
        if encoder is not None:
            record.check_encoder(encoder)
        verify(generation, record)
        with reading():
            dense, forward = DenseIndex(generation / DENSE), ForwardIndex(generation / DENSE)
            lexical = LexicalIndex(generation / LEXICAL, ItemStore(generation / DENSE))
            index = cls(lexical, dense, forward, record)
        if not len(index.lexical) == len(index.dense) == record.items:
            raise IndexUnusable("The search index is incomplete.", REMEDY)
        return index


class _Change:
    """One run of changes over both halves, which keep the same slots."""

    def __init__(
        self,
        record: IndexRecord,
        old: tuple[LexicalIndex, DenseIndex] | tuple[None, None],
        lexical: LexicalWriter,
        dense: DenseWriter,
        encoder: Encoder,
    ) -> None:
        self._record, self._lexical, self._dense, self._encoder = record, lexical, dense, encoder
        self._old: LexicalIndex | None = old[0]
        self._old_dense: DenseIndex | None = old[1]
        self._stems = Stems()
        self._sum = int(record.digest, 16)
        self._items, self._entities, self._next = record.items, record.entities, record.next_slot
        self._dead: list[int] = []
        self._seen: set[int] = set()

    def run(
        self,
        upsert: Iterable[Item],
        remove: Iterable[str],
        source: Path | None,
        target: Path,
        progress: Progress | None,
        *,
        erase: bool = False,
    ) -> dict[str, Any]:
        removed = self._held(list(remove))
        for stored in removed.values():
            self._forget(stored)
            self._dead.append(stored.slot)
        done = 0
        for batch in _batches(upsert):
            self._take(batch, removed)
            done += len(batch)
            if progress is not None:
                progress(done)
        self._dense.remove(self._dead)
        self._dense.commit(erase=erase)
        self._lexical.commit()
        if erase:
            erase_deleted(target / LEXICAL, ItemStore(target / DENSE))
        carry_notes(source, target)
        record = replace(
            self._record,
            items=self._items,
            entities=self._entities,
            next_slot=self._next,
            digest=f"{self._sum:064x}",
            files=files_of(target),
        )
        write_record(target, record)
        return record.to_dict()

    def _take(self, batch: list[Item], removed: Mapping[str, StoredItem]) -> None:
        held = {iri: old for iri, old in self._held([item.iri for item in batch]).items() if iri not in removed}
        fresh: list[Item] = []
        same: dict[str, int] = {}
        digests: dict[str, str] = {}
        for item in batch:
            self._once(item.iri)
            old, digest = held.get(item.iri), item.hash
            if old is not None and old.hash == digest:
                continue
            if old is not None:
                self._forget(old)
                self._dead.append(old.slot)
                if old.text_hash == _text_hash(item):
                    same[item.iri] = old.slot
            fresh.append(item)
            digests[item.iri] = digest
        slots = np.arange(self._next, self._next + len(fresh), dtype=np.int64)
        texts = [field_texts(item) for item in fresh]
        forward = [held_of(item, text, self._stems) for item, text in zip(fresh, texts, strict=True)]
        stored = [
            StoredItem(slot, digests[item.iri], _text_hash(item), item)
            for slot, item in zip(slots.tolist(), fresh, strict=True)
        ]
        self._dense.add(slots, self._vectors(fresh, same), forward, [each.to_bytes() for each in stored])
        for each, text in zip(stored, texts, strict=True):
            self._add(each, text)
        self._next += len(fresh)

    def _vectors(self, items: list[Item], same: Mapping[str, int]) -> Vectors:
        """One row for each unit. `same`: slots of the source that hold the vector of the same text."""
        encoded = self._encoder.encode([item.embedding_text for item in items if item.iri not in same])
        if not same:
            return encoded
        if self._old_dense is None:
            raise ValueError("there are no vectors to go on with")
        vectors = np.empty((len(items), self._record.dimension), np.float32)
        kept = np.array([item.iri in same for item in items])
        vectors[~kept] = encoded
        wanted = [same[item.iri] for item in items if item.iri in same]
        vectors[kept] = self._old_dense.vectors(np.array(wanted, np.int64))
        return vectors

    def _held(self, iris: list[str]) -> dict[str, StoredItem]:
        if self._old is None:
            return {}
        with reading():
            return self._old.by_iri(iris)

    def _once(self, iri: str) -> None:
        key = hash(iri)
        if key in self._seen:
            raise ValueError(f"two items have the IRI {iri}")
        self._seen.add(key)

    def _add(self, stored: StoredItem, texts: Mapping[str, str]) -> None:
        self._lexical.add(stored, texts)
        self._count(stored, 1)

    def _forget(self, stored: StoredItem) -> None:
        self._lexical.remove([stored.item.iri])
        self._count(stored, -1)

    def _count(self, stored: StoredItem, sign: int) -> None:
        self._items += sign
        self._entities += sign * (stored.item.kind == "entity")
        key = hashlib.sha256(f"{stored.item.iri}\n{stored.hash}".encode()).digest()
        self._sum = (self._sum + sign * int.from_bytes(key)) % 2**256


def _text_hash(item: Item) -> str:
    return text_digest(item.embedding_text).hex()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _chain(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    yield from first
    yield from rest
