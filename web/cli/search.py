"""`creative-atlas search` and `reindex`."""

from __future__ import annotations

import click

from graph.errors import IndexUnusable
from search.results.serialise import results_json
from search.types import Filters, Query, Results
from web.cli.options import home_option, json_option
from web.cli.output import next_steps, print_json, print_results
from web.cli.progress import progress_bar
from web.maintenance.index_repair import reindex as rebuild_index
from web.services import Services

__all__ = ["reindex", "search"]


@click.command()
@click.argument("text")
@click.option("--limit", default=10, show_default=True)
@click.option("--mode", type=click.Choice(["hybrid", "lexical", "dense"]), default="hybrid", show_default=True)
@click.option("--kind", multiple=True, help="passage or entity.")
@click.option("--type", "types", multiple=True, help="IRI of a class.")
@click.option("--collection", "collections", multiple=True)
@home_option
@json_option
def search(
    text: str,
    *,
    limit: int,
    mode: str,
    kind: tuple[str, ...],
    types: tuple[str, ...],
    collections: tuple[str, ...],
    services: Services,
    as_json: bool,
) -> None:
    """Search passages and entities in plain English."""
    query = Query(
        text=text,
        limit=limit,
        mode=mode,  # type: ignore[arg-type]  # click allows only the three
        filters=Filters(kind=kind, type=types, collection=collections),
    )
    is_empty = services.live.view().snapshot.is_empty()
    results = _no_results(services, query) if is_empty else _results(services, query)
    if as_json:
        print_json(results_json(results))
    elif is_empty:
        click.echo(f"Nothing found. {results.hint}")
    else:
        print_results(results)


def _no_results(services: Services, query: Query) -> Results:
    """Results of a search in an empty atlas, which needs neither index nor encoder."""
    hint = f"This atlas is empty. {next_steps(services.home)}"
    return Results(query.text, total=0, took_ms=0.0, hits=(), mode=query.mode, hint=hint)


def _results(services: Services, query: Query) -> Results:
    """Results of the search, after a rebuild of the index where it cannot be used."""
    try:
        return services.atlas.search(query)
    except IndexUnusable as error:
        click.echo(f"{error.message} It is rebuilt from the graph.", err=True)
        _reindex(services)
        return services.atlas.search(query)


@click.command()
@home_option
def reindex(services: Services) -> None:
    """Rebuild the search index from the graph: after a change of encoder, or damage."""
    _reindex(services)
    click.echo(f"Indexed {services.home.require().manifest()['index']['units']:,} entries.")


def _reindex(services: Services) -> None:
    services.home.require()
    with progress_bar("Indexing") as progress:
        rebuild_index(services.writer(progress, strict=True))
