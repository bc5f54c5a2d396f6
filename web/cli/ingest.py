"""`creative-atlas ingest` and `forget`: documents in and out."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from graph.errors import InputError
from graph.model import Document
from graph.storage.snapshot import Snapshot
from graph.write import ingest as documents
from web.cli.options import home_option, json_option
from web.cli.output import counted, plain, print_json
from web.cli.progress import progress_bar
from web.services import Services

__all__ = ["forget", "ingest"]

MAX_LISTED_FILES: Final = 5


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--collection", default="default", show_default=True, help="The collection that the documents join.")
@click.option("--follow-links", is_flag=True, help="Read what links in a directory lead to outside of it too.")
@home_option
@json_option
def ingest(paths: tuple[Path, ...], collection: str, follow_links: bool, services: Services, as_json: bool) -> None:
    """Take documents into an atlas, or into a new one: files, or directories of them.

    The exit status is 1 when a document was refused, or when there was none.
    """
    with progress_bar("Ingesting") as progress, services.writer(progress).session() as session:
        report = documents.ingest(
            session,
            services.home,
            paths,
            collection=collection,
            progress=progress,
            acknowledge=None if as_json else _print_outcome,
            follow_links=follow_links,
            day_first=not services.settings.month_first,
        )
    links = [] if follow_links else [str(path) for path in documents.links_out(paths)]
    unread = [str(path) for path in documents.unread_files(paths, follow_links=follow_links)]
    if as_json:
        outcomes = [asdict(outcome) for outcome in report.outcomes]
        print_json({"generation": report.generation, "documents": outcomes, "left_out": unread, "links_out": links})
    else:
        _print_links(links)
        _print_rest(report, unread)
    if report.count("refused") or not report.outcomes:
        sys.exit(1)


def _print_outcome(outcome: documents.Outcome) -> None:
    if outcome.status == "refused":
        click.echo(plain(outcome.detail), err=True)
    elif outcome.status == "unchanged":
        click.echo(f"{plain(outcome.name)}: already here, unchanged")
    else:
        effect = f"{counted(outcome.passages, 'passage')}, {counted(outcome.mentions, 'link')}"
        click.echo(f"{plain(outcome.name)}: {outcome.status}, {effect}")
    for note in outcome.notes:
        click.echo(f"{plain(outcome.name)}: {plain(note)}", err=True)


def _print_links(links: list[str]) -> None:
    if links:
        names = ", ".join(plain(Path(name).name) for name in links[:MAX_LISTED_FILES])
        more = f" and {len(links) - MAX_LISTED_FILES:,} more" if len(links) > MAX_LISTED_FILES else ""
        click.echo(
            f"Left out, links out of the directory: {names}{more}. --follow-links reads what they lead to.", err=True
        )


def _print_rest(report: documents.Report, unread: list[str]) -> None:
    if unread:
        names = ", ".join(plain(Path(name).name) for name in unread[:MAX_LISTED_FILES])
        more = f" and {len(unread) - MAX_LISTED_FILES:,} more" if len(unread) > MAX_LISTED_FILES else ""
        advice = "Export what holds text as PDF, HTML or text."
        click.echo(f"Left out, of a kind that is not read: {names}{more}. {advice}", err=True)
    if not report.outcomes:
        click.echo("There is no document of a known kind there.", err=True)
    elif report.generation is None and not report.count("refused"):
        click.echo("Nothing changed.")


@click.command()
@click.argument("document")
@home_option
def forget(document: str, services: Services) -> None:
    """Take a document out again, by its IRI, its id or its title."""
    record = _document_named(services.live.view().snapshot, document)
    with progress_bar("Forgetting") as progress, services.writer(progress).session() as session:
        documents.forget(session, services.home, record.iri)
    click.echo(f"Forgot {plain(record.title)} ({counted(record.passages, 'passage')}).")


def _document_named(snapshot: Snapshot, name: str) -> Document:
    """The document with this IRI, id or title. Raises InputError where none or several have it."""
    by_iri = snapshot.document(name)
    if by_iri:
        return by_iri
    matches = [document for document in snapshot.documents() if name in (document.id, document.title)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        candidates = "; ".join(f"{document.iri} ({document.collection})" for document in matches[:5])
        raise InputError(f"{len(matches)} documents are called {name!r}.", f"Name one by its IRI: {candidates}")
    raise InputError(f"No document is called {name!r}.", "See the documents page for those that are here.")
