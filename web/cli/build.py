"""`creative-atlas build`: the starter atlas that ships with the software."""

from __future__ import annotations

from pathlib import Path

import click

from graph.seed_data.build import build as build_starter
from graph.seed_data.load import load as load_starter
from web.cli.options import home_option
from web.cli.progress import progress_bar
from web.services import Services
from web.settings import starter_folder

__all__ = ["build"]


@click.command()
@home_option
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another data folder.")
def build(services: Services, data: Path | None) -> None:
    """Build the starter atlas, or bring an existing one up to date."""
    live = services.home.live()
    with progress_bar("Building") as progress:
        progress("reading the data folder", 0, 0)
        starter = load_starter(data or starter_folder())
        with services.writer(progress).session() as session:
            built = live.manifest().get("starter", {}) if live else {}
            generation = build_starter(session, starter, built=built, progress=progress)
    if generation is None:
        click.echo(f"{services.home.root} is up to date.")
        return
    manifest = generation.manifest()
    click.echo(
        f"Built {services.home.root}: {manifest['quads']:,} quads, "
        f"{manifest['index']['units']:,} index entries, generation {generation.number}."
    )
