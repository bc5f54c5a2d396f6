"""`creative-atlas load`, `update` and `export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from graph.errors import AtlasError, EncoderUnavailable
from graph.write.writer import Progress, Writer
from web.cli.progress import progress_bar
from web.services import Services

__all__ = ["export", "load", "update"]

_PATIENT = 600.0
"""Seconds that an update may take where its author waits at the same machine."""


def load(services: Services, files: tuple[Path, ...], graph: str | None, index: bool) -> None:
    """Load files in one generation, which can be queried at once; then bring the index up to date, step by step."""
    from graph.write.rdf_load import load as load_files
    from search.indexing.lag import CarriedIndex

    with progress_bar("Loading") as progress:
        with Writer(services.home, CarriedIndex()).session() as session:
            added = load_files(session, files, graph=graph, progress=progress)
        click.echo(f"Loaded {added:,} quads." if added else "Every statement was there already; nothing changed.")
        if index:
            _follow(services, progress)


def update(services: Services, file: Path | None, expression: str | None, index: bool) -> None:
    """Run an update as over HTTP: guarded, in a fenced process, whole or not at all."""
    from web.cli.query import text_of
    from web.writer_process.service import WriteLimits, Writes

    text = text_of(file, expression)
    services.home.require()
    writes = Writes(services.home, WriteLimits(timeout=_PATIENT))
    try:
        done = writes.update(text, base=Path.cwd().as_uri() + "/")
    finally:
        writes.close()
    click.echo(f"Done; generation {int(done.generation)}.")
    if index:
        with progress_bar("Indexing") as progress:
            _follow(services, progress)


def export(services: Services, graph: str | None, name: str | None, output: Path | None) -> None:
    """Write the atlas or one graph to a file, or to standard output."""
    from graph.write.rdf_export import export as write
    from graph.write.rdf_export import format_for, opened

    chosen = format_for(name, output, graph is not None)
    store = services.live.view().snapshot.store
    if output is None:
        write(store, sys.stdout.buffer, chosen, graph)
        sys.stdout.buffer.flush()
    else:
        with opened(output) as target:
            write(store, target, chosen, graph)
        click.echo(f"Wrote {output} ({output.stat().st_size:,} bytes).", err=True)


def _follow(services: Services, progress: Progress) -> None:
    """The facts are in; an index that cannot follow now is told of, and catches up at the next chance."""
    from search.indexing.lag import catch_up, lag_of

    try:
        writer = services.writer(progress)
        while lag_of(services.home.live()) is not None:
            with writer.session() as session:  # anew at each step, so that other writers get their turn
                catch_up(session, services.home, progress)
    except EncoderUnavailable as error:
        _left_behind(error)


def _left_behind(error: AtlasError) -> None:
    click.echo(f"The search index does not know of this yet: {error}", err=True)
