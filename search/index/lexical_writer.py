"""Writing the lexical index of a new generation: hard links to the old files, then only what changed.

tantivy never changes a file of a finished segment, so generations can share them; its `*.json` files are rewritten
in place and are copied, its lock files belong to one process and are made anew (writable: the old generation may be
read only).
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from search.index.item_store import ItemStore, StoredItem
from search.index.lexical import LexicalIndex, open_index
from search.index.schema import build_schema, document, register

__all__ = ["LexicalWriter", "erase_deleted", "link_generation"]

_LOCKS = (".tantivy-writer.lock", ".tantivy-meta.lock")
_SMALL_HEAP = 20_000_000
_LARGE_HEAP = 200_000_000
_MANY = 2_000


def erase_deleted(path: Path, items: ItemStore) -> None:
    """Write the segments anew that hold something deleted: deleting only marks it. The cost is that of indexing them.

    tantivy offers no merge of chosen segments, but it drops a segment with nothing left in it: so what lives in those
    is moved out.
    """
    segments = json.loads((path / "meta.json").read_bytes())["segments"]
    dirty = {number for number, segment in enumerate(segments) if segment["deletes"]}
    if not dirty:
        return
    held = LexicalIndex(path, items)
    found = held.everywhere()
    counted = Counter(address.segment_ord for address in found)
    live = {n: s["max_doc"] - (s["deletes"] or {}).get("num_deleted_docs", 0) for n, s in enumerate(segments)}
    # Segments are read in the order of the list; were it ever otherwise, everything is moved.
    sure = all(counted[number] == rows for number, rows in live.items())
    moving = [address for address in found if not sure or address.segment_ord in dirty]
    writer = LexicalWriter(path, large=len(moving) > _MANY)
    for stored in held.stored(moving):
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
    for lock in _LOCKS:
        (target / lock).touch(mode=0o644)


class LexicalWriter:
    """Collects changes to the index in `path`; nothing is visible before `commit`, which ends the writer's life.

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
        self._writer = index.writer(_LARGE_HEAP if large else _SMALL_HEAP, 1)

    def add(self, stored: StoredItem, texts: Mapping[str, str] | None = None) -> None:
        """`texts`: the unit's `field_texts`, where they are at hand."""
        self._writer.add_document(document(stored.item, stored.slot, texts))

    def remove(self, iris: Iterable[str]) -> None:
        """Forget these units; added again afterwards, they are new. By text: tantivy loses deletes by number."""
        for iri in iris:
            self._writer.delete_documents_by_term("iri", iri)

    def commit(self) -> None:
        """Write, and wait for merges: tantivy merges only segments of similar size, so the work follows the change."""
        self._writer.commit()
        self._writer.wait_merging_threads()
