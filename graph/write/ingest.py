"""Taking documents in: file → readings → passages → mentions → quads → one generation per batch.

A document is known by its collection and its id, and compared by its content: the same file again changes
nothing, a changed one replaces what was there. What was published is safe; a batch that was not is as if
it had never been begun.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import pyoxigraph as ox

from graph.documents.read import SUFFIXES, read
from graph.errors import InputError, UnreadableFile
from graph.iri import digest, document_iri
from graph.linking.entity_names import build_gazetteer
from graph.linking.linker import Gazetteer, link_document
from graph.model import Document, Passage, Reading, Reliability
from graph.quotes.identify_source import Sources
from graph.quotes.propose import offer
from graph.segmentation.passages import passages
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.document_quads import document_quads, mention_quads, passage_quads, remove_document
from graph.write.writer import Changes, Progress, Session, no_progress

__all__ = [
    "BATCH",
    "EXTRACTOR",
    "Outcome",
    "Report",
    "describe",
    "files_under",
    "forget",
    "ingest",
    "left_out",
    "put_reading",
]

BATCH: Final = 200
"""Documents published together, unless PATIENCE runs out first."""

PATIENCE: Final = 10.0
"""Seconds after which what was read so far is published."""

EXTRACTOR: Final = "2"
"""Rises when the same file would be cut or linked differently, so that it is read again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document. `detail` is the error for a refused one."""

    name: str
    status: Literal["added", "replaced", "unchanged", "refused"]
    iri: str = ""
    passages: int = 0
    mentions: int = 0
    detail: str = ""


@dataclass(slots=True)
class Report:
    outcomes: list[Outcome] = field(default_factory=list)
    generation: str | None = None

    def count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class _Pending:
    document: Document
    reading: Reading


def files_under(paths: Iterable[Path]) -> Iterator[Path]:
    """Files named, and those of a known kind in the directories named, in sorted order."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in _held(path) if each.suffix.lower() in SUFFIXES)
        else:
            yield path


def left_out(paths: Iterable[Path]) -> Iterator[Path]:
    """The files in the directories named that `files_under` passes over, but for hidden ones."""
    for path in filter(Path.is_dir, paths):
        for each in _held(path):
            hidden = any(part.startswith(".") for part in each.relative_to(path).parts)
            if each.suffix.lower() not in SUFFIXES and not hidden:
                yield each


