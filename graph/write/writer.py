"""The one way to change an atlas: lock, copy by hard links, change, index, publish.

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
from graph.metadata.statistics import COUNTED_AT_ONCE, Figures, read_figures, write_figures
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot

__all__ = ["CONTENT", "INDEXED", "SUPPRESSED", "Changes", "Indexer", "Progress", "Session", "Writer", "no_progress"]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are (0 = not known)."""


SUPPRESSED: Final = "suppressed"
"""The manifest's entry of what must stay out: IRI → reason (see `graph.write.suppression`)."""


CONTENT: Final = "content"
"""The manifest's entry that tells what the graphs hold from what any other graphs hold, of whichever atlas; generations
that differ in their index alone have the same."""


def no_progress(what: str, done: int, total: int) -> None:
    """For callers that show nothing."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change touched: documents and entities whose index entries must be made anew, or dropped.

    `everything` = look at the whole index. `notes` are added to the manifest, and so is the number of quads, if
    `counted`: counting takes 0.5 s a million. `erase`: what is removed must leave no trace in any file of the new
    generation, so all files that held some of it are written anew.
    """

    documents: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    everything: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    counted: bool = True
    erase: bool = False

    def __bool__(self) -> bool:
        return bool(self.documents or self.entities or self.removed or self.everything or self.notes)


INDEXED: Final = Changes(notes={"last_change": "index"})
"""The graphs stay as they are."""


class Indexer(Protocol):
    """Keeps the search index of a generation; the graph knows no more of it than this."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Write the index of `snapshot` under `target`, starting from that of `live`.

        Returns what the manifest should say of it.
        """


class Session:
    """The lock is held: make changes one after the other, each published before the next."""

    def __init__(self, home: Home, indexer: Indexer, counts: int = COUNTED_AT_ONCE) -> None:
        self._home = home
        self._indexer = indexer
        self._counts = counts

    @property
    def suppressed(self) -> Mapping[str, str]:
        """What every change takes out again."""
        live = self._home.live()
        return live.manifest().get(SUPPRESSED, {}) if live else {}

    def change(
        self,
        work: Callable[[ox.Store], Changes],
        *,
        progress: Progress = no_progress,
        fresh: bool = False,
    ) -> Generation | None:
        """Run `work` on a writable copy of the live graph and publish what comes of it.

        `fresh` starts from an empty graph. Returns None, and publishes nothing, where nothing changed.
        """
        live = self._home.live()
        scratch = self._home.scratch()
        try:
            store = _copy(None if fresh else live, scratch / "graph")
            kept_out = self.suppressed
            changes = work(store)
            if not changes:
                return None
            changes = _without(store, changes, changes.notes.get(SUPPRESSED, kept_out))
            if changes.erase:
                _write_anew(store, scratch / "anew")
                del store
                shutil.rmtree(scratch / "graph")
                (scratch / "anew").rename(scratch / "graph")
                store = ox.Store(str(scratch / "graph"))
            store.flush()
            snapshot = Snapshot(store)
            index = self._indexer.update(None if fresh else live, scratch, snapshot, changes, progress)
            last = None if fresh or live is None else read_figures(live.path)
            number = live.number if live else 0
            _keep_figures(scratch, snapshot, last, changes, f"{number + 1:06d}", self._counts)
            old = ({SUPPRESSED: dict(kept_out)} if kept_out else {}) if live is None or fresh else live.manifest()
            quads = len(store) if changes.counted else None
            manifest = {**old, **changes.notes, "index": index, "quads": quads}
            if changes != INDEXED or CONTENT not in manifest:
                manifest[CONTENT] = secrets.token_hex(16)
            del snapshot, store  # closes RocksDB, whose files must be final before they are synced
            return self._home.publish(scratch, manifest)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def reindex(self, fill: Callable[[Generation, Path], Mapping[str, Any] | None]) -> Generation | None:
        """Publish the live graph as it is with another index, which was made without the lock.

        `fill` is handed the live generation and a scratch folder, puts the index there, and returns what the manifest
        should say of it; None gives up, and nothing is published. Raises NotAnAtlas where nothing was built yet.
        """
        live = self._home.require()
        scratch = self._home.scratch()
        try:
            index = fill(live, scratch)
            if index is None:
                return None
            ox.Store.read_only(str(live.graph)).backup(str(scratch / "graph"))
            figures = read_figures(live.path)
            if figures is not None:
                same = figures.generation == live.name
                name = f"{live.number + 1:06d}" if same else figures.generation
                write_figures(scratch, replace(figures, generation=name))
            return self._home.publish(scratch, {**live.manifest(), **INDEXED.notes, "index": dict(index)})
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _keep_figures(
    scratch: Path, snapshot: Snapshot, last: Figures | None, changes: Changes, name: str, most: int
) -> None:
    """Count the new generation, or carry the last figures on where counting would cost more than the change."""
    small = len(snapshot.store) <= most if changes.counted else False
    if last is None or small or changes.erase or (changes.everything and changes.counted):
        last = counted(snapshot, name)
    write_figures(scratch, last)


class Writer:
    """`counts`: quads up to which every change counts the atlas anew (see `graph.metadata.statistics`)."""

    def __init__(self, home: Home, indexer: Indexer, counts: int = COUNTED_AT_ONCE) -> None:
        self._home = home
        self._indexer = indexer
        self._counts = counts

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Raises HomeLocked at once while another process writes."""
        with self._home.lock():
            yield Session(self._home, self._indexer, self._counts)


def _without(store: ox.Store, changes: Changes, suppressed: Mapping[str, str]) -> Changes:
    """Take the suppressed entities out again, however they came in."""
    if not suppressed:
        return changes
    gone = purge(store, suppressed)
    return replace(changes, documents=changes.documents | gone.documents, entities=changes.entities | gone.entities)


def _write_anew(store: ox.Store, target: Path) -> None:
    """The same quads in new files: oxigraph never takes a string out of its dictionary."""
    other = ox.Store(str(target))
    other.bulk_extend(store)
    for name in store.named_graphs():
        other.add_graph(name)
    other.flush()


def _copy(live: Generation | None, target: Path) -> ox.Store:
    if live is not None:
        ox.Store.read_only(str(live.graph)).backup(str(target))
    return ox.Store(str(target))
