"""Ingest of documents: file → readings → passages → mentions → quads → one generation per batch.

A document is known by its collection and its id, and compared by its content: the same file again changes nothing, a
changed one replaces the old version. A batch is published whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import pyoxigraph as ox

from graph.documents.dates import iso_date
from graph.documents.read import SUFFIXES, read
from graph.documents.sniff import check
from graph.errors import InputError, UnreadableFile
from graph.iri import digest, document_iri
from graph.linking.entity_names import build_gazetteer
from graph.linking.linker import Gazetteer, link_document
from graph.model import Document, Reading, Reliability
from graph.quotes.identify_source import Sources
from graph.quotes.propose import propose_quotes
from graph.segmentation.passages import passages
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.document_quads import document_quads, mention_quads, passage_quads, remove_document
from graph.write.writer import Changes, Progress, Session, no_progress

__all__ = [
    "EXTRACTOR",
    "Outcome",
    "Report",
    "describe",
    "files_under",
    "forget",
    "ingest",
    "links_out",
    "put_reading",
    "unread_files",
]

MAX_BATCH_DOCUMENTS: Final = 200
MAX_BATCH_SECONDS: Final = 10.0
"""A batch is published when it reaches one of the two."""

EXTRACTOR: Final = "4"
"""Rises when the same file would be cut or linked differently, so that it is read again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of the ingest of one document. `detail`: why it was refused; `notes`: what the user should know."""

    name: str
    status: Literal["added", "replaced", "unchanged", "refused"]
    iri: str = ""
    passages: int = 0
    mentions: int = 0
    detail: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """Outcomes of an ingest, one for each document, and the last generation that it published."""

    outcomes: list[Outcome] = field(default_factory=list)
    generation: str | None = None

    def count(self, status: str) -> int:
        """Number of documents with this status."""
        return sum(outcome.status == status for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class _Pending:
    document: Document
    reading: Reading


def files_under(paths: Iterable[Path], *, follow_links: bool = False) -> Iterator[Path]:
    """The files among `paths`, and those of a known kind in the directories among them, in sorted order.

    A link in a directory to a file or a directory outside of it is passed over, unless `follow_links`; then each
    directory is read once, however many links lead to it.

    >>> sorted(path.name for path in files_under([folder / "report.pdf"]))
    ['report.pdf']
    """
    for path in paths:
        if path.is_dir():
            files = (file for file in _files_in(path, follow_links) if file.suffix.lower() in SUFFIXES)
            yield from (file for file in files if follow_links or not _leads_out(file, path))
        else:
            yield path


def unread_files(paths: Iterable[Path], *, follow_links: bool = False) -> Iterator[Path]:
    """The files in directories among `paths` that `files_under` passes over for their kind, without hidden ones.

    >>> _ = (folder / "plan.docx").write_text("…")
    >>> [path.name for path in unread_files([folder])]
    ['plan.docx']
    """
    for path in filter(Path.is_dir, paths):
        for file in _files_in(path, follow_links):
            is_hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if file.suffix.lower() not in SUFFIXES and not is_hidden:
                yield file


def links_out(paths: Iterable[Path]) -> Iterator[Path]:
    """The links in directories among `paths` that lead to files of a known kind, or to folders, outside of them."""
    for path in filter(Path.is_dir, paths):
        for link in sorted(file for file in path.rglob("*") if file.is_symlink()):
            if (link.is_dir() or link.suffix.lower() in SUFFIXES) and link.exists() and _leads_out(link, path):
                yield link


def _files_in(directory: Path, follow_links: bool) -> list[Path]:
    files: list[Path] = []
    seen: set[str] = set()
    for folder, subfolders, names in os.walk(directory, followlinks=follow_links):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        links = (Path(folder, name) for name in subfolders if follow_links)
        # What lies inside is met without the link.
        inside = {link.name for link in links if link.is_symlink() and not _leads_out(link, directory)}
        subfolders[:] = [name for name in subfolders if name not in inside]
        files += (path for path in (Path(folder, name) for name in names) if path.is_file())
    return sorted(files)


def _leads_out(file: Path, directory: Path) -> bool:
    """Whether a path leads out of the directory, through a link at any step."""
    return not file.resolve().is_relative_to(directory.resolve())


def ingest(
    session: Session,
    home: Home,
    paths: Iterable[Path],
    *,
    collection: str = "default",
    reliability: Reliability = "secondary",
    progress: Progress = no_progress,
    acknowledge: Callable[[Outcome], None] | None = None,
    max_batch: int = MAX_BATCH_DOCUMENTS,
    follow_links: bool = False,
    day_first: bool = True,
) -> Report:
    """Take in files and directories of files. A file that cannot be read is reported, and the others go on.

    `follow_links`: links out of a directory are read too. `day_first`: 05/03/2024 is in March. `acknowledge` is called
    for each document once it is published, `max_batch` at most together. The first batch makes the atlas if need be.

    >>> from graph.write.writer import NoIndex, Writer
    >>> _ = (folder / "games.txt").write_text("Games are made in Dundee. The studios there train people.")
    >>> atlas = Home(folder / "ingested")
    >>> with Writer(atlas, NoIndex()).session() as session:
    ...     report = ingest(session, atlas, [folder / "games.txt"], collection="mine")
    >>> report.generation, [(outcome.name, outcome.status) for outcome in report.outcomes]
    ('000001', [('games.txt', 'added')])
    """
    _remove_remains(home)
    report, batch, began = Report(), list[_Pending](), time.monotonic()
    gazetteer: Gazetteer | None = None

    def publish() -> None:
        nonlocal batch, began, gazetteer
        gazetteer = gazetteer or _gazetteer(home)
        for outcome in _publish(session, batch, gazetteer, progress, report=report):
            _acknowledge(report, outcome, acknowledge)
        batch, began = [], time.monotonic()

    for path in files_under(paths, follow_links=follow_links):
        progress(f"reading {path.name}", len(report.outcomes) + len(batch), 0)
        try:
            for reading, original in _readings_in(path, home, day_first=day_first):
                document = describe(reading, collection, reliability)
                batch.append(_Pending(replace(document, originals=(original,)), reading))
                if len(batch) >= max_batch or time.monotonic() - began > MAX_BATCH_SECONDS:
                    publish()
        except InputError as error:
            _acknowledge(report, Outcome(path.name, "refused", detail=str(error)), acknowledge)
    if batch:
        publish()
    return report


def _remove_remains(home: Home) -> None:
    """Remove what an ingest that was killed has left: the caller has the lock."""
    for remains in home.files.glob("reading.tmp-*"):
        shutil.rmtree(remains, ignore_errors=True)


def _readings_in(path: Path, home: Home, *, day_first: bool) -> Iterator[tuple[Reading, str]]:
    """Readings of a file, each with the name of its kept original: a copy, hashed in one read, is what is read."""
    check(path)
    with _copy(home, path) as (copy, original):
        try:
            kept = False
            for reading in read(copy):
                if not kept:
                    _keep(home, copy, original)
                    kept = True
                yield _dated(reading, day_first), original
        except InputError as error:
            error.message = error.message.replace(str(copy), str(path))
            error.args = (error.message, *error.args[1:])
            raise


def _gazetteer(home: Home) -> Gazetteer:
    """Names of the live generation's entities; none where nothing was published yet."""
    live = home.live()
    return build_gazetteer(Snapshot.open(live) if live else Snapshot(ox.Store()))


