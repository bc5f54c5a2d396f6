"""Indexer that the graph's writer calls: it indexes what changed and gives the index's entry in the manifest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graph.errors import IndexUnusable
from graph.storage.generations import Generation
from graph.storage.snapshot import Snapshot
from graph.write.writer import Changes, Progress
from search.encoders.protocol import Encoder
from search.index import index
from search.indexing.changed_items import index_work
from search.indexing.items import ItemReader
from search.indexing.lag import FOLDERS, KEY
from search.indexing.vector_reuse import with_known_vectors

__all__ = ["SearchIndexer"]


class SearchIndexer:
    """Implements `graph.write.writer.Indexer`. `encoder` is called at the first change that needs it.

    `strict`: an index is updated only if every byte of it is known to be as it was written; otherwise it is rebuilt.
    """

    def __init__(self, encoder: Callable[[], Encoder], *, strict: bool = False) -> None:
        self._encoder = encoder
        self._strict = strict

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Index `changes` and what the index lags behind (see `search.indexing.lag`), or a part of that.

        A missing or damaged index, or one of another encoder, is rebuilt from the graph. Those of its vectors that are
        known to be sound are reused.
        """
        if live is not None:
            try:
                return self._update(live, target, snapshot, changes=changes, progress=progress)
            except IndexUnusable as error:
                progress(f"rebuilding the index: {error.message}", 0, 0)
                for folder in FOLDERS:  # of the update that failed
                    shutil.rmtree(target / folder, ignore_errors=True)
        items = ItemReader(snapshot).everything()
        encoder = self._encoder() if live is None else with_known_vectors(self._encoder(), live.path)
        return index.build(items, target, encoder, _counter(progress))

    def _update(
        self, live: Generation, target: Path, snapshot: Snapshot, *, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        work = index_work(live, snapshot, changes)
        entry = index.update(
            live.path,
            target,
            work.items,
            remove=work.removed,
            encoder=self._encoder(),
            progress=_counter(progress, len(work.items)),
            erase=changes.erase,
            strict=self._strict,
        )
        return entry if work.remaining is None else {**entry, KEY: work.remaining.to_dict()}


def _counter(progress: Progress, total: int = 0) -> Callable[[int], None]:
    return lambda done: progress("indexing", done, total)
