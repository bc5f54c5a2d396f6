"""`creative-atlas evaluate`: how well the shipped search ranks, on judged sets and on relevance cases."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from graph.errors import InputError
from web.settings import Settings

__all__ = ["evaluate"]

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_home = click.option("--home", type=click.Path(path_type=Path), help="Directory of the atlas (default ./atlas).")


@click.group()
def evaluate() -> None:
    """Measure the search: on a set in BEIR's layout, or on relevance cases."""


@evaluate.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--mode", type=click.Choice(["hybrid", "lexical", "dense"]), default="hybrid", show_default=True)
@click.option("--work", type=click.Path(path_type=Path), help="Keep the set's index here, to use it again.")
@click.option("--run", "run_file", type=click.Path(path_type=Path), help="Write each query's measures to this file.")
@click.option("--against", type=click.Path(path_type=Path, exists=True), help="Compare with an earlier --run file.")
@_json
def retrieval(
    folder: Path, mode: str, work: Path | None, run_file: Path | None, against: Path | None, as_json: bool
) -> None:
    """Index the set in DIR, search it, and measure: nDCG@10, recall@100, MRR, MAP."""
    from search.evaluate import MEASURES, compare

    with TemporaryDirectory() as made:
        queries = _measured(folder, mode, work or Path(made) / "index")
    means = {name: sum(row[name] for row in queries.values()) / len(queries) for name in MEASURES}
    report: dict[str, Any] = {"mode": mode, "queries": len(queries), "measures": means}
    if against:
        other = _read_run(against)
        shared = sorted(queries.keys() & other.keys())
        if not shared:
            raise InputError(f"{against.name} has none of these queries.", "Compare two runs over the same set.")
        report["against"] = {
            name: {
                "mean": sum(other[query][name] for query in shared) / len(shared),
                "p": compare([queries[query][name] for query in shared], [other[query][name] for query in shared]),
            }
            for name in MEASURES
        }
    if run_file:
        run_file.write_text(json.dumps(queries, indent=1), "utf-8")
    if as_json:
        click.echo(json.dumps(report | {"per_query": queries}))
        return
    click.echo(f"{len(queries)} queries, {mode}")
    for name, mean in means.items():
        versus = report["against"][name] if against else None
        beside = f"   against {versus['mean']:.4f}, p = {versus['p']:.4f}" if versus else ""
        click.echo(f"{name:12}{mean:.4f}{beside}")


@evaluate.command()
@click.argument("cases", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--collection", default="starter", show_default=True, help="Where the cases' documents are.")
@click.option("--least", default=0, show_default=True, help="Exit status 1 when fewer cases pass.")
@_home
@_json
def golden(cases: Path, collection: str, least: int, home: Path | None, as_json: bool) -> None:
    """Run relevance CASES (JSON lines) against the atlas and explain each failure."""
    from search.golden import read_cases
    from web.compose import compose

    services = compose(Settings.read(home=home))
    held = read_cases(cases)
    report = {case.id: case.failures(_documents(services.atlas.search, case.query, collection)) for case in held}
    failed = {name: wrong for name, wrong in report.items() if wrong}
    if as_json:
        click.echo(json.dumps({"cases": len(report), "passed": len(report) - len(failed), "failed": failed}))
    else:
        for case in held:
            for wrong in report[case.id]:
                click.echo(f"{case.id} “{case.query}” ({case.why}): {wrong}")
        click.echo(f"{len(report) - len(failed)} of {len(report)} cases pass")
    if len(report) - len(failed) < least:
        sys.exit(1)


def _documents(search: Callable[..., Any], text: str, collection: str) -> list[str]:
    from search.types import Filters, Query

    found = search(Query(text, limit=50, filters=Filters(kind=("passage",), collection=(collection,))))
    return [hit.document.id for hit in found.hits if hit.document]


def _measured(folder: Path, mode: str, work: Path) -> dict[str, dict[str, float]]:
    """The measures of each judged query, over an index of the set in `work` (made when it is not there)."""
    from search.encoder import open_encoder
    from search.evaluate import measure, read_beir, read_corpus
    from search.index import Index, build
    from search.searcher import Searcher
    from search.types import Query

    settings = Settings.read()
    judged = read_beir(folder)
    if not (work / "dense" / "index.json").is_file():
        encoder = open_encoder(settings.model, settings.cache, threads=os.cpu_count() or 1)
        build(read_corpus(folder), work, encoder, lambda done: click.echo(f"\r{done:,} indexed", nl=False, err=True))
        click.echo(err=True)
    encoder = open_encoder(settings.model, settings.cache)
    searcher = Searcher(Index.open(work, encoder=encoder.id), lambda: encoder)
    found = {}
    for query in judged:
        hits = searcher.search(Query(query.text[:2_000], limit=100, mode=mode)).hits  # type: ignore[arg-type]
        found[query.id] = measure([hit.iri for hit in hits], query.grades)
    return found


def _read_run(path: Path) -> dict[str, dict[str, float]]:
    from search.evaluate import MEASURES

    try:
        raw = json.loads(path.read_text("utf-8"))
        return {str(query): {name: float(row[name]) for name in MEASURES} for query, row in raw.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name} is no run.", "Give a file that --run wrote.") from error
