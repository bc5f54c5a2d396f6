"""The index as the graph's writer sees it: what changed goes in, what the manifest should say comes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from graph.errors import IndexUnusable
from graph.home import Generation
from graph.store import Snapshot
from graph.writer import Changes, Progress
from search import index
from search.encoder import Encoder
from search.units import UnitReader

__all__ = ["SearchIndexer"]


class SearchIndexer:
    """Implements `graph.writer.Indexer`. `encoder` is called at the first change that needs it."""

    def __init__(self, encoder: Callable[[], Encoder]) -> None:
        self._encoder = encoder

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Carry the index on; one that is missing, damaged or of another encoder is made anew from the graph."""
        if live is not None:
            try:
                return self._carry_on(live, target, snapshot, changes, progress)
            except IndexUnusable as error:
                progress(f"indexing anew: {error.message}", 0, 0)
        units = UnitReader(snapshot).everything()
        return index.build(units, target, self._encoder(), _counted(progress))

    def _carry_on(
        self, live: Generation, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        reader = UnitReader(snapshot)
        if changes.everything:
            units = list(reader.everything())
            held = UnitReader(Snapshot.open(live)).iris()
            gone = held - {unit.iri for unit in units}
        else:
            units = list(reader.of(changes.documents, changes.entities))
            gone = set(changes.removed) | (set(changes.entities) - {unit.iri for unit in units})
        return index.update(live.path, target, units, gone, self._encoder(), _counted(progress, len(units)))


def _counted(progress: Progress, total: int = 0) -> Callable[[int], None]:
    return lambda done: progress("indexing", done, total)
