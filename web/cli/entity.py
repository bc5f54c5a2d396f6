"""`creative-atlas entity`: one entity with its facts and their sources."""

from __future__ import annotations

import click

from graph.entities.entity_facts import find, view
from graph.errors import UnknownEntity
from web.cli.options import home_option, json_option
from web.cli.output import next_steps, print_entity, print_json
from web.read_model.serialise import view_json
from web.services import Services

__all__ = ["entity"]


@click.command()
@click.argument("name")
@home_option
@json_option
def entity(name: str, services: Services, as_json: bool) -> None:
    """Show an entity, by IRI or by name, with its facts and their sources."""
    snapshot = services.live.view().snapshot
    if snapshot.is_empty():
        raise UnknownEntity("This atlas is empty.", next_steps(services.home))
    shown = view(snapshot, find(snapshot, name))
    if as_json:
        print_json(view_json(shown))
    else:
        print_entity(shown)
