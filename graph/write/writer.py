"""Writer of an atlas, the one way to change it: lock, copy by hard links, change, index, publish.

    with Writer(home, indexer).session() as session:      # one writer at a time
        session.change(lambda store: …)                    # each change is one new generation, or nothing

A change that raises, or whose process dies, leaves the live generation as it was.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import pyoxigraph as ox

from graph.claims.purge import purge
from graph.metadata.ontology import counted
from graph.metadata.statistics import MAX_COUNTED_QUADS, Figures, read_figures, write_figures
from graph.storage.engine_faults import translated_store_faults
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot

__all__ = [
    "CHANGE",
    "CONTENT",
    "INDEXED",
    "SUPPRESSED",
    "Changes",
    "Indexer",
    "NoIndex",
    "Progress",
    "Session",
    "Writer",
    "no_progress",
]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are (0 = not known)."""

SUPPRESSED: Final = "suppressed"
"""Manifest entry of the entities that must stay out: IRI → reason (see `graph.write.suppression`)."""

CONTENT: Final = "content"
"""Manifest entry that identifies the content of the graphs. Generations that differ in their index alone share it; no
other two do, of whichever atlases."""

CHANGE: Final = "last_change"
"""Manifest entry that says what kind of write made the generation; there is none where the write did not say."""


def no_progress(what: str, done: int, total: int) -> None:
    """Progress callback that shows nothing.

    >>> no_progress("reading report.pdf", 1, 3)
    """


@dataclass(frozen=True, slots=True)
class Changes:
    """Index entries that a change makes stale, and notes for the manifest. It is false where nothing changed.

    `documents`, `entities`: IRIs whose entries are made anew. `removed`: IRIs whose entries go. `everything`: any entry
    may be stale. `notes` are added to the manifest, and so is the number of quads if `counted` (0.5 s a million).
    `erase`: no file of the new generation may hold a trace of what is removed, so files that held some are rewritten.
    `compact`: the store is compacted, because large terms came (see `graph.write.term_limits.LARGE_TERM_BYTES`).
    """

    documents: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    everything: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    counted: bool = True
    erase: bool = False
    compact: bool = False

    def __bool__(self) -> bool:
        return bool(self.documents or self.entities or self.removed or self.everything or self.notes)


INDEXED: Final = Changes(notes={CHANGE: "index"})
"""A change of the index alone: the graphs stay as they are."""


class Indexer(Protocol):
    """Search index as the graph's writer sees it."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Write the index of `snapshot` under `target`, starting from that of `live`.

        Returns the index's entry for the manifest.
        """


class NoIndex:
    """Indexer of an atlas that is never searched."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Write nothing. The manifest entry counts the documents that changed."""
        return {"documents": len(changes.documents)}


