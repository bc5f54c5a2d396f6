"""`creative-atlas quotes`: list the quotes that wait for a decision, and decide."""

from __future__ import annotations

import click

from graph.quotes.review import proposed_quotes, read_proposed_quotes, require_proposed_quote
from graph.write.quote_review import review_quotes
from graph.write.writer import no_progress
from web.cli.options import home_option
from web.cli.output import plain
from web.services import Services

__all__ = ["quotes"]


@click.command()
@click.option("--accept", multiple=True, metavar="IRI", help="This quote says what its claim says.")
@click.option("--reject", multiple=True, metavar="IRI", help="This quote does not; it is no longer shown.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@home_option
def quotes(accept: tuple[str, ...], reject: tuple[str, ...], limit: int, services: Services) -> None:
    """List the quotes proposed for cited claims, or decide on some."""
    if not (accept or reject):
        _list(services, limit)
        return
    snapshot = services.live.view().snapshot
    for iri in (*accept, *reject):
        require_proposed_quote(snapshot, iri)
    with services.writer(no_progress).session() as session:
        review_quotes(session, accept=accept, reject=reject)
    click.echo(f"Accepted {len(accept)}, rejected {len(reject)}.")


def _list(services: Services, limit: int) -> None:
    """For each quote: its IRI, the claim, the words, and where they stand."""
    snapshot = services.live.view().snapshot
    waiting = proposed_quotes(snapshot)
    for proposal in read_proposed_quotes(snapshot, waiting[:limit]):
        click.echo(proposal.iri)
        click.echo(plain(f"  {proposal.subject.label} | {proposal.predicate.label} | {proposal.object.label}"))
        page = f", p. {proposal.passage.page}" if proposal.passage.page else ""
        click.echo(plain(f"  “{proposal.quote}” ({snapshot.label(proposal.document)}{page})"))
    click.echo(
        "1 quote waits for a decision." if len(waiting) == 1 else f"{len(waiting):,} quotes wait for a decision."
    )
