"""`creative-atlas`: the command line. Exit status 0 = done, 1 = failure, 2 = wrong usage."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final, cast

import click

from graph.errors import AtlasError, UnknownEntity
from graph.storage.engine_faults import store_fault

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS: Final = {
    "init": "init",
    "build": "build",
    "load": "rdf",
    "ingest": "ingest",
    "forget": "ingest",
    "search": "search",
    "query": "query",
    "update": "rdf",
    "export": "rdf",
    "entity": "entity",
    "quotes": "quotes",
    "suppress": "suppress",
    "unsuppress": "suppress",
    "check": "check",
    "rollback": "rollback",
    "reindex": "search",
    "evaluate": "evaluate",
    "serve": "serve",
}
"""Command → the module of this package that defines it, under the same name."""


class LazyGroup(click.Group):
    """Group that imports a command's module when the command is used: a search starts in a fraction of a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"web.cli.{COMMANDS[cmd_name]}")
        return cast(click.Command, getattr(module, cmd_name))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="creative-atlas")
@click.option("--home", type=click.Path(path_type=Path), help="Directory of the atlas, for the command that follows.")
@click.pass_context
def cli(context: click.Context, home: Path | None) -> None:
    """A knowledge graph with the texts that its facts come from."""
    context.obj = home


def main() -> None:
    """Run the command line. Errors that this software raises on purpose become one sentence on stderr."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped; nothing half-done was kept.", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except AtlasError as error:
        click.echo(str(error), err=True)
        if isinstance(error, UnknownEntity) and error.nearest:
            click.echo("Nearest: " + "; ".join(f"{label} <{iri}>" for iri, label in error.nearest), err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except (OSError, RuntimeError) as error:
        fault = store_fault(error)
        if fault is not None:
            click.echo(str(fault), err=True)
            sys.exit(1)
        if not isinstance(error, OSError):
            raise
        problem = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."
        click.echo(f"{problem} Check that no file is missing or closed to you, and that the disk has room.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
