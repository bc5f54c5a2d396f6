"""An index that lags behind its graph for a moment, and how it catches up.

An update over HTTP must be visible to the next query within a fraction of a second, and a bulk load at once; both are
too soon for a language model. So such a write carries the index over as it is, by hard links, and the manifest says so:

    "index": { … the record of the index …, "behind": {"as_of": "000041", "entities": […], "everything": false} }

`as_of` is the generation whose graph the index describes, `entities` those whose triples have changed since (only so
many), `everything` that any card or passage may be out of date. Whatever indexes next catches up with it first; a
server does so a moment after a write, `creative-atlas load` before it ends. Catching up is by content hash: a unit
whose content did not change costs a look-up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from graph.home import Generation, Home
from graph.store import Snapshot
from graph.writer import Changes, Progress, Session, no_progress

__all__ = ["KEY", "Behind", "CarriedIndex", "behind", "catch_up", "record_in"]

KEY: Final = "behind"
_LISTED: Final = 2_000
"""Entities that a manifest names; with more, everything is looked at."""

_FOLDERS: Final = ("lexical", "dense")


@dataclass(frozen=True, slots=True)
class Behind:
    """What the index does not know yet. `after`: the key up to which everything was looked at (see `UnitReader`)."""

    as_of: str
    entities: frozenset[str] = frozenset()
    everything: bool = False
    after: str = ""

    @classmethod
    def of(cls, index: Mapping[str, Any]) -> Behind | None:
        """From a manifest's entry; None where the index is up to date."""
        raw = index.get(KEY)
        if raw is None:
            return None
        return cls(raw["as_of"], frozenset(raw["entities"]), bool(raw["everything"]), raw.get("after", ""))

    def and_also(self, changes: Changes) -> Behind:
        """What is still to do after another change; one that nobody can name starts the look at everything anew."""
        entities = self.entities | changes.entities | changes.removed
        if changes.everything or changes.documents or len(entities) > _LISTED:
            return Behind(self.as_of, everything=True)
        return replace(self, entities=entities)

    def to_dict(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "entities": sorted(self.entities),
            "everything": self.everything,
            "after": self.after,
        }


def record_in(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The index's own record in a manifest: its entry without what it lags behind."""
    return {key: value for key, value in manifest["index"].items() if key != KEY}


def behind(generation: Generation | None) -> Behind | None:
    return Behind.of(generation.manifest().get("index", {})) if generation is not None else None


class CarriedIndex:
    """Implements `graph.writer.Indexer` without an encoder: the old index goes on, marked as behind."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        index = live.manifest().get("index", {}) if live is not None else {}
        # Where there is no index at all, it lags behind everything.
        lag = Behind.of(index) or Behind(live.name if live is not None and index else "", everything=not index)
        if live is not None:
            for folder in _FOLDERS:
                if (live.path / folder).is_dir():
                    _link(live.path / folder, target / folder)
        lag = lag.and_also(changes)
        nothing = not lag.entities and not lag.everything
        return {**index} if nothing else {**index, KEY: lag.to_dict()}


def catch_up(session: Session, home: Home, progress: Progress = no_progress) -> Generation | None:
    """Bring the index up to date with the live graph, in one new generation; None where it is.

    The session's indexer must be the real one (`search.indexer.SearchIndexer`); it does at most so much at a time, so
    ask again until there is nothing left.
    """
    lag = behind(home.live())
    if lag is None:
        return None
    # The indexer adds what the manifest says; the note is there to make this a change.
    return session.change(lambda store: Changes(notes={"last_change": "index"}), progress=progress)


def _link(source: Path, target: Path) -> None:
    """Share the files of a folder that will only be read. Lock files are made anew: nobody waits for another's."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.suffix == ".lock":
            (target / file.name).touch(mode=0o644)
        else:
            os.link(file, target / file.name)
