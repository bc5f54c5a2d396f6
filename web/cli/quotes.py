"""`creative-atlas quotes`: list the quotes that wait for a decision, and decide."""

from __future__ import annotations

import click
import pyoxigraph as ox

from graph.quotes.review import decision, offers, read_offers, require_offer
from graph.write.writer import Changes
from web.services import Services

__all__ = ["decide", "show"]


def show(services: Services, limit: int) -> None:
    """For each: its IRI, the claim, the words, and where they stand."""
    snapshot = services.live.view().snapshot
    waiting = offers(snapshot)
    for offer in read_offers(snapshot, waiting[:limit]):
        click.echo(offer.iri)
        click.echo(f"  {offer.subject.label} | {offer.predicate.label} | {offer.object.label}")
        page = f", p. {offer.passage.page}" if offer.passage.page else ""
        click.echo(f"  “{offer.quote}” ({snapshot.label(offer.document)}{page})")
    click.echo(
        "1 quote waits for a decision." if len(waiting) == 1 else f"{len(waiting):,} quotes wait for a decision."
    )


def decide(services: Services, accepted: tuple[str, ...], rejected: tuple[str, ...]) -> None:
    """Raises InputError where one of the IRIs is no offered quote; then nothing is changed."""
    services.home.require()
    snapshot = services.live.view().snapshot
    for iri in (*accepted, *rejected):
        require_offer(snapshot, iri)

    def work(store: ox.Store) -> Changes:
        for iri in accepted:
            store.update(decision(iri, accept=True))
        for iri in rejected:
            store.update(decision(iri, accept=False))
        return Changes(notes={"last_change": "review"})

    with services.writer(lambda what, done, total: None).session() as session:
        session.change(work)
    click.echo(f"Accepted {len(accepted)}, rejected {len(rejected)}.")
