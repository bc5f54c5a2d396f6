"""`creative-atlas check`: the facts against the shapes, graph and search index against their checksums."""

from __future__ import annotations

import shlex
import sys

import click

from graph.entities.connectivity import connectivity
from graph.errors import GraphDamaged, IndexUnusable
from graph.metadata.shacl import validate
from graph.storage.checksums import check_graph
from graph.storage.damage import explain_damage
from graph.storage.engine_faults import translated_store_faults
from graph.storage.snapshot import Snapshot
from web.cli.options import home_option
from web.cli.output import counted, next_steps, plain
from web.maintenance.index_repair import verify_index
from web.services import Services
from web.settings import starter_folder

__all__ = ["check"]


@click.command()
@click.option("--network", is_flag=True, help="Show how the entities are connected, and which are isolated.")
@home_option
def check(network: bool, services: Services) -> None:
    """Check the facts against the shapes, and graph and search index against what was written to them."""
    if network:
        snapshot = services.live.view().snapshot
        with translated_store_faults(snapshot.name):
            _print_connectivity(snapshot)
        return
    if not _check_graph(services):
        sys.exit(1)
    snapshot = services.live.view().snapshot
    with translated_store_faults(snapshot.name):
        report = validate(snapshot, starter_folder() / "shapes.ttl")
    for line in report.violations:
        click.echo(line, err=True)
    click.echo(f"{counted(len(report.violations), 'violation')} in {counted(report.checked, 'triple')}.")
    if snapshot.is_empty():
        click.echo(f"This atlas is empty: there is nothing to index. {next_steps(services.home)}")
        return
    if not _check_index(services) or report.violations:
        sys.exit(1)


def _check_graph(services: Services) -> bool:
    """Read the graph through and print its state. Returns whether it is sound, as far as its checksums tell."""
    generation = services.home.require()
    try:
        soundness = check_graph(generation.path)
    except GraphDamaged as error:
        click.echo(str(explain_damage(services.home, error)), err=True)
        return False
    click.echo(f"{soundness.files} files of the graph ({soundness.size / 1e6:,.0f} MB) are as they were written.")
    if soundness.unchecked:
        click.echo(f"Unchecked, because an earlier version wrote them: {counted(soundness.unchecked, 'file')} of it.")
    return True


def _check_index(services: Services) -> bool:
    """Read the index through and print its state. Returns whether it is sound, as far as its checksums tell."""
    remedy = f"Run: creative-atlas reindex --home {shlex.quote(str(services.home.root))}"
    try:
        soundness = verify_index(services.home.require())
    except IndexUnusable as error:
        click.echo(f"{error.message} {remedy}", err=True)
        return False
    megabytes = soundness.size / 1e6
    click.echo(f"{soundness.files} files of the search index ({megabytes:,.0f} MB) are as they were written.")
    for name in soundness.unchecked:
        click.echo(f"Unchecked, because an earlier version wrote it: {name}.")
    if soundness.unchecked:
        click.echo(f"To have checksums for all files: {remedy}")
    return True


def _print_connectivity(snapshot: Snapshot) -> None:
    """Print the share of the largest component, then one line for each entity outside it."""
    report = connectivity(snapshot)
    click.echo(
        f"{report.largest:,} of {report.entities:,} entities ({report.share:.1%}) are in the largest of "
        f"{report.components:,} components; {report.links:,} links."
    )
    for entity in report.isolated:
        click.echo(f"  {plain(entity.label)} <{entity.iri}>: {plain(entity.reason)}")
