"""`creative-atlas load`, `update` and `export`: RDF in and out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import click

from graph.errors import EncoderUnavailable
from graph.write import rdf_export
from graph.write.rdf_parse import parse_seconds
from graph.write.writer import Progress
from search.indexing.lag import catch_up, lag_of
from web.cli.options import home_option, index_option
from web.cli.output import counted
from web.cli.progress import progress_bar
from web.cli.query import sparql_text
from web.services import Services
from web.writer_process.service import WriteLimits, Writes

__all__ = ["export", "load", "update"]

UPDATE_TIMEOUT_SECONDS: Final = 600.0
"""An update may take longer here than over HTTP: its author waits for it at the same machine."""

LOAD_TIMEOUT_SECONDS: Final = 600.0
"""Added to the time that the files take to parse."""

_UNPACKING: Final = 20
"""Times its own length that a gzipped file is expected to hold."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--graph", help="IRI of the named graph to load into (default: the default graph).")
@index_option
@home_option
def load(files: tuple[Path, ...], graph: str | None, index: bool, services: Services) -> None:
    """Load RDF files of any syntax, gzipped or not, into an atlas or into a new one.

    All the files become one generation, which can be queried at once; the search index follows step by step.
    """
    with progress_bar("Loading") as progress:
        writes = Writes(services.home, _load_limits(files, services.settings.max_term_bytes))
        try:
            loaded = writes.load(files, graph=graph, progress=progress)
        finally:
            writes.close()
        click.echo(f"Loaded {counted(loaded.added, 'quad')}." if loaded.added else _nothing_new(loaded.empty))
        if index:
            _update_index(services, progress)


def _load_limits(files: tuple[Path, ...], term_bytes: int) -> WriteLimits:
    """More time and memory than over HTTP: who loads files waits for them at the same machine."""
    sizes = [path.stat().st_size * (_UNPACKING if path.suffix == ".gz" else 1) for path in files if path.is_file()]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return WriteLimits(
        upload_timeout=parse_seconds(sum(sizes)) + LOAD_TIMEOUT_SECONDS,
        memory=max(memory, WriteLimits().memory),
        term_bytes=term_bytes,
    )


def _nothing_new(empty: tuple[str, ...]) -> str:
    if not empty:
        return "The files hold no new statement; nothing changed."
    names = ", ".join(Path(name).name for name in empty[:5])
    hint = ""
    if any(name.endswith(".jsonld") for name in empty):
        hint = " JSON without an @context that explains its names says nothing."
    return f"No statements in {names}; nothing changed.{hint}"


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-e", "expression", help="The update itself.")
@index_option
@home_option
def update(file: Path | None, expression: str | None, index: bool, services: Services) -> None:
    """Run a SPARQL update, from a file, from -e, or from standard input (-).

    As over HTTP it is guarded, runs in a sandboxed process, and is done whole or not at all.
    """
    text = sparql_text(file, expression)
    services.home.require()
    settings = services.settings
    limits = WriteLimits(
        timeout=UPDATE_TIMEOUT_SECONDS, term_bytes=settings.max_term_bytes, max_removed=settings.max_removed
    )
    writes = Writes(services.home, limits)
    try:
        result = writes.update(text, base=Path.cwd().as_uri() + "/")
    finally:
        writes.close()
    click.echo(f"Done; generation {int(result.generation)}.")
    if index:
        with progress_bar("Indexing") as progress:
            _update_index(services, progress)


@click.command()
@click.option("--graph", help="IRI of one named graph, or `default` (default: everything).")
@click.option(
    "--format", "format_", help="nquads, canonical, trig, jsonld; for one graph also turtle, ntriples, rdfxml."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A file; gzipped if it ends in .gz."
)
@home_option
def export(graph: str | None, format_: str | None, output: Path | None, services: Services) -> None:
    """Write the atlas, or one graph, as RDF."""
    chosen = rdf_export.format_for(format_, output, graph is not None)
    store = services.live.view().snapshot.store
    if output is None:
        rdf_export.export(store, sys.stdout.buffer, chosen, graph)
        sys.stdout.buffer.flush()
    else:
        with rdf_export.opened(output) as target:
            rdf_export.export(store, target, chosen, graph)
        click.echo(f"Wrote {output} ({output.stat().st_size:,} bytes).", err=True)


def _update_index(services: Services, progress: Progress) -> None:
    """Bring the search index up to date. The facts are published: without the encoder the index follows later."""
    try:
        writer = services.writer(progress)
        while lag_of(services.home.live()) is not None:
            with writer.session() as session:  # a new one for each step, so that other writers get their turn
                catch_up(session, services.home, progress)
    except EncoderUnavailable as error:
        click.echo(f"The search index does not know of this yet: {error}", err=True)
