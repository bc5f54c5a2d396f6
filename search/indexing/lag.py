"""Lag of an index behind its graph, as the manifest records it, and catching up with it.

An update over HTTP must be visible to the next query within a fraction of a second, and a bulk load at once; a language
model takes longer. So such a write keeps the index as it is, by hard links, and the manifest says what it lacks:

    "index": { … the record of the index …, "behind": {"as_of": "000041", "entities": {"…": 43}, "everything": 0} }

- `as_of`: the generation whose graph the index describes.
- `entities`: IRI of each entity whose triples have changed since → number of the generation that changed it last. Only
  a limited number is listed.
- `everything`: the last generation after which any card or passage may be out of date; 0 if there is none.

The next writer that indexes catches up first. A server does so a moment after a write (`search.indexing.catch_up`),
`creative-atlas load` before it ends. Items are compared by hash: an item whose content did not change costs a look-up.
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

__all__ = ["FOLDERS", "KEY", "CarriedIndex", "IndexLag", "catch_up", "lag_of", "link", "mark_of", "record_in"]

KEY: Final = "behind"
"""Key of the lag in the manifest's entry of the index."""

FOLDERS: Final = ("lexical", "dense")

_MAX_LISTED_ENTITIES: Final = 2_000


def mark_of(manifest: Mapping[str, Any]) -> tuple[Any, Any]:
    """A value that is equal for generations with the same index.

    >>> mark_of({"index": {"digest": "ab", "files": {}}})
    ('ab', {})
    """
    record = manifest.get("index", {})
    return record.get("digest"), record.get("files")


@dataclass(frozen=True, slots=True)
class IndexLag:
    """Changes that the index lacks, with the numbers of the generations that made them last.

    `after`: the key of `ItemReader.after` up to which a sweep over all items has come.
    """

    as_of: str
    entities: Mapping[str, int] = field(default_factory=dict)
    everything: int = 0
    after: str = ""

    @classmethod
    def of(cls, index: Mapping[str, Any], number: int) -> IndexLag | None:
        """The lag in the index's entry in the manifest of generation `number`; None if the index is up to date."""
        raw = index.get(KEY)
        if raw is None:
            return None
        # Older manifests do not name the generation of a change: it is their own at the latest.
        entities = raw["entities"] if isinstance(raw["entities"], dict) else dict.fromkeys(raw["entities"], number)
        everything = number if raw["everything"] is True else int(raw["everything"])
        return cls(raw["as_of"], entities, everything, after=raw.get("after", ""))

    def with_changes(self, changes: Changes, number: int) -> IndexLag:
        """The lag after a further change, which makes generation `number`.

        A change whose entities are unknown, or too many, starts a sweep over all items anew.
        """
        entities = {**self.entities, **dict.fromkeys(changes.entities | changes.removed, number)}
        if changes.everything or changes.documents or len(entities) > _MAX_LISTED_ENTITIES:
            return IndexLag(self.as_of, everything=number)
        return replace(self, entities=entities)

    def since(self, number: int) -> IndexLag:
        """The lag of an index of generation `number`."""
        entities = {iri: changed for iri, changed in self.entities.items() if changed > number}
        return IndexLag(f"{number:06d}", entities, self.everything if self.everything > number else 0)

    def __bool__(self) -> bool:
        return bool(self.entities or self.everything)

    def to_dict(self) -> dict[str, Any]:
        """The lag in JSON types."""
        return {
            "as_of": self.as_of,
            "entities": dict(sorted(self.entities.items())),
            "everything": self.everything,
            "after": self.after,
        }


def record_in(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The index's own record in a manifest: its entry without the lag.

    >>> record_in({"index": {"digest": "ab", "behind": {"as_of": "000001"}}})
    {'digest': 'ab'}
    """
    return {key: value for key, value in manifest["index"].items() if key != KEY}


def lag_of(generation: Generation | None) -> IndexLag | None:
    """The lag of a generation's index; None if it is up to date, or there is no generation.

    >>> lag_of(None) is None
    True
    """
    return IndexLag.of(generation.manifest().get("index", {}), generation.number) if generation is not None else None


class CarriedIndex:
    """Implements `graph.write.writer.Indexer` without an encoder: keeps the old index and records its lag."""

    def update(
        self, live: Generation | None, target: Path, snapshot: Snapshot, changes: Changes, progress: Progress
    ) -> dict[str, Any]:
        """Link the files of the live index, and give its entry with the lag after `changes`."""
        index = live.manifest().get("index", {}) if live is not None else {}
        number = live.number if live is not None else 0
        lag = IndexLag.of(index, number)
        if lag is None:
            # An index that is missing lags behind everything.
            as_of = live.name if live is not None and index else ""
            lag = IndexLag(as_of, everything=0 if index else number + 1)
        if live is not None:
            for folder in FOLDERS:
                if (live.path / folder).is_dir():
                    link(live.path / folder, target / folder)
        lag = lag.with_changes(changes, number + 1)
        return {**index, KEY: lag.to_dict()} if lag else {**index}


def catch_up(session: Session, home: Home, progress: Progress = no_progress) -> Generation | None:
    """One step of catching up with the live graph, as a new generation; None if the index is up to date.

    The session's indexer must be `search.indexing.indexer.SearchIndexer`. A step is limited: call again until None.

    >>> from graph.write.writer import Writer
    >>> from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
    >>> from search.indexing.indexer import SearchIndexer
    >>> indexer = SearchIndexer(lambda: open_encoder(DEFAULT_MODEL, folder))
    >>> with Writer(home, indexer).session() as session:
    ...     catch_up(session, home) is None
    True
    """
    lag = lag_of(home.live())
    if lag is None:
        return None
    # The indexer reads the lag from the manifest; INDEXED makes this a change although the graph stays.
    return session.change(lambda store: INDEXED, progress=progress)


def link(source: Path, target: Path) -> None:
    """Hard links to the files of a folder that will only be read. Lock files, which belong to a process, are new."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if file.suffix == ".lock" or file.name == "LOCK":
            (target / file.name).touch(mode=0o644)
        else:
            os.link(file, target / file.name)
