"""`creative-atlas suppress` and `unsuppress`."""

from __future__ import annotations

import click

from graph.write.suppression import suppress, suppressed, unsuppress
from web.cli.progress import progress_bar
from web.services import Services

__all__ = ["add", "lift", "show"]


def add(services: Services, iri: str, reason: str) -> None:
    services.home.require()
    with progress_bar("Suppressing") as progress, services.writer(progress).session() as session:
        new = suppress(session, services.home, iri, reason)
    if new:
        click.echo(f"Took out {iri}; no build or ingest brings it back.")
    else:
        click.echo(f"{iri} was suppressed already; nothing changed.")


def lift(services: Services, iri: str) -> None:
    services.home.require()
    with progress_bar("Writing") as progress, services.writer(progress).session() as session:
        found = unsuppress(session, services.home, iri)
    if found:
        click.echo(f"{iri} may come back: run creative-atlas build, or load or ingest what holds it.")
    else:
        click.echo(f"{iri} is not suppressed; nothing changed.")


def show(services: Services) -> None:
    """One line each: the IRI and, after a tab, the reason."""
    services.home.require()
    for iri, reason in sorted(suppressed(services.home).items()):
        click.echo(f"{iri}\t{reason}" if reason else iri)
