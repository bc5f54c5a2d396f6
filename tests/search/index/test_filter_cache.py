"""What passes a filter is told once, and found whichever way its nearest are looked for."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from graph.deadline import Deadline
from search.index import filter_cache
from search.index.index import Index, build
from search.index.terms import Condition
from search.query.lexical_query import lexical_query
from search.query.parser import parse
from search.ranking import candidates
from search.types import Filters, Unit
from tests.search.conftest import WordEncoder

ALL = 1_500


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("passing")
    units = (
        Unit(f"u:{n}", "passage", "t", f"word{n} word{n % 7} word{n % 31}", publisher=f"every {1 if n % 50 else 50}th")
        for n in range(ALL)
    )
    build(units, folder, WordEncoder())
    return Index.open(folder)


def condition(index: Index, publisher: str) -> Condition:
    filters = Filters(publisher=(publisher,))
    found = lexical_query(parse("word3"), filters, index.lexical.schema, index.lexical.stems).must
    assert found is not None
    return found


@pytest.mark.parametrize("publisher", ["every 1th", "every 50th", "nobody"])
@pytest.mark.parametrize(("exact", "sifted"), [(0, 0), (0, 10**9), (10**9, 0)])
def test_the_nearest_of_what_passes(
    index: Index, monkeypatch: pytest.MonkeyPatch, publisher: str, exact: int, sifted: int
) -> None:
    """By the list of what passes, by asking about each candidate, and by reading all that pass."""
    monkeypatch.setattr(candidates, "_EXACT_ROWS", exact)
    monkeypatch.setattr(candidates, "_SIFTED", sifted)
    asked = index.dense.ask(WordEncoder().encode(["word3 word5"])[0])
    slots, cosines = candidates._nearest_allowed(index, condition(index, publisher), asked, Deadline.never())
    wanted = {"every 1th": 1_470, "every 50th": 30, "nobody": 0}[publisher]
    allowed = np.array([n for n in range(ALL) if {"every 1th": n % 50, "every 50th": not n % 50}.get(publisher)], int)
    scores = asked.scores(allowed)
    assert len(slots) == min(wanted, candidates.DENSE_CANDIDATES)
    assert np.allclose(np.sort(cosines), np.sort(scores)[max(0, wanted - candidates.DENSE_CANDIDATES) :], atol=1e-6)
    assert set(slots.tolist()) <= set(allowed.tolist())


def test_equal_conditions_are_counted_once(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    count = index.lexical.count
    monkeypatch.setattr(index.lexical, "count", lambda query: asked.append(query) or count(query))
    told = filter_cache.FilterCache(index.lexical)
    for _ in range(3):
        assert told.count(condition(index, "every 50th")) == 30
    assert told.count(condition(index, "every 1th")) == 1_470
    assert len(asked) == 2
    listed = told.slots(condition(index, "every 50th"))
    assert listed is not None
    assert listed.tolist() == list(range(0, ALL, 50))
    monkeypatch.setattr(filter_cache, "LISTED", 29)
    assert told.slots(condition(index, "every 50th")) is None


def test_what_it_remembers_does_not_hold_the_index(tmp_path: Path) -> None:
    """An index held by a cycle keeps its files open until a collection happens to run."""
    build((Unit("u:1", "passage", "t", "word1", publisher="nobody"),), tmp_path, WordEncoder())
    index = Index.open(tmp_path)
    assert index.passing.count(condition(index, "nobody")) == 1
    passing_ = weakref.ref(index.passing)
    gc.disable()
    try:
        del index
        assert passing_() is None
    finally:
        gc.enable()
