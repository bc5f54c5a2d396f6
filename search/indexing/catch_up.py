"""Catching up without holding up the writers: the index is made apart from the lock, and only published under it.

The work goes on hard links to one generation, so nothing that happens meanwhile disturbs it. When it is done, the live
generation may be a later one: its manifest then says what was touched since (`search.indexing.lag.IndexLag.since`).
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
from search.indexing.lag import FOLDERS, KEY, IndexLag, behind, link, record_in

__all__ = ["catch_up_apart"]

_TRIES: Final = 5

Sessions = Callable[[], AbstractContextManager[Session]]


def catch_up_apart(home: Home, indexer: Indexer, sessions: Sessions) -> bool:
    """One step of bringing the index up to date. False where there is nothing to do.

    `sessions` is called when the step is ready to be published. Raises what it raises: HomeLocked, say; the step is
    lost then. It is also lost, without an error, where another process has changed the index meanwhile.
    """
    if behind(home.live()) is None:
        return False
    with home.aside() as folder:
        base = _linked(home, folder)
        made = folder / "made"
        made.mkdir()
        snapshot = Snapshot.open(base)
        entry = indexer.update(base, made, snapshot, Changes(), no_progress)
        del snapshot
        sync_tree(made)  # so that little is left to do under the lock
        with sessions() as session:
            session.reindex(lambda live, scratch: _publish(base, made, entry, live, scratch))
    return True


def _linked(home: Home, folder: Path) -> Generation:
    """Hard links to the live generation: the original may be pruned while we work."""
    for attempt in range(_TRIES):
        live = home.require()
        base = Generation(folder / str(attempt) / live.name)
        try:
            for name in (*FOLDERS, "graph"):
                if (live.path / name).is_dir():
                    link(live.path / name, base.path / name)
            (base.path / "manifest.json").hardlink_to(live.path / "manifest.json")
        except FileNotFoundError as error:
            failure = error  # it was pruned while we linked
            continue
        return base
    raise failure


def _publish(
    base: Generation, made: Path, entry: Mapping[str, Any], live: Generation, scratch: Path
) -> Mapping[str, Any] | None:
    manifest = live.manifest()
    if record_in(manifest) != record_in(base.manifest()):
        return None  # another process has indexed: what we made does not follow from its index
    for name in FOLDERS:
        (made / name).rename(scratch / name)
    left = _left(base, entry, manifest["index"], live)
    return {**record_in({"index": entry}), **({KEY: left.to_dict()} if left else {})}


def _left(base: Generation, entry: Mapping[str, Any], index: Mapping[str, Any], live: Generation) -> IndexLag:
    """What is to do after this step: what it left, and what was touched since it began."""
    later = (IndexLag.of(index, live.number) or IndexLag(live.name)).since(base.number)
    unfinished = IndexLag.of(entry, base.number)
    if unfinished is None or later.everything:
        return later
    return replace(unfinished, entities=later.entities)
