"""Measures of the search on judged sets and relevance cases, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from graph.errors import InputError
from web.cli.evaluate import evaluate


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    texts = ("Loans help studios grow.", "Games are made in Dundee.", "Skilled people leave for London.")
    corpus = [{"_id": str(n), "title": "", "text": text} for n, text in enumerate(texts)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus), "utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "games Dundee"}\n', "utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\t1\t1\n", "utf-8")
    return tmp_path


def test_a_set_is_indexed_searched_measured_and_compared(judged: Path, cache: Path) -> None:
    runner = CliRunner(env={"CREATIVE_ATLAS_CACHE": str(cache)})
    work, run = str(judged / "index"), str(judged / "run.json")
    first = runner.invoke(evaluate, ["retrieval", str(judged), "--mode", "lexical", "--work", work, "--run", run])
    assert first.exit_code == 0 and "ndcg@10     1.0000" in first.output
    again = runner.invoke(evaluate, ["retrieval", str(judged), "--work", work, "--against", run, "--json"])
    report = json.loads(again.stdout)
    assert report["per_query"]["q"]["map"] == report["measures"]["map"] == 1.0
    assert report["against"]["ndcg@10"] == {"mean": 1.0, "p": 1.0}


def test_a_query_that_is_refused_counts_as_no_hits_and_is_named(judged: Path, cache: Path) -> None:
    (judged / "queries.jsonl").write_text('{"_id": "q", "text": "games Dundee"}\n{"_id": "e", "text": ""}\n', "utf-8")
    (judged / "qrels.tsv").write_text("q\t1\t1\ne\t1\t1\n", "utf-8")
    runner = CliRunner(env={"CREATIVE_ATLAS_CACHE": str(cache)})
    result = runner.invoke(evaluate, ["retrieval", str(judged), "--work", str(judged / "index")])
    assert result.exit_code == 0 and "Query e counts as having found nothing" in result.stderr
    assert "ndcg@10     0.5000" in result.stdout


def test_a_set_without_documents_or_with_the_same_twice_is_refused_before_it_is_indexed(judged: Path) -> None:
    for corpus, message in (("", "holds no document"), ('{"_id": "1"}\n{"_id": "1"}\n', "as line 1 has")):
        (judged / "corpus.jsonl").write_text(corpus, "utf-8")
        failed = CliRunner().invoke(evaluate, ["retrieval", str(judged), "--work", str(judged / "index")])
        assert isinstance(failed.exception, InputError) and message in str(failed.exception)
        assert not (judged / "index").exists()


def test_a_golden_run_explains_failures_and_can_fail(starter_home: Path, cache: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    case = {"id": "c", "query": "Media Cymru", "within": 1, "must": ["no-such-note.md"], "must_not": [], "before": []}
    cases.write_text(json.dumps(case | {"why": "cannot pass"}) + "\n", "utf-8")
    runner = CliRunner(env={"CREATIVE_ATLAS_CACHE": str(cache)})
    arguments = ["golden", str(cases), "--home", str(starter_home)]
    result = runner.invoke(evaluate, arguments)
    assert result.exit_code == 0
    assert "no-such-note.md is not found" in result.output and "0 of 1 cases pass" in result.output
    assert (
        "media-cymru.md: " in result.output and " = words " in result.output and "media, Media Cymru)" in result.output
    )
    assert runner.invoke(evaluate, [*arguments, "--least", "1"]).exit_code == 1
