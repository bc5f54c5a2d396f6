"""The example queries: each says what it is and gives an answer worth reading."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.support.paths import ROOT

QUERIES = sorted((ROOT / "data" / "queries").glob("*.rq"))


def header(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    return {pair[0]: pair[1] for pair in found if len(pair) == 2}


def test_there_are_forty_and_no_two_have_one_title() -> None:
    titles = [header(path)["title"] for path in QUERIES]
    assert len(titles) >= 40
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_says_what_it_asks_and_answers(path: Path, atlas: ox.Store) -> None:
    fields = header(path)
    assert fields["question"].endswith((".", "?"))
    tags = [tag.strip() for tag in fields["tags"].split(",")]
    found = atlas.query(path.read_text(encoding="utf-8"))
    assert isinstance(found, ox.QuerySolutions)
    rows = list(found)
    if "documents" in tags:
        return  # the facts alone hold no passages
    assert rows
    assert any(row[variable] is not None for row in rows for variable in found.variables)
