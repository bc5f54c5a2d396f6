"""The index as the graph's writer sees it: what changed goes in, what the manifest should say comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from graph.home import Generation
from graph.store import Snapshot
from graph.writer import Changes, Progress
from search import index
from search.encoder import Encoder
from search.types import Unit
from search.units import UnitReader

__all__ = ["SearchIndexer"]


class SearchIndexer:
    """Implements `graph.writer.Indexer`. `encoder` is called at the first change that needs it."""

    def __init__(self, encoder: Callable[[], Encoder]) -> None:
        self._encoder = encoder

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """An index that is missing, damaged or of another encoder is made anew from the graph."""
        reader = UnitReader(snapshot)
        encoder = self._encoder()
        source = live.path if live is not None and index.usable(live.path, live.manifest(), encoder) else None
        if source is None:
            return index.build(reader.everything(), target, encoder, progress)
        if changes.everything:
            return index.rebuild(source, reader.everything(), target, encoder, progress)
        return index.update(
            source, target, self._changed(reader, changes), changes.removed | changes.entities, encoder, progress
        )

    @staticmethod
    def _changed(reader: UnitReader, changes: Changes) -> Iterator[Unit]:
        yield from reader.of(changes.documents, changes.entities)
