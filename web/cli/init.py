"""`creative-atlas init`: make an empty atlas."""

from __future__ import annotations

import click

from graph.write.writer import Changes, Writer
from search.indexing.lag import CarriedIndex
from web.cli.options import home_option
from web.cli.output import next_steps
from web.services import Services

__all__ = ["init"]


@click.command()
@home_option
def init(services: Services) -> None:
    """Make an empty atlas, for documents and RDF of your own.

    An atlas that is there already stays as it is: the command says so, and its exit status is 0.
    """
    home = services.home
    with Writer(home, CarriedIndex()).session() as session:  # no encoder is needed: there is nothing to encode
        live = home.live()
        if live is None:
            session.change(lambda store: Changes(everything=True, notes={"last_change": "init"}))
    if live is None:
        click.echo(f"Made an empty atlas in {home.root}. {next_steps(home)}")
    else:
        click.echo(f"{home.root} is an atlas already (generation {live.number}); nothing changed.")
