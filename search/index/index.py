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
from search.index.item_store import Stored, StoredUnits, text_digest
from search.index.lexical import LexicalIndex
from search.index.lexical_writer import LexicalWriter, erase_deleted, link_generation
from search.index.manifest import DENSE, LEXICAL, REMEDY, IndexRecord, files_of, read_record, verify, write_record
from search.index.schema import field_texts
from search.index.segment_writer import DenseWriter
from search.index.stemmer import Stems
from search.types import Unit

__all__ = ["Index", "Progress", "build", "update"]

Progress = Callable[[int], None]
"""Called with the number of units that are done."""

_BATCH: Final = 512  # units encoded together: enough to sort by length, few enough to show progress
_LARGE: Final = 2_000


def build(units: Iterable[Unit], target: Path, encoder: Encoder, progress: Progress | None = None) -> dict[str, Any]:
    """Index `units` (distinct IRIs) into `target`/lexical and `target`/dense; returns the entries for the manifest.

    Raises ValueError when an IRI comes twice.
    """
    record = IndexRecord(encoder.id, encoder.sha256, encoder.dimension, relevance_floor(encoder))
    writer = LexicalWriter(target / LEXICAL, large=True)
    dense = DenseWriter(None, target / DENSE, encoder.dimension)
    change = _Change(record, (None, None), writer, dense, encoder)
    return change.run(units, (), None, target, progress)


def update(
    source: Path | None,
    target: Path,
    upsert: Iterable[Unit],
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
    units = iter(upsert)
    first = list(islice(units, _LARGE))
    link_generation(source / LEXICAL, target / LEXICAL)
    writer = LexicalWriter(target / LEXICAL, large=len(first) == _LARGE)
    dense = DenseWriter(source / DENSE, target / DENSE, encoder.dimension)
    with reading():
        old = LexicalIndex(source / LEXICAL, StoredUnits(source / DENSE)), DenseIndex(source / DENSE)
    change = _Change(record, old, writer, dense, encoder)
    return change.run(_chain(first, units), remove, source, target, progress, erase=erase)


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
            lexical = LexicalIndex(generation / LEXICAL, StoredUnits(generation / DENSE))
            index = cls(lexical, dense, forward, record)
        if not len(index.lexical) == len(index.dense) == record.units:
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
        self._units, self._entities, self._next = record.units, record.entities, record.next_slot
        self._dead: list[int] = []
        self._seen: set[int] = set()

    def run(
        self,
        upsert: Iterable[Unit],
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
            erase_deleted(target / LEXICAL, StoredUnits(target / DENSE))
        carry_notes(source, target)
        record = replace(
            self._record,
            units=self._units,
            entities=self._entities,
            next_slot=self._next,
            digest=f"{self._sum:064x}",
            files=files_of(target),
        )
        write_record(target, record)
        return record.to_dict()

    def _take(self, batch: list[Unit], removed: Mapping[str, Stored]) -> None:
        held = {iri: old for iri, old in self._held([unit.iri for unit in batch]).items() if iri not in removed}
        fresh: list[Unit] = []
        same: dict[str, int] = {}
        digests: dict[str, str] = {}
        for unit in batch:
            self._once(unit.iri)
            old, digest = held.get(unit.iri), unit.hash
            if old is not None and old.hash == digest:
                continue
            if old is not None:
                self._forget(old)
                self._dead.append(old.slot)
                if old.text_hash == _text_hash(unit):
                    same[unit.iri] = old.slot
            fresh.append(unit)
            digests[unit.iri] = digest
        slots = np.arange(self._next, self._next + len(fresh), dtype=np.int64)
        texts = [field_texts(unit) for unit in fresh]
        forward = [held_of(unit, text, self._stems) for unit, text in zip(fresh, texts, strict=True)]
        stored = [
            Stored(slot, digests[unit.iri], _text_hash(unit), unit)
            for slot, unit in zip(slots.tolist(), fresh, strict=True)
        ]
        self._dense.add(slots, self._vectors(fresh, same), forward, [each.to_bytes() for each in stored])
        for each, text in zip(stored, texts, strict=True):
            self._add(each, text)
        self._next += len(fresh)

    def _vectors(self, units: list[Unit], same: Mapping[str, int]) -> Vectors:
        """One row for each unit. `same`: slots of the source that hold the vector of the same text."""
        encoded = self._encoder.encode([unit.embedding_text for unit in units if unit.iri not in same])
        if not same:
            return encoded
        if self._old_dense is None:
            raise ValueError("there are no vectors to go on with")
        vectors = np.empty((len(units), self._record.dimension), np.float32)
        kept = np.array([unit.iri in same for unit in units])
        vectors[~kept] = encoded
        wanted = [same[unit.iri] for unit in units if unit.iri in same]
        vectors[kept] = self._old_dense.vectors(np.array(wanted, np.int64))
        return vectors

    def _held(self, iris: list[str]) -> dict[str, Stored]:
        if self._old is None:
            return {}
        with reading():
            return self._old.by_iri(iris)

    def _once(self, iri: str) -> None:
        key = hash(iri)
        if key in self._seen:
            raise ValueError(f"two units have the IRI {iri}")
        self._seen.add(key)

    def _add(self, stored: Stored, texts: Mapping[str, str]) -> None:
        self._lexical.add(stored, texts)
        self._count(stored, 1)

    def _forget(self, stored: Stored) -> None:
        self._lexical.remove([stored.unit.iri])
        self._count(stored, -1)

    def _count(self, stored: Stored, sign: int) -> None:
        self._units += sign
        self._entities += sign * (stored.unit.kind == "entity")
        key = hashlib.sha256(f"{stored.unit.iri}\n{stored.hash}".encode()).digest()
        self._sum = (self._sum + sign * int.from_bytes(key)) % 2**256


def _text_hash(unit: Unit) -> str:
    return text_digest(unit.embedding_text).hex()


def _batches(units: Iterable[Unit]) -> Iterator[list[Unit]]:
    iterator = iter(units)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _chain(first: list[Unit], rest: Iterator[Unit]) -> Iterator[Unit]:
    yield from first
    yield from rest
