"""`creative-atlas query`: the same guarded, killable query as over HTTP, printed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from graph.errors import InputError, UnreadableFile
from graph.sparql.formats import by_name, offered
from web.cli.output import print_table
from web.read_model.reader import Slice
from web.services import Services

__all__ = ["run", "text_of"]

_SHOWN = 100


def run(services: Services, file: Path | None, expression: str | None, format_: str) -> None:
    """Raises QueryError, or InputError for a format that does not suit the query."""
    query = text_of(file, expression)
    view = services.live.view()
    with services.pool as pool:
        if format_ == "table":
            print_table(services.atlas.now().select(query, "command-line", Slice(limit=_SHOWN)))
            return
        form = pool.check(query).form
        chosen = by_name(format_, offered(form))
        if chosen is None:
            raise InputError(
                f"{format_!r} is not a format for this query.",
                f"Use table or one of: {', '.join(each.name for each in offered(form))}.",
            )
        with pool.run(view.generation.path, query, media_type=chosen.media_type) as result:
            for chunk in result.chunks():
                sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def text_of(file: Path | None, expression: str | None) -> str:
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