class Session:
    """Series of changes while the lock is held; each is published before the next begins."""

    def __init__(self, home: Home, indexer: Indexer, max_counted: int = MAX_COUNTED_QUADS) -> None:
        self._home = home
        self._indexer = indexer
        self._max_counted = max_counted

    @property
    def suppressed(self) -> Mapping[str, str]:
        """Entities that every change takes out again: IRI → reason."""
        live = self._home.live()
        return live.manifest().get(SUPPRESSED, {}) if live else {}

    def change(
        self,
        work: Callable[[ox.Store], Changes],
        *,
        progress: Progress = no_progress,
        fresh: bool = False,
    ) -> Generation | None:
        """Run `work` on a writable copy of the live graph, and publish the copy.

        `fresh` starts from an empty graph. Returns the new generation; None, and nothing is published, where `work`
        returns no changes. Raises GraphDamaged where the live graph cannot be read, StorageFull where the disk is full.
        """
        live = self._home.live()
        with translated_store_faults(live.name if live else ""):
            return self._change(live, work, progress, fresh=fresh)

    def _change(
        self, live: Generation | None, work: Callable[[ox.Store], Changes], progress: Progress, *, fresh: bool
    ) -> Generation | None:
        scratch = self._home.scratch()
        try:
            store = _copy(None if fresh else live, scratch / "graph")
            suppressed = self.suppressed
            changes = work(store)
            if not changes:
                return None
            changes = _purge_suppressed(store, changes, changes.notes.get(SUPPRESSED, suppressed))
            if changes.erase:
                _rewrite(store, scratch / "rewritten")
                del store
                shutil.rmtree(scratch / "graph")
                (scratch / "rewritten").rename(scratch / "graph")
                store = ox.Store(str(scratch / "graph"))
            if changes.compact and not changes.erase:
                store.optimize()
            store.flush()
            snapshot = Snapshot(store, f"{live.number + 1 if live else 1:06d}")
            index = self._indexer.update(None if fresh else live, scratch, snapshot, changes, progress)
            last = None if fresh or live is None else read_figures(live.path)
            self._write_figures(scratch, snapshot, changes, last=last)
            old = ({SUPPRESSED: dict(suppressed)} if suppressed else {}) if live is None or fresh else live.manifest()
            old.pop(CHANGE, None)
            quads = len(store) if changes.counted else None
            manifest = {**old, **changes.notes, "index": index, "quads": quads}
            if changes != INDEXED or CONTENT not in manifest:
                manifest[CONTENT] = secrets.token_hex(16)
            del snapshot, store  # closes RocksDB, whose files must be final before they are synced
            return self._home.publish(scratch, manifest)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _write_figures(self, scratch: Path, snapshot: Snapshot, changes: Changes, *, last: Figures | None) -> None:
        """Count the new generation, or keep the last counts where counting would cost more than the change."""
        is_small = changes.counted and len(snapshot.store) <= self._max_counted
        if last is None or is_small or changes.erase or (changes.everything and changes.counted):
            last = counted(snapshot)
        write_figures(scratch, last)

    def reindex(self, fill: Callable[[Generation, Path], Mapping[str, Any] | None]) -> Generation | None:
        """Publish the live graph as it is with another index, which was made without the lock.

        `fill` gets the live generation and a scratch directory, puts the index there, and returns its manifest entry;
        with None it gives up, and nothing is published. Raises NotAnAtlas where nothing was published yet, GraphDamaged
        where the graph cannot be read, StorageFull where the disk is full.
        """
        live = self._home.require()
        with translated_store_faults(live.name):
            return self._reindex(live, fill)

    def _reindex(
        self, live: Generation, fill: Callable[[Generation, Path], Mapping[str, Any] | None]
    ) -> Generation | None:
        scratch = self._home.scratch()
        try:
            index = fill(live, scratch)
            if index is None:
                return None
            ox.Store.read_only(str(live.graph)).backup(str(scratch / "graph"))
            figures = read_figures(live.path)
            if figures is not None:
                is_current = figures.generation == live.name
                name = f"{live.number + 1:06d}" if is_current else figures.generation
                write_figures(scratch, replace(figures, generation=name))
            return self._home.publish(scratch, {**live.manifest(), **INDEXED.notes, "index": dict(index)})
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


class Writer:
    """Way to change the atlas in `home`, whose search index `indexer` keeps.

    `max_counted`: quads up to which every change counts the atlas again (see `graph.metadata.statistics`). `create`:
    whether an atlas is made where there is none.
    """

    def __init__(
        self, home: Home, indexer: Indexer, max_counted: int = MAX_COUNTED_QUADS, *, create: bool = True
    ) -> None:
        self._home = home
        self._indexer = indexer
        self._max_counted = max_counted
        self._create = create

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Hold the lock for a series of changes.

        Raises HomeLocked at once while another process writes, NotAnAtlas where there is no atlas and none is made.
        """
        with self._home.lock(create=self._create):
            yield Session(self._home, self._indexer, self._max_counted)


def _purge_suppressed(store: ox.Store, changes: Changes, suppressed: Mapping[str, str]) -> Changes:
    """Remove the suppressed entities, wherever they came from. Returns the changes with those of the removal."""
    if not suppressed:
        return changes
    purged = purge(store, suppressed)
    return replace(changes, documents=changes.documents | purged.documents, entities=changes.entities | purged.entities)


def _rewrite(store: ox.Store, target: Path) -> None:
    """Write the same quads to new files: oxigraph never removes a string from its dictionary."""
    copy = ox.Store(str(target))
    copy.bulk_extend(store)
    for name in store.named_graphs():
        copy.add_graph(name)
    copy.flush()


def _copy(live: Generation | None, target: Path) -> ox.Store:
    if live is not None:
        ox.Store.read_only(str(live.graph)).backup(str(target))
    return ox.Store(str(target))
