"""Writer of the lexical index of a new generation: hard links to the old files, and new files for what changed.

tantivy never changes a file of a finished segment, so generations can share them. It rewrites its `*.json` files in
place, so these are copied. Its lock files are made anew, because the old generation may be read-only.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from search.index.item_store import ItemStore, StoredItem
from search.index.lexical import LexicalIndex, open_index
from search.index.schema import build_schema, document, register

__all__ = ["LexicalWriter", "erase_deleted", "link_generation"]

_LOCK_FILES: Final = (".tantivy-writer.lock", ".tantivy-meta.lock")
_SMALL_HEAP_BYTES: Final = 20_000_000
_LARGE_HEAP_BYTES: Final = 200_000_000
_LARGE_CHANGE_ITEMS: Final = 2_000


def erase_deleted(path: Path, items: ItemStore) -> None:
    """Rewrite the segments that hold a deleted item, at the cost of indexing their live items again.

    Deleting an item only marks it. tantivy cannot merge chosen segments, but it drops a segment without live items: so
    the live items are moved out of these segments.
    """
    segments = json.loads((path / "meta.json").read_bytes())["segments"]
    dirty = {number for number, segment in enumerate(segments) if segment["deletes"]}
    if not dirty:
        return
    index = LexicalIndex(path, items)
    slots = index.slots_by_segment()
    live = {n: s["max_doc"] - (s["deletes"] or {}).get("num_deleted_docs", 0) for n, s in enumerate(segments)}
    # Segments are read in the order of meta.json. If that ever changes, the counts differ and every item is moved.
    in_order = all(len(slots.get(number, ())) == count for number, count in live.items())
    moving = [slot for number, members in slots.items() if not in_order or number in dirty for slot in members]
    writer = LexicalWriter(path, large=len(moving) > _LARGE_CHANGE_ITEMS)
    for slot in moving:
        stored = index.stored_at(slot)
        writer.remove([stored.item.iri])
        writer.add(stored)
    writer.commit()


def link_generation(source: Path, target: Path) -> None:
    """Make `target` a second generation of the index in `source`, ready to be written to."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.suffix == ".lock":
            continue
        if file.suffix == ".json":
            shutil.copyfile(file, target / file.name)
        else:
            os.link(file, target / file.name)
    for lock in _LOCK_FILES:
        (target / lock).touch(mode=0o644)


class LexicalWriter:
    """Collects changes to the index in `path`. They become visible with `commit`, after which the writer is spent.

    `path` holds a linked generation, or nothing: then an empty index is made. `large` spends memory on speed.
    """

    def __init__(self, path: Path, *, large: bool) -> None:
        import tantivy

        if (path / "meta.json").exists():
            index = open_index(path)
        else:
            path.mkdir(parents=True, exist_ok=True)
            index = tantivy.Index(build_schema(), str(path))
            register(index)
        # One thread and a small heap make one segment of a small change.
        self._writer = index.writer(_LARGE_HEAP_BYTES if large else _SMALL_HEAP_BYTES, 1)

    def add(self, stored: StoredItem, texts: Mapping[str, str] | None = None) -> None:
        """Add an item. `texts`: its `search.index.schema.field_texts`, if the caller has them."""
        self._writer.add_document(document(stored.item, stored.slot, texts))

    def remove(self, iris: Iterable[str]) -> None:
        """Delete the items with these IRIs. An item that is added afterwards stays."""
        for iri in iris:
            self._writer.delete_documents_by_term("iri", iri)  # by text: tantivy loses deletes by number

    def commit(self) -> None:
        """Write the changes and wait for merges. tantivy merges segments of similar size: small changes stay cheap."""
        self._writer.commit()
        self._writer.wait_merging_threads()
