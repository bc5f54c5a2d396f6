"""Items that pass a filter are counted and listed once, and the nearest of them are found in every way."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from graph.deadline import Deadline
from search.index.filter_cache import FilterCache
from search.index.index import Index, build
from search.index.item_store import ItemStore
from search.index.lexical import LexicalIndex
from search.index.terms import Clause
from search.item import Item
from search.query.lexical_query import filter_clause
from search.ranking.candidates import DENSE_CANDIDATES, nearest_passing
from search.types import Filters
from tests.search.conftest import WordEncoder

ITEMS = 1_500
SHARES = {"most": 1_470, "few": 30, "nobody": 0}
"""Publisher → number of its items."""


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    items = (
        Item(f"u:{n}", "passage", "t", f"word{n} word{n % 7} word{n % 31}", publisher="most" if n % 50 else "few")
        for n in range(ITEMS)
    )
    build(items, folder, WordEncoder())
    return folder


@pytest.fixture(scope="module")
def index(generation: Path) -> Index:
    return Index.open(generation)


def condition(publisher: str) -> Clause:
    clause = filter_clause(Filters(publisher=(publisher,)))
    assert clause is not None
    return clause


@pytest.mark.parametrize("publisher", SHARES)
@pytest.mark.parametrize(
    ("max_exact_rows", "max_tested"), [(0, 0), (0, 10**9), (10**9, 0)], ids=["listed", "tested", "exact"]
)
def test_the_nearest_of_the_passing_items(index: Index, publisher: str, max_exact_rows: int, max_tested: int) -> None:
    nearest = index.dense.query(WordEncoder().encode(["word3 word5"])[0])
    slots, cosines = nearest_passing(
        index,
        condition(publisher),
        nearest,
        Deadline.never(),
        max_exact_rows=max_exact_rows,
        max_tested=max_tested,
    )
    passes = {"most": lambda n: n % 50, "few": lambda n: not n % 50, "nobody": lambda n: False}[publisher]
    allowed = np.array([n for n in range(ITEMS) if passes(n)], np.int64)
    scores = np.sort(nearest.scores(allowed))
    assert len(slots) == min(SHARES[publisher], DENSE_CANDIDATES)
    assert np.allclose(np.sort(cosines), scores[max(0, len(allowed) - DENSE_CANDIDATES) :], atol=1e-6)
    assert set(slots.tolist()) <= set(allowed.tolist())


class CountingIndex(LexicalIndex):
    """Counts how often it counts."""

    def __init__(self, generation: Path) -> None:
        super().__init__(generation / "lexical", ItemStore(generation / "dense"))
        self.counted = 0

    def count(self, query: Clause) -> int:
        self.counted += 1
        return super().count(query)


def test_equal_conditions_are_counted_once(generation: Path) -> None:
    lexical = CountingIndex(generation)
    filters = FilterCache(lexical)
    for _ in range(3):
        assert filters.count(condition("few")) == SHARES["few"]
    assert filters.count(condition("most")) == SHARES["most"]
    assert lexical.counted == 2


def test_passing_items_are_listed_up_to_a_limit(index: Index) -> None:
    slots = index.filters.slots(condition("few"), 30)
    assert slots is not None
    assert slots.tolist() == list(range(0, ITEMS, 50))
    assert index.filters.slots(condition("few"), 29) is None


def test_the_cache_does_not_keep_its_index_alive(tmp_path: Path) -> None:
    """A reference cycle would keep the files of the index open until a garbage collection."""
    build((Item("u:1", "passage", "t", "word1", publisher="nobody"),), tmp_path, WordEncoder())
    index = Index.open(tmp_path)
    assert index.filters.count(condition("nobody")) == 1
    filters = weakref.ref(index.filters)
    gc.disable()
    try:
        del index
        assert filters() is None
    finally:
        gc.enable()
