"""`creative-atlas ingest`: take documents in and say what became of each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from graph.errors import InputError
from graph.model import Document
from graph.storage.snapshot import Snapshot
from graph.write.ingest import Outcome, Report, ingest, left_out
from web.cli.output import plain, print_json
from web.cli.progress import progress_bar
from web.services import Services

__all__ = ["document_named", "run"]

_NAMED = 5
"""File names that are listed at most."""


def run(services: Services, paths: tuple[Path, ...], collection: str, as_json: bool) -> int:
    """Returns the exit status: 1 when anything was refused."""
    services.home.require()
    with progress_bar("Ingesting") as progress, services.writer(progress).session() as session:
        report = ingest(
            session,
            services.home,
            paths,
            collection=collection,
            progress=progress,
            acknowledge=None if as_json else _say,
        )
    passed_over = [str(path) for path in left_out(paths)]
    if as_json:
        documents = [asdict(outcome) for outcome in report.outcomes]
        print_json({"generation": report.generation, "documents": documents, "left_out": passed_over})
        return _status(report)
    if passed_over:
        click.echo(plain(_named(passed_over)), err=True)
    if not report.outcomes:
        click.echo("There is no document of a known kind there.", err=True)
    elif report.generation is None and not report.count("refused"):
        click.echo("Nothing changed.")
    return _status(report)


def _status(report: Report) -> int:
    return 1 if report.count("refused") or not report.outcomes else 0


def _named(passed_over: list[str]) -> str:
    some = ", ".join(Path(name).name for name in passed_over[:_NAMED])
    more = f" and {len(passed_over) - _NAMED:,} more" if len(passed_over) > _NAMED else ""
    return f"Left out, of a kind that is not read: {some}{more}. What holds text can be exported as PDF, HTML or text."


def _say(outcome: Outcome) -> None:
    if outcome.status == "refused":
        click.echo(plain(outcome.detail), err=True)
    elif outcome.status == "unchanged":
        click.echo(f"{plain(outcome.name)}: already here, unchanged")
    else:
        click.echo(f"{plain(outcome.name)}: {outcome.status}, {outcome.passages} passages, {outcome.mentions} links")


def document_named(snapshot: Snapshot, name: str) -> Document:
    """The document with this IRI, id or title. Raises InputError where none or several have it."""
    by_iri = snapshot.document(name)
    if by_iri:
        return by_iri
    found = [document for document in snapshot.documents() if name in (document.id, document.title)]
    if len(found) == 1:
        return found[0]
    if found:
        several = "; ".join(f"{document.iri} ({document.collection})" for document in found[:5])
        raise InputError(f"{len(found)} documents are called {name!r}.", f"Name one by its IRI: {several}")
    raise InputError(f"No document is called {name!r}.", "See the documents page for those that are here.")