def _acknowledge(report: Report, outcome: Outcome, acknowledge: Callable[[Outcome], None] | None) -> None:
    report.outcomes.append(outcome)
    if acknowledge:
        acknowledge(outcome)


def _publish(
    session: Session, batch: list[_Pending], gazetteer: Gazetteer, progress: Progress, *, report: Report
) -> list[Outcome]:
    """Write a batch as one generation, which the report then names, unless nothing changed. Returns the outcomes."""
    outcomes: list[Outcome] = []

    def work(store: ox.Store) -> Changes:
        changed: set[str] = set()
        removed: set[str] = set()
        entities: set[str] = set()
        sources = Sources(Snapshot(store))
        for number, pending in enumerate(batch):
            progress(pending.document.title, number, len(batch))
            try:
                outcome, removed_passages, touched = put_reading(store, pending.document, pending.reading, gazetteer)
            except InputError as error:
                outcomes.append(Outcome(pending.document.id, "refused", detail=str(error)))
                continue
            outcomes.append(outcome)
            removed |= removed_passages
            entities |= touched
            if outcome.status != "unchanged":
                changed.add(outcome.iri)
                propose_quotes(store, pending.document, pending.reading.extra, sources)
        return Changes(documents=frozenset(changed), entities=frozenset(entities), removed=frozenset(removed))

    generation = session.change(work, progress=progress)
    report.generation = generation.name if generation else report.generation
    return outcomes


