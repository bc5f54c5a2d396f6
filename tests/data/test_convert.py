"""The conversion loses nothing of the fact base, and two runs write the same."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from data.convert.__main__ import convert, main
from data.convert.output import Output, source
from graph.iri import DEFAULT_BASE
from graph.seed_data.load import Starter
from graph.vocabulary import expand


@pytest.fixture(scope="module")
def converted(facts_folder: Path) -> Output:
    return convert(facts_folder)


def test_every_input_record_is_accounted_for(facts_folder: Path, data: Path, converted: Output) -> None:
    records = set()
    for path in facts_folder.glob("*.jsonl"):
        if path.name == "questions-dev.jsonl":  # questions are no facts
            continue
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        records |= {(path.name, row.get("id") or row["gss"]) for row in rows}
    assert records == set(converted.outcomes)
    with open(data / "convert" / "report.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert records == {(row["file"], row["record"]) for row in rows}
    assert {row["outcome"] for row in rows} == {"mapped", "merged", "mapped, not asserted"}
    assert all(row["why"] for row in rows if row["outcome"] != "mapped")


def test_what_is_committed_is_what_the_converter_writes(tmp_path: Path, data: Path, converted: Output) -> None:
    (tmp_path / "convert").mkdir()
    converted.write(tmp_path)
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            name = path.relative_to(tmp_path)
            assert path.read_bytes() == (data / name).read_bytes(), f"{name} is not what the converter writes"


def test_every_source_date_and_note_of_a_relation_survives(facts_folder: Path, starter: Starter) -> None:
    values_of: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    record, claims = ox.NamedNode(expand("ca:record")), defaultdict(set)
    for quad in starter.claims:
        claims[quad.subject].add((quad.predicate.value, getattr(quad.object, "value", "")))
    for pairs in claims.values():
        ids = [value for name, value in pairs if name == record.value]
        for name, value in pairs:
            for record_id in ids:
                values_of[record_id][name].add(value)
    for line in (facts_folder / "relations.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        values = values_of[row["id"]]
        sources = {DEFAULT_BASE + source(name)[1:-1] for name in row["source"]}
        assert sources <= values[expand("prov:wasDerivedFrom")], row["id"]
        for key, name in (("date", "ca:asOf"), ("from", "ca:validFrom"), ("to", "ca:validTo")):
            assert not row.get(key) or row[key] in values[expand(name)], (row["id"], key)
        note = row.get("note")
        assert not note or any(note in value for value in values[expand("ca:note")]), row["id"]
        assert row["confidence"] in values[expand("ca:confidence")], row["id"]


def test_background_knowledge_never_looks_sourced(facts_folder: Path, atlas: ox.Store) -> None:
    """The statement of a memory record has no other source, unless another record gives it one."""
    rows = [json.loads(line) for line in (facts_folder / "relations.jsonl").read_text(encoding="utf-8").splitlines()]
    memory = {row["id"] for row in rows if row["source"] == ["memory"]}
    assert len(memory) == 139
    solutions = atlas.query(
        """SELECT DISTINCT ?record ?source WHERE { GRAPH ?source { ?claim ca:record ?record } }""",
        prefixes={"ca": expand("ca:")},
    )
    assert isinstance(solutions, ox.QuerySolutions)
    for row in solutions:
        if row["record"].value in memory:
            assert row["source"].value == f"{DEFAULT_BASE}source/memory"


def test_a_folder_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["/no/such/folder"]) == 2
    assert "Give the folder" in capsys.readouterr().err
