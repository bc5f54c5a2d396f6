"""`creative-atlas`: the command line. Exit status 0 = done, 1 = failed, 2 = wrong usage.

Each command imports what it needs when it runs, so that a search starts in a fraction of a second.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graph.errors import AtlasError, IndexUnusable, UnknownEntity
from web.cli.evaluate import evaluate
from web.settings import Settings, starter_folder

if TYPE_CHECKING:
    from web.services import Services

__all__ = ["cli", "main"]

_home = click.option("--home", type=click.Path(path_type=Path), help="Directory of the atlas (default ./atlas).")
_index = click.option("--index/--no-index", default=True, help="Whether the search index follows at once (it does).")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def main() -> None:
    """Run the command line; the errors that we raise on purpose are one sentence on stderr."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped; nothing half-done was kept.", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except AtlasError as error:
        click.echo(f"{error.message} {error.remedy}".strip(), err=True)
        if isinstance(error, UnknownEntity) and error.nearest:
            click.echo("Nearest: " + "; ".join(f"{label} <{iri}>" for iri, label in error.nearest), err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."
        click.echo(f"{what} Check that no file is missing or closed to you, and that the disk has room.", err=True)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="creative-atlas")
def cli() -> None:
    """A knowledge graph of creative-industries policy, with the texts its facts come from."""


cli.add_command(evaluate)


def _services(home: Path | None) -> Services:
    from web.services import compose

    return compose(Settings.read(home=home))


@cli.command()
@_home
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another data folder.")
def build(home: Path | None, data: Path | None) -> None:
    """Build the starter atlas, or bring an existing one up to date."""
    from graph.seed_data.build import build as build_starter
    from graph.seed_data.load import load as load_starter
    from web.cli.progress import progress_bar

    services = _services(home)
    folder = data or starter_folder()
    live = services.home.live()
    with progress_bar("Building") as progress:
        progress("reading the data folder", 0, 0)
        starter = load_starter(folder)
        with services.writer(progress).session() as session:
            generation = build_starter(
                session, starter, built=live.manifest().get("starter", {}) if live else {}, progress=progress
            )
    if generation is None:
        click.echo(f"{services.home.root} is up to date.")
    else:
        manifest = generation.manifest()
        click.echo(
            f"Built {services.home.root}: {manifest['quads']:,} quads, "
            f"{manifest['index']['units']:,} index entries, generation {generation.number}."
        )


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--collection", default="default", show_default=True, help="The collection that the documents join.")
@_home
@_json
def ingest(paths: tuple[Path, ...], collection: str, home: Path | None, as_json: bool) -> None:
    """Take in documents: files, or directories of them."""
    from web.cli.ingest import run

    sys.exit(run(_services(home), paths, collection, as_json))


@cli.command()
@click.argument("document")
@_home
def forget(document: str, home: Path | None) -> None:
    """Take a document out again, by its IRI, its id or its title."""
    from graph.write.ingest import forget as forget_document
    from web.cli.ingest import document_named
    from web.cli.progress import progress_bar

    services = _services(home)
    found = document_named(services.live.view().snapshot, document)
    with progress_bar("Forgetting") as progress, services.writer(progress).session() as session:
        forget_document(session, services.home, found.iri)
    click.echo(f"Forgot {found.title} ({found.passages} passages).")


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--graph", help="IRI of the named graph to load into (default: the default graph).")
@_index
@_home
def load(files: tuple[Path, ...], graph: str | None, index: bool, home: Path | None) -> None:
    """Load RDF files of any syntax, gzipped or not."""
    from web.cli.write import load as run

    run(_services(home), files, graph, index)


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-e", "expression", help="The update itself.")
@_index
@_home
def update(file: Path | None, expression: str | None, index: bool, home: Path | None) -> None:
    """Run a SPARQL update, from a file, from -e, or from standard input (-)."""
    from web.cli.write import update as run

    run(_services(home), file, expression, index)


@cli.command()
@click.option("--graph", help="IRI of one named graph, or `default` (default: everything).")
@click.option(
    "--format", "format_", help="nquads, canonical, trig, jsonld; for one graph also turtle, ntriples, rdfxml."
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A file; gzipped if it ends in .gz."
)
@_home
def export(graph: str | None, format_: str | None, output: Path | None, home: Path | None) -> None:
    """Write the atlas, or one graph, as RDF."""
    from web.cli.write import export as run

    run(_services(home), graph, format_, output)


def _reindex(services: Services) -> None:
    from web.cli.progress import progress_bar
    from web.maintenance.index_repair import reindex

    services.home.require()
    with progress_bar("Indexing") as progress:
        reindex(services.writer(progress, strict=True))


@cli.command()
@_home
def reindex(home: Path | None) -> None:
    """Make the search index anew from the graph: after a change of encoder, or damage."""
    services = _services(home)
    _reindex(services)
    click.echo(f"Indexed {services.home.require().manifest()['index']['units']:,} entries.")


