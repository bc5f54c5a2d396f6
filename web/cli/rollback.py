"""`creative-atlas rollback`: back to an earlier generation, after it has said what goes."""

from __future__ import annotations

from typing import Final

import click

from graph.write.rollback import LostGeneration, RollbackPlan, plan_rollback, roll_back
from web.cli.options import home_option
from web.cli.output import counted
from web.services import Services

__all__ = ["rollback"]

_CHANGES: Final = {
    "http": "an update or upload over HTTP",
    "load": "a load of RDF",
    "init": "the beginning of the atlas",
    "review": "a review of quotes",
    "index": "a step of the search index; no write",
    "rollback": "a rollback",
}
"""Note in the manifest → what made the generation. Builds, ingests and removals leave none."""


@click.command()
@click.argument("generation")
@click.option("--yes", is_flag=True, help="Go back without asking.")
@home_option
def rollback(generation: str, yes: bool, services: Services) -> None:
    """Go back to an earlier GENERATION, such as 000041. Says which acknowledged writes go, and asks first.

    The earlier state is published again under a new number. A running server goes on with it at once.
    """
    plan = plan_rollback(services.home, generation)
    _print_plan(plan)
    if not yes:
        click.confirm("Go back?", abort=True)
    published = roll_back(services.home, plan)
    click.echo(f"Generation {published.name} is live; it holds what {plan.target.name} held.")


def _print_plan(plan: RollbackPlan) -> None:
    writes = sum(state.is_write for state in plan.lost)
    click.echo(
        f"Going back to generation {plan.target.name}, published {plan.published:%Y-%m-%d %H:%M} UTC, takes out "
        f"{counted(writes, 'acknowledged write')}{':' if plan.lost else '.'}"
    )
    for state in plan.lost:
        click.echo(f"  {_line(state)}")
    if plan.unknown:
        first, last = plan.unknown[0], plan.unknown[-1]
        span = first if first == last else f"{first} to {last}"
        click.echo(f"  {span}: no longer on disk, so it is not known what they wrote; that goes too")
    click.echo("Originals of documents stay in files/.")


def _line(state: LostGeneration) -> str:
    what = _CHANGES.get(state.change, "a build, an ingest or a removal")
    quads = f", {counted(state.quads, 'quad')}" if state.quads is not None else ""
    return f"{state.name}, {state.published:%Y-%m-%d %H:%M} UTC: {what}{quads}"
