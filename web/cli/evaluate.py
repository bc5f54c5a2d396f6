"""`creative-atlas evaluate`: how well the shipped search ranks, on judged sets and on relevance cases."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from graph.errors import InputError
from search.encoders.open_encoder import open_encoder
from search.evaluation.cases import Case, read_cases
from search.evaluation.measures import MEASURES, compare, measure, read_beir, read_corpus
from search.index.index import Index, build
from search.searcher import Searcher
from search.types import Filters, Hit, Query
from web.cli.options import home_option, json_option
from web.services import Services
from web.settings import Settings

__all__ = ["evaluate"]

Run = dict[str, dict[str, float]]
"""Query id → measure → its value, from 0 to 1, higher is better."""


@click.group()
def evaluate() -> None:
    """Measure the search: on a set in BEIR's layout, or on relevance cases."""


@evaluate.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--mode", type=click.Choice(["hybrid", "lexical", "dense"]), default="hybrid", show_default=True)
@click.option("--work", type=click.Path(path_type=Path), help="Keep the set's index here, to use it again.")
@click.option("--run", "run_file", type=click.Path(path_type=Path), help="Write each query's measures to this file.")
@click.option("--against", type=click.Path(path_type=Path, exists=True), help="Compare with an earlier --run file.")
@json_option
def retrieval(
    folder: Path, mode: str, *, work: Path | None, run_file: Path | None, against: Path | None, as_json: bool
) -> None:
    """Index the set in DIR, search it, and measure: nDCG@10, recall@100, MRR, MAP."""
    with TemporaryDirectory() as scratch:
        run, notes = _measure_set(folder, mode, work or Path(scratch) / "index")
    means = {name: sum(row[name] for row in run.values()) / len(run) for name in MEASURES}
    report: dict[str, Any] = {"mode": mode, "queries": len(run), "measures": means, "notes": notes}
    if against:
        report["against"] = _comparison(run, against)
    if run_file:
        run_file.write_text(json.dumps(run, indent=1), "utf-8")
    if as_json:
        click.echo(json.dumps(report | {"per_query": run}))
        return
    for note in notes:
        click.echo(note, err=True)
    click.echo(f"{len(run)} queries, {mode}")
    for name, mean in means.items():
        other = report["against"][name] if against else None
        comparison = f"   against {other['mean']:.4f}, p = {other['p']:.4f}" if other else ""
        click.echo(f"{name:12}{mean:.4f}{comparison}")


def _comparison(run: Run, path: Path) -> dict[str, dict[str, float]]:
    """Measure → its mean in the run of a file, and the p of the difference, over the queries that both runs have."""
    other = _read_run(path)
    shared = sorted(run.keys() & other.keys())
    if not shared:
        raise InputError(f"{path.name} has none of these queries.", "Compare two runs over the same set.")
    return {
        name: {
            "mean": sum(other[query][name] for query in shared) / len(shared),
            "p": compare([run[query][name] for query in shared], [other[query][name] for query in shared]),
        }
        for name in MEASURES
    }


def _measure_set(folder: Path, mode: str, work: Path) -> tuple[Run, list[str]]:
    """Measures of each judged query, over an index of the set in `work` (made when it is not there).

    The notes name the queries that the search refuses: they count as having no hits.
    """
    settings = Settings.read()
    judged = read_beir(folder)
    if not (work / "dense" / "index.json").is_file():
        _index_set(folder, work, settings)
    encoder = open_encoder(settings.model, settings.cache)
    searcher = Searcher(Index.open(work, encoder=encoder.id), lambda: encoder)
    run: Run = {}
    notes: list[str] = []
    for query in judged:
        hits: tuple[Hit, ...] = ()
        try:
            hits = searcher.search(Query(query.text[:2_000], limit=100, mode=mode)).hits  # type: ignore[arg-type]
        except InputError as error:
            notes.append(f"Query {query.id} counts as having found nothing: {error.message}")
        run[query.id] = measure([hit.iri for hit in hits], query.grades)
    return run, notes


def _index_set(folder: Path, work: Path, settings: Settings) -> None:
    # The corpus is read to its last row first: to index what comes before a bad one takes hours.
    if not sum(1 for _ in read_corpus(folder)):
        raise InputError("corpus.jsonl holds no document.", "Write one on each line, with _id, title and text.")
    encoder = open_encoder(settings.model, settings.cache, threads=os.cpu_count() or 1)
    build(read_corpus(folder), work, encoder, lambda done: click.echo(f"\r{done:,} indexed", nl=False, err=True))
    click.echo(err=True)


def _read_run(path: Path) -> Run:
    try:
        raw = json.loads(path.read_text("utf-8"))
        return {str(query): {name: float(row[name]) for name in MEASURES} for query, row in raw.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name} is no run.", "Give a file that --run wrote.") from error


@evaluate.command()
@click.argument("file", metavar="CASES", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--collection", default="starter", show_default=True, help="Where the cases' documents are.")
@click.option("--least", default=0, show_default=True, help="Exit status 1 when fewer cases pass.")
@home_option
@json_option
def golden(file: Path, collection: str, least: int, *, services: Services, as_json: bool) -> None:
    """Run relevance CASES (JSON lines) against the atlas and explain each failure."""
    cases = read_cases(file)
    hits = {case.id: _hits(services, case.query, collection) for case in cases}
    failures = {case.id: case.failures(_documents(hits[case.id])) for case in cases}
    failed = {case_id: problems for case_id, problems in failures.items() if problems}
    why = {case.id: _explanations(case, hits[case.id]) for case in cases if case.id in failed}
    passed = len(cases) - len(failed)
    if as_json:
        click.echo(json.dumps({"cases": len(cases), "passed": passed, "failed": failed, "why": why}))
    else:
        for case in cases:
            for problem in failures[case.id]:
                click.echo(f"{case.id} “{case.query}” ({case.why}): {problem}")
            for line in why.get(case.id, ()):
                click.echo(f"    {line}")
        click.echo(f"{passed} of {len(cases)} cases pass")
    if passed < least:
        sys.exit(1)


def _hits(services: Services, text: str, collection: str) -> tuple[Hit, ...]:
    filters = Filters(kind=("passage",), collection=(collection,))
    return services.atlas.search(Query(text, limit=100, filters=filters)).hits


def _documents(hits: Sequence[Hit]) -> list[str]:
    return [hit.document.id for hit in hits if hit.document and hit.document.id]


def _explanations(case: Case, hits: Sequence[Hit]) -> list[str]:
    """Scores of the first hit, and of the best passage of each document that the case names."""
    best: dict[str, Hit] = {}
    for name, hit in zip(_documents(hits), hits, strict=True):
        best.setdefault(name, hit)
    named = [*case.must, *case.must_not, *(name for pair in case.before for name in pair)]
    explained = dict.fromkeys([*list(best)[:1], *(name for name in named if name in best)])
    return [f"{name}: {_sum(best[name])}" for name in explained]


def _sum(hit: Hit) -> str:
    """The score as the sum that it is, and the words that matched."""
    why = hit.explain
    parts = [
        *([f"words {why.lexical_weight * why.lexical:.3f}"] if why.lexical is not None else []),
        *([f"meaning {why.dense_weight * why.dense:.3f}"] if why.dense is not None else []),
        *(f"{name} {value:.3f}" for name, value in why.boosts),
    ]
    words = ", ".join(dict.fromkeys(term.term for term in why.terms))
    return f"{hit.score:.3f} = {' + '.join(parts)} ({words or 'no word of the query'})"