def _held(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def ingest(
    session: Session,
    home: Home,
    paths: Iterable[Path],
    *,
    collection: str = "default",
    reliability: Reliability = "secondary",
    progress: Progress = no_progress,
    acknowledge: Callable[[Outcome], None] | None = None,
) -> Report:
    """Take in files and directories. A file that cannot be read is reported and the others go on.

    `acknowledge` is called for each document once it is safe on disk.
    """
    report = Report()
    batch: list[_Pending] = []
    began = time.monotonic()
    gazetteer: Gazetteer | None = None

    def publish() -> None:
        nonlocal batch, began, gazetteer
        gazetteer = gazetteer or _gazetteer(home)
        outcomes, name = _publish(session, batch, gazetteer, progress)
        report.generation = name or report.generation
        for outcome in outcomes:
            _acknowledge(report, outcome, acknowledge)
        batch, began = [], time.monotonic()

    for path in files_under(paths):
        progress(f"reading {path.name}", len(report.outcomes) + len(batch), 0)
        original = ""
        try:
            for reading in read(path):
                original = original or _keep_original(home, path)
                document = replace(describe(reading, collection, reliability), originals=(original,))
                batch.append(_Pending(document, reading))
                if len(batch) >= BATCH or time.monotonic() - began > PATIENCE:
                    publish()
        except InputError as error:
            _acknowledge(report, Outcome(path.name, "refused", detail=str(error)), acknowledge)
    if batch:
        publish()
    return report


def _gazetteer(home: Home) -> Gazetteer:
    """Names of the live generation's entities; none in a home where nothing was written yet."""
    live = home.live()
    return build_gazetteer(Snapshot.open(live) if live else Snapshot(ox.Store()))


def _acknowledge(report: Report, outcome: Outcome, acknowledge: Callable[[Outcome], None] | None) -> None:
    report.outcomes.append(outcome)
    if acknowledge:
        acknowledge(outcome)


def _publish(
    session: Session, batch: list[_Pending], gazetteer: Gazetteer, progress: Progress
) -> tuple[list[Outcome], str | None]:
    outcomes: list[Outcome] = []

    def work(store: ox.Store) -> Changes:
        changed: set[str] = set()
        removed: set[str] = set()
        entities: set[str] = set()
        sources = Sources(Snapshot(store))
        for number, pending in enumerate(batch):
            progress(pending.document.title, number, len(batch))
            try:
                outcome, gone, touched = put_reading(store, pending.document, pending.reading, gazetteer)
            except InputError as error:
                outcomes.append(Outcome(pending.document.id, "refused", detail=str(error)))
                continue
            outcomes.append(outcome)
            removed |= gone
            entities |= touched
            if outcome.status != "unchanged":
                changed.add(outcome.iri)
                offer(store, pending.document, pending.reading.extra, sources)
        return Changes(frozenset(changed), frozenset(entities), frozenset(removed))

    generation = session.change(work, progress=progress)
    return outcomes, generation.name if generation else None


def put_reading(
    store: ox.Store, document: Document, reading: Reading, gazetteer: Gazetteer
) -> tuple[Outcome, set[str], set[str]]:
    """Put one document in, in place of an older one with the same IRI.

    Returns the outcome, the IRIs of passages that are gone, and of entities whose facts may have changed.
    """
    held = Snapshot(store).document(document.iri)
    if held is not None and held.sha256 == document.sha256:
        return Outcome(document.id, "unchanged", document.iri, held.passages), set(), set()
    cut = passages(document.iri, reading)
    if not cut:
        raise UnreadableFile(f"{document.id} holds no text that could be read.", "Check that it is not a scan.")
    old, touched = remove_document(store, document.iri) if held else (set(), set())
    # Those of the older versions too, so that all of them can be forgotten with it.
    document = replace(document, originals=tuple(sorted({*document.originals, *(held.originals if held else ())})))
    mentions = link_document(cut, gazetteer)
    quads = list(document_quads(_with_passages(document, cut)))
    for passage in cut:
        quads += passage_quads(passage)
    for mention in mentions:
        quads += mention_quads(mention, document.iri)
    store.extend(quads)
    outcome = Outcome(document.id, "replaced" if held else "added", document.iri, len(cut), len(mentions))
    return outcome, old - {passage.iri for passage in cut}, touched


def forget(session: Session, home: Home, iri: str) -> bool:
    """Take a document out again, with its passages, mentions and claims. False where it was not there.

    Afterwards no file of the atlas holds its text: graph and index are written anew, older generations and the
    originals that it was read from are deleted. An original that holds other documents too goes with it; they stay.
    """
    gone: Document | None = None

    def work(store: ox.Store) -> Changes:
        nonlocal gone
        gone = Snapshot(store).document(iri)
        if gone is None:
            return Changes()
        removed, touched = remove_document(store, iri)
        return Changes(entities=frozenset(touched), removed=frozenset(removed), erase=True)

    session.change(work)
    if gone is None:
        return False
    home.drop_older()
    for name in gone.originals:
        (home.files / name).unlink(missing_ok=True)
    return True


def describe(reading: Reading, collection: str, reliability: Reliability | None) -> Document:
    """The record of a document before it is cut; `sha256` covers all that a reader made of it."""
    content = [reading.title, reading.date or "", reading.publisher or "", *(page.text for page in reading.pages)]
    return Document(
        iri=document_iri(collection, reading.identifier),
        id=reading.identifier,
        title=reading.title,
        collection=collection,
        kind=reading.kind,
        sha256=digest(EXTRACTOR, reliability or "", *content, length=64),
        publisher=reading.publisher,
        date=reading.date,
        source_url=reading.source_url,
        reliability=reliability,
    )


def _with_passages(document: Document, cut: tuple[Passage, ...]) -> Document:
    return replace(document, passages=len(cut))


def _keep_original(home: Home, path: Path) -> str:
    """Copy the file under its SHA-256 (once), synced, before anything refers to it. Returns its name."""
    seen = hashlib.sha256()
    try:
        with open(path, "rb") as source:
            while block := source.read(1 << 20):
                seen.update(block)
        name = seen.hexdigest()
        target = home.files / name
        if not target.exists():
            scratch = home.files / f"{name}.tmp-{os.getpid()}"
            with open(path, "rb") as source, open(scratch, "wb") as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
                copy.flush()
                os.fsync(copy.fileno())
            scratch.replace(target)
        return name
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be kept ({error.strerror}).", "Free some space.", path=path) from error
