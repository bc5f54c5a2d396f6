"""`creative-atlas evaluate`: how well the shipped search ranks, on judged sets and on relevance cases."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from graph.errors import InputError
from web.settings import Settings

if TYPE_CHECKING:
    from search.evaluation.cases import Case
    from search.types import Hit, Results

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
    from search.evaluation.measures import MEASURES, compare

    with TemporaryDirectory() as made:
        queries, notes = _measured(folder, mode, work or Path(made) / "index")
    means = {name: sum(row[name] for row in queries.values()) / len(queries) for name in MEASURES}
    report: dict[str, Any] = {"mode": mode, "queries": len(queries), "measures": means, "notes": notes}
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
    for note in notes:
        click.echo(note, err=True)
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
    from search.evaluation.cases import read_cases
    from web.services import compose

    services = compose(Settings.read(home=home))
    held = read_cases(cases)
    found = {case.id: _hits(services.atlas.search, case.query, collection) for case in held}
    report = {case.id: case.failures(_documents(found[case.id])) for case in held}
    failed = {name: wrong for name, wrong in report.items() if wrong}
    why = {case.id: _reasons(case, found[case.id]) for case in held if case.id in failed}
    if as_json:
        passed = {"cases": len(report), "passed": len(report) - len(failed)}
        click.echo(json.dumps(passed | {"failed": failed, "why": why}))
    else:
        for case in held:
            for wrong in report[case.id]:
                click.echo(f"{case.id} “{case.query}” ({case.why}): {wrong}")
            for reason in why.get(case.id, ()):
                click.echo(f"    {reason}")
        click.echo(f"{len(report) - len(failed)} of {len(report)} cases pass")
    if len(report) - len(failed) < least:
        sys.exit(1)


def _hits(search: Callable[..., Results], text: str, collection: str) -> tuple[Hit, ...]:
    from search.types import Filters, Query

    asked = Query(text, limit=100, filters=Filters(kind=("passage",), collection=(collection,)))
    return search(asked).hits


def _documents(hits: Sequence[Hit]) -> list[str]:
    return [hit.document.id for hit in hits if hit.document and hit.document.id]


def _reasons(case: Case, hits: Sequence[Hit]) -> list[str]:
    """How the scores came about: of the first hit, and of the best passage of each document that the case names."""
    best: dict[str, Hit] = {}
    for name, hit in zip(_documents(hits), hits, strict=True):
        best.setdefault(name, hit)
    named = [*case.must, *case.must_not, *(name for pair in case.before for name in pair)]
    shown = dict.fromkeys([*list(best)[:1], *(name for name in named if name in best)])
    return [f"{name}: {_sum(best[name])}" for name in shown]


def _sum(hit: Hit) -> str:
    """The score as the sum that it is, and the words that were found."""
    why = hit.explain
    parts = [
        *([f"words {why.lexical_weight * why.lexical:.3f}"] if why.lexical is not None else []),
        *([f"meaning {why.dense_weight * why.dense:.3f}"] if why.dense is not None else []),
        *(f"{name} {value:.3f}" for name, value in why.boosts),
    ]
    words = ", ".join(dict.fromkeys(term.term for term in why.terms))
    return f"{hit.score:.3f} = {' + '.join(parts)} ({words or 'no word of the query'})"


def _measured(folder: Path, mode: str, work: Path) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The measures of each judged query, over an index of the set in `work` (made when it is not there), and notes on
    those that cannot be asked: they have found nothing."""
    from search.encoders.open import open_encoder
    from search.evaluation.measures import measure, read_beir, read_corpus
    from search.index.index import Index, build
    from search.searcher import Searcher
    from search.types import Query

    settings = Settings.read()
    judged = read_beir(folder)
    if not (work / "dense" / "index.json").is_file():
        if not sum(1 for _ in read_corpus(folder)):  # to the last row: to index what comes before a bad one takes hours
            raise InputError("corpus.jsonl holds no document.", "Write one on each line, with _id, title and text.")
        encoder = open_encoder(settings.model, settings.cache, threads=os.cpu_count() or 1)
        build(read_corpus(folder), work, encoder, lambda done: click.echo(f"\r{done:,} indexed", nl=False, err=True))
        click.echo(err=True)
    encoder = open_encoder(settings.model, settings.cache)
    searcher = Searcher(Index.open(work, encoder=encoder.id), lambda: encoder)
    found: dict[str, dict[str, float]] = {}
    notes: list[str] = []
    for query in judged:
        hits: tuple[Hit, ...] = ()
        try:
            hits = searcher.search(Query(query.text[:2_000], limit=100, mode=mode)).hits  # type: ignore[arg-type]
        except InputError as error:
            notes.append(f"Query {query.id} counts as having found nothing: {error.message}")
        found[query.id] = measure([hit.iri for hit in hits], query.grades)
    return found, notes


def _read_run(path: Path) -> dict[str, dict[str, float]]:
    from search.evaluation.measures import MEASURES

    try:
        raw = json.loads(path.read_text("utf-8"))
        return {str(query): {name: float(row[name]) for name in MEASURES} for query, row in raw.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path.name} is no run.", "Give a file that --run wrote.") from error
