"""`creative-atlas query`: the same guarded, killable query as over HTTP, printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from graph.errors import InputError, UnreadableFile
from graph.sparql.formats import by_name, offered
from web.cli.options import home_option
from web.cli.output import next_steps, print_table
from web.read_model.reader import Slice
from web.services import Services

__all__ = ["query", "sparql_text"]

MAX_TABLE_ROWS: Final = 100


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-e", "expression", help="The query itself.")
@click.option(
    "--format", "format_", default="table", show_default=True, help="table, json, csv, tsv, xml, turtle, nt …"
)
@home_option
def query(file: Path | None, expression: str | None, format_: str, services: Services) -> None:
    """Run a SPARQL query, from a file, from -e, or from standard input (-)."""
    text = sparql_text(file, expression)
    snapshot = services.live.view().snapshot
    with services.pool:
        if format_ == "table":
            print_table(services.atlas.now().select(text, "command-line", Slice(limit=MAX_TABLE_ROWS)))
        else:
            _write(services, text, format_)
    if snapshot.is_empty():
        click.echo(f"This atlas is empty. {next_steps(services.home)}", err=True)


def _write(services: Services, text: str, format_name: str) -> None:
    """Write the result to standard output. Raises InputError for a format that does not suit the query."""
    form = services.pool.check(text).form
    chosen = by_name(format_name, offered(form))
    if chosen is None:
        raise InputError(
            f"{format_name!r} is not a format for this query.",
            f"Use table or one of: {', '.join(choice.name for choice in offered(form))}.",
        )
    generation = services.live.view().generation
    with services.pool.run(generation.path, text, media_type=chosen.media_type) as result:
        for chunk in result.chunks():
            sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def sparql_text(file: Path | None, expression: str | None) -> str:
    """The SPARQL text: an expression, a file, or standard input (-). Raises UnreadableFile and UsageError."""
    if (file is None) == (expression is None):
        raise click.UsageError("Give a query file, - for standard input, or -e QUERY.")
    if expression is not None:
        return expression
    assert file is not None  # noqa: S101  one of the two is there
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read ({error.strerror}).", "Check the name.", path=file) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{file} is not UTF-8 text.", "Save the query as UTF-8.", path=file) from error
