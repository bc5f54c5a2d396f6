"""Proofs of the golden answers: the query beside each question gives them from the built atlas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from graph.iri import DEFAULT_BASE
from graph.vocabulary import PREFIXES
from tests.support.paths import ROOT
from web.services import compose
from web.settings import Settings

GOLDEN = ROOT / "data" / "golden"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (GOLDEN / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
BLOCKS = re.findall(
    r"^# ((?:[a-z]+-)+\d\d)\n(.*?)(?=^#|\Z)", (GOLDEN / "proofs.rq").read_text(encoding="utf-8"), re.M | re.S
)


@pytest.fixture(scope="module")
def built(starter_home: Path, cache: Path) -> ox.Store:
    """The store of a built generation, as readers open it."""
    return compose(Settings(home=starter_home, cache=cache)).live.view().snapshot.store


def answers(store: ox.Store, query: str) -> bool | set[str]:
    answer = store.query(query, base_iri=DEFAULT_BASE, prefixes=PREFIXES)
    if isinstance(answer, ox.QueryBoolean):
        return bool(answer)
    assert isinstance(answer, ox.QuerySolutions)
    return {row["answer"].value for row in answer if row["answer"] is not None}


def test_each_question_has_one_proof() -> None:
    assert [name for name, _ in BLOCKS] == [row["id"] for row in QUESTIONS]


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row["id"])
def test_the_gold_is_what_the_facts_give(row: dict[str, Any], built: ox.Store) -> None:
    answer = answers(built, dict(BLOCKS)[row["id"]])
    if row["kind"] == "unanswerable":
        assert answer is False
    elif isinstance(answer, bool):
        assert row["answers"] == ["yes" if answer else "no"]
    else:
        assert answer == set(row["gold"] or row["answers"])
