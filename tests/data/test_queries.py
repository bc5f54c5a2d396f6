"""Example queries: each has a title, a question and tags, and gives a result."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.support.paths import ROOT

QUERIES = sorted((ROOT / "data" / "queries").glob("*.rq"))


def header(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_there_are_forty_and_no_two_have_one_title() -> None:
    titles = [header(path)["title"] for path in QUERIES]
    assert len(titles) >= 40
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_has_a_header_and_a_result(path: Path, atlas: ox.Store) -> None:
    fields = header(path)
    assert fields["question"].endswith((".", "?"))
    tags = [tag.strip() for tag in fields["tags"].split(",")]
    solutions = atlas.query(path.read_text(encoding="utf-8"))
    assert isinstance(solutions, ox.QuerySolutions)
    rows = list(solutions)
    if "documents" in tags:
        return  # this atlas has facts but no passages
    assert rows
    assert any(row[variable] is not None for row in rows for variable in solutions.variables)