@cli.command()
@click.argument("text")
@click.option("--limit", default=10, show_default=True)
@click.option("--mode", type=click.Choice(["hybrid", "lexical", "dense"]), default="hybrid", show_default=True)
@click.option("--kind", multiple=True, help="passage or entity.")
@click.option("--type", "type_", multiple=True, help="IRI of a class.")
@click.option("--collection", multiple=True)
@_home
@_json
def search(
    text: str,
    limit: int,
    mode: str,
    kind: tuple[str, ...],
    type_: tuple[str, ...],
    collection: tuple[str, ...],
    home: Path | None,
    as_json: bool,
) -> None:
    """Search passages and entities in plain English."""
    from search.results.serialise import results_json
    from search.types import Filters, Query
    from web.cli.output import print_json, print_results

    query = Query(
        text=text,
        limit=limit,
        mode=mode,  # type: ignore[arg-type]  # click allows only the three
        filters=Filters(kind=kind, type=type_, collection=collection),
    )
    services = _services(home)
    try:
        results = services.atlas.search(query)
    except IndexUnusable as error:
        click.echo(f"{error.message} Making it anew from the graph.", err=True)
        _reindex(services)
        results = services.atlas.search(query)
    if as_json:
        print_json(results_json(results))
    else:
        print_results(results)


@cli.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-e", "expression", help="The query itself.")
@click.option(
    "--format", "format_", default="table", show_default=True, help="table, json, csv, tsv, xml, turtle, nt …"
)
@_home
def query(file: Path | None, expression: str | None, format_: str, home: Path | None) -> None:
    """Run a SPARQL query, from a file, from -e, or from standard input (-)."""
    from web.cli.query import run

    run(_services(home), file, expression, format_)


@cli.command()
@click.argument("name")
@_home
@_json
def entity(name: str, home: Path | None, as_json: bool) -> None:
    """Show an entity, by IRI or by name, with its facts and their sources."""
    from graph.entities.view import find, view
    from web.cli.output import print_entity, print_json
    from web.read_model.serialise import view_json

    snapshot = _services(home).live.view().snapshot
    found = view(snapshot, find(snapshot, name))
    if as_json:
        print_json(view_json(found))
    else:
        print_entity(found)


@cli.command()
@click.argument("iri", required=False)
@click.option("--reason", default="", help="Why; kept with the list, shown nowhere else.")
@click.option("--list", "listed", is_flag=True, help="Show what is suppressed.")
@_home
def suppress(iri: str | None, reason: str, listed: bool, home: Path | None) -> None:
    """Take an entity out, and keep it out of every later build and ingest."""
    from web.cli.suppress import add, show

    if listed == (iri is not None):
        raise click.UsageError("Give an IRI, or --list.")
    services = _services(home)
    if iri is None:
        show(services)
    else:
        add(services, iri, reason)


@cli.command()
@click.argument("iri")
@_home
def unsuppress(iri: str, home: Path | None) -> None:
    """Let an entity come back with the next build or ingest."""
    from web.cli.suppress import lift

    lift(_services(home), iri)


@cli.command()
@click.option("--accept", multiple=True, metavar="IRI", help="This quote says what its claim says.")
@click.option("--reject", multiple=True, metavar="IRI", help="This quote does not; it is no longer shown.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@_home
def quotes(accept: tuple[str, ...], reject: tuple[str, ...], limit: int, home: Path | None) -> None:
    """List the quotes found for cited claims, or decide on some."""
    from web.cli.quotes import decide, show

    services = _services(home)
    if accept or reject:
        decide(services, accept, reject)
    else:
        show(services, limit)


@cli.command()
@click.option("--network", is_flag=True, help="Tell how the entities hang together, and which stand apart.")
@_home
def check(network: bool, home: Path | None) -> None:
    """Check the facts against the shapes, and the search index against what was written to it."""
    from graph.metadata.shacl import validate
    from web.cli.check import check_index

    services = _services(home)
    if network:
        from web.cli.output import print_connectivity

        print_connectivity(services.live.view().snapshot)
        return
    report = validate(services.live.view().snapshot, starter_folder() / "shapes.ttl")
    for line in report.violations:
        click.echo(line, err=True)
    click.echo(f"{len(report.violations)} violations in {report.checked:,} triples.")
    if not check_index(services) or report.violations:
        sys.exit(1)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--public", is_flag=True, help="Let anyone who can reach the host read the atlas.")
@_home
def serve(host: str, port: int, public: bool, home: Path | None) -> None:
    """Serve the site, the API and SPARQL."""
    from graph.sandbox.seccomp import available
    from graph.storage.generations import Home
    from web.server import address as server

    settings = Settings.read(home=home)
    Home(settings.home).require()
    server.check_address(host, port, public=public, settings=settings, fenced=settings.unfenced or available())
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Serving {settings.home} at http://{shown}:{port}/ (stop with Ctrl+C)")
    server.serve(settings, host, port, home=settings.home)


if __name__ == "__main__":
    main()
