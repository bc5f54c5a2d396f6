"""`creative-atlas suppress` and `unsuppress`."""

from __future__ import annotations

import click

from graph.write import suppression
from web.cli.options import home_option
from web.cli.progress import progress_bar
from web.services import Services

__all__ = ["suppress", "unsuppress"]


@click.command()
@click.argument("iri", required=False)
@click.option("--reason", default="", help="Why; kept with the list, shown nowhere else.")
@click.option("--list", "listed", is_flag=True, help="Show what is suppressed.")
@home_option
def suppress(iri: str | None, reason: str, listed: bool, services: Services) -> None:
    """Take an entity out, and keep it out of every later build and ingest."""
    if listed == (iri is not None):
        raise click.UsageError("Give an IRI, or --list.")
    services.home.require()
    if iri is None:
        _list(services)
        return
    with progress_bar("Suppressing") as progress, services.writer(progress).session() as session:
        is_new = suppression.suppress(session, services.home, iri, reason)
    if is_new:
        click.echo(f"Took out {iri}; no build or ingest brings it back.")
    else:
        click.echo(f"{iri} was suppressed already; nothing changed.")


def _list(services: Services) -> None:
    """One line each: the IRI and, after a tab, the reason."""
    for iri, reason in sorted(suppression.suppressed(services.home).items()):
        click.echo(f"{iri}\t{reason}" if reason else iri)


@click.command()
@click.argument("iri")
@home_option
def unsuppress(iri: str, services: Services) -> None:
    """Let an entity come back with the next build or ingest."""
    services.home.require()
    with progress_bar("Writing") as progress, services.writer(progress).session() as session:
        was_suppressed = suppression.unsuppress(session, services.home, iri)
    if was_suppressed:
        click.echo(f"{iri} may come back: run creative-atlas build, or load or ingest what holds it.")
    else:
        click.echo(f"{iri} is not suppressed; nothing changed.")