def put_reading(
    store: ox.Store, document: Document, reading: Reading, gazetteer: Gazetteer
) -> tuple[Outcome, set[str], set[str]]:
    """Write one document, in place of an older version with the same IRI.

    Returns the outcome, the IRIs of passages that were removed, and of entities whose facts may have changed.
    """
    existing = Snapshot(store).document(document.iri)
    if existing is not None and existing.sha256 == document.sha256:
        return Outcome(document.id, "unchanged", document.iri, passages=existing.passages), set(), set()
    parts = passages(document.iri, reading)
    if not parts:
        raise UnreadableFile(f"{document.id} holds no text that could be read.", "Check that it is not a scan.")
    old, touched = remove_document(store, document.iri) if existing else (set(), set())
    # The originals of older versions stay on the list, so that `forget` deletes them too.
    originals = {*document.originals, *(existing.originals if existing else ())}
    document = replace(document, originals=tuple(sorted(originals)), passages=len(parts))
    mentions = link_document(parts, gazetteer)
    quads = list(document_quads(document))
    for passage in parts:
        quads += passage_quads(passage)
    for mention in mentions:
        quads += mention_quads(mention, document.iri)
    store.extend(quads)
    outcome = Outcome(
        document.id,
        "replaced" if existing else "added",
        document.iri,
        passages=len(parts),
        mentions=len(mentions),
        notes=reading.notes,
    )
    return outcome, old - {passage.iri for passage in parts}, touched


def forget(session: Session, home: Home, iri: str) -> bool:
    """Remove a document with its passages, mentions and claims. False where there is no such document.

    Afterwards no file of the atlas holds its text: graph and index are rewritten, older generations and the originals
    that it was read from are deleted. An original that holds other documents too is deleted; those documents stay.

    >>> from graph.write.writer import NoIndex, Writer
    >>> with Writer(home, NoIndex()).session() as session:
    ...     forget(session, home, "https://example.org/no-document")
    False
    """
    document: Document | None = None

    def work(store: ox.Store) -> Changes:
        nonlocal document
        document = Snapshot(store).document(iri)
        if document is None:
            return Changes()
        removed, touched = remove_document(store, iri)
        return Changes(entities=frozenset(touched), removed=frozenset(removed), erase=True)

    session.change(work)
    if document is None:
        return False
    home.drop_older()
    for name in document.originals:
        (home.files / name).unlink(missing_ok=True)
    return True


def describe(reading: Reading, collection: str, reliability: Reliability | None) -> Document:
    """Record of a document before it is cut into passages. `sha256` covers all that the reader returned."""
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


def _dated(reading: Reading, day_first: bool) -> Reading:
    """The reading with its date in ISO form, or without it and with a note where it is not understood."""
    if reading.date is None:
        return reading
    date = iso_date(reading.date, day_first=day_first)
    if date is not None:
        return replace(reading, date=date)
    note = f"the date “{reading.date[:40]}” is not understood, so the document has none. Write it as 2024-03-05."
    return replace(reading, date=None, notes=(*reading.notes, note))


@contextmanager
def _copy(home: Home, path: Path) -> Iterator[tuple[Path, str]]:
    """A synced copy of the file under its own name, in a folder that goes at the end, and the SHA-256 of its bytes."""
    checksum = hashlib.sha256()
    with ExitStack() as stack:
        try:
            home.files.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(TemporaryDirectory(prefix="reading.tmp-", dir=home.files))
            copy = Path(folder) / path.name
            with open(path, "rb") as source, open(copy, "wb") as target:
                while block := source.read(1 << 20):
                    checksum.update(block)
                    target.write(block)
                target.flush()
                os.fsync(target.fileno())
        except OSError as error:
            remedy = "Check its permissions, and that there is space for a copy."
            raise UnreadableFile(f"{path} cannot be copied ({error.strerror}).", remedy, path=path) from error
        yield copy, checksum.hexdigest()


def _keep(home: Home, copy: Path, name: str) -> None:
    """Keep a copy under its SHA-256, before anything refers to it."""
    target = home.files / name
    if not target.exists():
        copy.replace(target)
