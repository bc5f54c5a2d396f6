"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

from web.services import Services, compose
from web.settings import Settings

__all__ = ["home_option", "index_option", "json_option"]


def _compose(context: click.Context, _: click.Parameter, home: Path | None) -> Services:
    """Services of the atlas named after the command, else of the one before it, else of the environment's."""
    return compose(Settings.read(home=home or context.find_object(Path)))


home_option = click.option(
    "--home",
    "services",
    type=click.Path(path_type=Path),
    callback=_compose,
    help="Directory of the atlas (default ./atlas).",
)
"""`--home DIR`, before or after the command; the command gets `services: Services`."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

index_option = click.option(
    "--index/--no-index", default=True, help="Whether the search index follows at once (default: it does)."
)
