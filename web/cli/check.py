"""What `creative-atlas check` says of the search index."""

from __future__ import annotations

import shlex

import click

from graph.errors import IndexUnusable
from web.maintenance.index_repair import verify_index
from web.services import Services

__all__ = ["check_index"]


def check_index(services: Services) -> bool:
    """Read the index through and print what was found. Whether there is nothing to do."""
    home = services.home.require()
    remedy = f"Run: creative-atlas reindex --home {shlex.quote(str(services.home.root))}"
    try:
        found = verify_index(home)
    except IndexUnusable as error:
        click.echo(f"{error.message} {remedy}", err=True)
        return False
    click.echo(f"{found.files} files of the search index ({found.size / 1e6:,.0f} MB) are as they were written.")
    for name in found.unchecked:
        click.echo(f"Unchecked, for an earlier version wrote it: {name}.")
    if found.unchecked:
        click.echo(f"To have them made with checksums: {remedy[5:]}")
    return True
