"""An index that lags behind its graph for a moment, and how it catches up.

An update over HTTP must be visible to the next query within a fraction of a second, and a bulk load at once; both are
too soon for a language model. So such a write carries the index over as it is, by hard links, and the manifest says so:

    "index": { … the record of the index …, "behind": {"as_of": "000041", "entities": {"…": 43}, "everything": 0} }

`as_of` is the generation whose graph the index describes, `entities` those whose triples have changed since (only so
many) with the number of the generation that changed them last, `everything` the last one after which any card or
passage may be out of date (0: none). Whatever indexes next catches up with it first; a server does so a moment after a
write (`search.indexing.catch_up`), `creative-atlas load` before it ends. Catching up is by content hash: a unit whose
content did not change costs a look-up.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import INDEXED, Changes, Progress, Session, no_progress

__all__ = ["FOLDERS", "KEY", "CarriedIndex", "IndexLag", "behind", "catch_up", "link", "mark_of", "record_in"]

KEY: Final = "behind"
_LISTED: Final = 2_000
"""Entities that a manifest names; with more, everything is looked at."""

FOLDERS: Final = ("lexical", "dense")


def mark_of(manifest: Mapping[str, Any]) -> tuple[Any, Any]:
    """What tells an index from others: generations with the same mark have the same index."""
    record = manifest.get("index", {})
    return record.get("digest"), record.get("files")


@dataclass(frozen=True, slots=True)
class IndexLag:
    """What the index does not know yet, with the numbers of the generations that changed it last.

    `after`: the key up to which everything was looked at (see `ItemReader`).
    """

    as_of: str
    entities: Mapping[str, int] = field(default_factory=dict)
    everything: int = 0
    after: str = ""

    @classmethod
    def of(cls, index: Mapping[str, Any], number: int) -> IndexLag | None:
        """From the entry in the manifest of the generation `number`; None where the index is up to date."""
        raw = index.get(KEY)
        if raw is None:
            return None
        # Older manifests do not say which generation it was: at the latest, their own.
        named = raw["entities"] if isinstance(raw["entities"], dict) else dict.fromkeys(raw["entities"], number)
        everything = number if raw["everything"] is True else int(raw["everything"])
        return cls(raw["as_of"], named, everything, raw.get("after", ""))

    def and_also(self, changes: Changes, number: int) -> IndexLag:
        """What is to do after a change that makes the generation `number` too.

        One that nobody can name starts the look at everything anew.
        """
        entities = {**self.entities, **dict.fromkeys(changes.entities | changes.removed, number)}
        if changes.everything or changes.documents or len(entities) > _LISTED:
            return IndexLag(self.as_of, everything=number)
        return replace(self, entities=entities)

    def since(self, done: int) -> IndexLag:
        """What is to do when the generation `done` was indexed."""
        entities = {iri: number for iri, number in self.entities.items() if number > done}
        return IndexLag(f"{done:06d}", entities, self.everything if self.everything > done else 0)

    def __bool__(self) -> bool:
        return bool(self.entities or self.everything)

    def to_dict(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "entities": dict(sorted(self.entities.items())),
            "everything": self.everything,
            "after": self.after,
        }


def record_in(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The index's own record in a manifest: its entry without what it lags behind."""
    return {key: value for key, value in manifest["index"].items() if key != KEY}


def behind(generation: Generation | None) -> IndexLag | None:
    return IndexLag.of(generation.manifest().get("index", {}), generation.number) if generation is not None else None


class CarriedIndex:
    """Implements `graph.write.writer.Indexer` without an encoder: the old index goes on, marked as behind."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        index = live.manifest().get("index", {}) if live is not None else {}
        number = live.number if live is not None else 0
        # Where there is no index at all, it lags behind everything.
        lag = IndexLag.of(index, number) or IndexLag(
            live.name if live is not None and index else "", everything=0 if index else number + 1
        )
        if live is not None:
            for folder in FOLDERS:
                if (live.path / folder).is_dir():
                    link(live.path / folder, target / folder)
        lag = lag.and_also(changes, number + 1)
        return {**index, KEY: lag.to_dict()} if lag else {**index}


def catch_up(session: Session, home: Home, progress: Progress = no_progress) -> Generation | None:
    """Bring the index up to date with the live graph, in one new generation; None where it is.

    The session's indexer must be the real one (`search.indexing.indexer.SearchIndexer`); it does at most so much at a
    time, so ask again until there is nothing left.
    """
    lag = behind(home.live())
    if lag is None:
        return None
    # The indexer adds what the manifest says; the note is there to make this a change.
    return session.change(lambda store: INDEXED, progress=progress)


def link(source: Path, target: Path) -> None:
    """Share the files of a folder that will only be read. Lock files are made anew: nobody waits for another's."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.suffix == ".lock" or file.name == "LOCK":
            (target / file.name).touch(mode=0o644)
        else:
            os.link(file, target / file.name)
