"""Catching up without blocking writers: the index is updated outside the write lock, which only publishing takes.

The work uses hard links to one generation, so later writes do not disturb it. At the end the live generation may be a
later one; its manifest says what was changed since (`search.indexing.lag.IndexLag.since`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from graph.storage.generations import Generation, Home, sync_tree
from graph.storage.snapshot import Snapshot
from graph.write.writer import Changes, Indexer, Session, no_progress
from search.indexing.lag import FOLDERS, KEY, IndexLag, lag_of, link, record_in

__all__ = ["catch_up_outside_lock"]

_MAX_TRIES: Final = 5

OpenSession = Callable[[], AbstractContextManager[Session]]


def catch_up_outside_lock(home: Home, indexer: Indexer, open_session: OpenSession) -> bool:
    """One step of catching up with the live graph. False if the index is up to date.

    `open_session` is called when the step is ready to be published, and its errors are raised: HomeLocked, for example.
    The step is lost then. It is also lost, without an error, if another process has changed the index meanwhile.

    >>> from graph.write.writer import Writer
    >>> from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
    >>> from search.indexing.indexer import SearchIndexer
    >>> indexer = SearchIndexer(lambda: open_encoder(DEFAULT_MODEL, folder))
    >>> catch_up_outside_lock(home, indexer, Writer(home, indexer).session)
    False
    """
    if lag_of(home.live()) is None:
        return False
    with home.aside() as folder:
        base = _linked(home, folder)
        new_index = folder / "made"
        new_index.mkdir()
        snapshot = Snapshot.open(base)
        entry = indexer.update(base, new_index, snapshot, Changes(), no_progress)
        del snapshot
        sync_tree(new_index)  # now, so that publishing holds the lock for a short time
        with open_session() as session:
            session.reindex(lambda live, scratch: _publish(base, new_index, entry, live=live, scratch=scratch))
    return True


def _linked(home: Home, folder: Path) -> Generation:
    """Hard links to the live generation, which may be pruned while the work goes on."""
    for attempt in range(_MAX_TRIES):
        live = home.require()
        base = Generation(folder / str(attempt) / live.name)
        try:
            for name in (*FOLDERS, "graph"):
                if (live.path / name).is_dir():
                    link(live.path / name, base.path / name)
            (base.path / "manifest.json").hardlink_to(live.path / "manifest.json")
        except FileNotFoundError as error:
            failure = error  # the generation was pruned meanwhile
            continue
        return base
    raise failure


def _publish(
    base: Generation, new_index: Path, entry: Mapping[str, Any], *, live: Generation, scratch: Path
) -> Mapping[str, Any] | None:
    """Move the new index into the scratch folder of the next generation, and give its entry in the manifest."""
    manifest = live.manifest()
    if record_in(manifest) != record_in(base.manifest()):
        return None  # another process has indexed, and this index does not include its changes
    for name in FOLDERS:
        (new_index / name).rename(scratch / name)
    lag = _remaining_lag(base, entry, manifest["index"], live=live)
    return {**record_in({"index": entry}), **({KEY: lag.to_dict()} if lag else {})}


def _remaining_lag(
    base: Generation, entry: Mapping[str, Any], index: Mapping[str, Any], *, live: Generation
) -> IndexLag:
    """The lag after this step: what it did not finish, and what was changed since it began."""
    later = (IndexLag.of(index, live.number) or IndexLag(live.name)).since(base.number)
    unfinished = IndexLag.of(entry, base.number)
    if unfinished is None or later.everything:
        return later
    return replace(unfinished, entities=later.entities)
