"""A search ends at its deadline, and at the next step once it is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from graph.deadline import Deadline
from graph.errors import QueryCancelled, QueryTimeout
from search.encoders.protocol import Encoder, Vectors
from search.index.dense import DenseIndex
from search.index.index import Index, build
from search.index.segment_writer import DenseWriter
from search.item import Item
from search.searcher import Searcher
from search.types import Filters, Query
from tests.search.conftest import WordEncoder

QUERIES = {
    "hybrid": Query("access to finance"),
    "words": Query("access to finance", mode="lexical"),
    "meaning": Query("access to finance", mode="dense"),
    "narrowed": Query("creative work", filters=Filters(kind=("passage",)), facets=True),
    "fields": Query("kind:passage"),
    "nothing": Query('"no text has this phrase" -film', filters=Filters(publisher=("Nobody",))),
    "misspelt": Query("apprentiships"),
    "second page": Query("creative firms", offset=3, limit=3),
}
queries = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())


@pytest.fixture(scope="module")
def word_generation(tmp_path_factory: pytest.TempPathFactory, collection: list[Item]) -> Path:
    """The small collection, indexed with the encoder that needs no model."""
    folder = tmp_path_factory.mktemp("deadline") / "generation"
    build(collection, folder, WordEncoder())
    return folder


def counted_deadline(checks: float) -> Deadline:
    """A deadline that lets this number of checks pass; its clock counts them."""
    ticks = count()
    return Deadline(checks + 1, clock=lambda: next(ticks))


def checks_of(searcher: Searcher, query: Query) -> int:
    """How often a search looks at its deadline."""
    ticks = count()
    searcher.search(query, Deadline(float("inf"), clock=lambda: next(ticks)))
    return next(ticks) - 1


@queries
def test_a_deadline_that_has_passed_ends_every_kind_of_search(searcher: Searcher, query: Query) -> None:
    with pytest.raises(QueryTimeout):
        searcher.search(query, Deadline.after(0))


@queries
def test_a_search_ends_at_whichever_check_the_time_is_over(word_generation: Path, query: Query) -> None:
    encoder = WordEncoder()
    searcher = Searcher(Index.open(word_generation), lambda: encoder, is_quiet=lambda: False)
    searcher.search(query)  # what the index remembers is in place
    checks = checks_of(searcher, query)
    assert checks >= 8
    for passed in range(checks):
        with pytest.raises(QueryTimeout):
            searcher.search(query, counted_deadline(passed))
    assert searcher.search(query, counted_deadline(checks)).query == query.text


class CancellingEncoder(WordEncoder):
    """Another thread cancels the search while it encodes its query."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def encode(self, texts: Sequence[str]) -> Vectors:
        thread = threading.Thread(target=self._deadline.cancel)
        thread.start()
        thread.join()
        return super().encode(texts)


@pytest.mark.parametrize("is_quiet", [True, False])
def test_a_search_that_another_thread_cancels_ends_at_its_next_check(word_generation: Path, is_quiet: bool) -> None:
    deadline = Deadline.never()
    encoder: Encoder = CancellingEncoder(deadline)
    searcher = Searcher(Index.open(word_generation), lambda: encoder, is_quiet=lambda: is_quiet)
    with pytest.raises(QueryCancelled):
        searcher.search(Query("access to finance"), deadline)
    assert searcher.search(Query("access to finance")).total, "the searcher goes on with other searches"


def test_without_a_deadline_a_search_has_the_default_one(word_generation: Path) -> None:
    encoder = WordEncoder()
    searcher = Searcher(Index.open(word_generation), lambda: encoder, max_seconds=0)
    with pytest.raises(QueryTimeout):
        searcher.search(Query("access to finance"))
    assert searcher.search(Query("access to finance"), Deadline.never()).total


@pytest.mark.parametrize("exact_rows", [10_000, 0], ids=["scanned", "compressed"])
def test_every_read_of_vectors_checks_the_deadline(tmp_path: Path, exact_rows: int) -> None:
    vectors = WordEncoder().encode([f"word{number}" for number in range(400)])
    writer = DenseWriter(None, tmp_path, vectors.shape[1], exact_rows=exact_rows)
    writer.add(np.arange(400, dtype=np.int64), vectors)
    writer.commit()
    nearest = DenseIndex(tmp_path, exact_rows=exact_rows).query(vectors[0], Deadline.after(0))
    reads = (lambda: nearest.search(5), lambda: nearest.scores(np.arange(3)), lambda: nearest.above(0.5))
    for read in reads:
        with pytest.raises(QueryTimeout):
            read()


def test_completion_and_similar_items_end_at_their_deadline(word_generation: Path) -> None:
    encoder = WordEncoder()
    searcher = Searcher(Index.open(word_generation), lambda: encoder)
    card = next(stored.item for stored in searcher.index.lexical.everything() if stored.item.kind == "entity")
    searches = (
        lambda deadline: searcher.complete(card.title[:3], deadline=deadline),
        lambda deadline: searcher.similar(card.iri, deadline=deadline),
    )
    for search in searches:
        cancelled = Deadline.never()
        cancelled.cancel()
        with pytest.raises(QueryCancelled):
            search(cancelled)
        for passed in range(2):
            with pytest.raises(QueryTimeout):
                search(counted_deadline(passed))
        search(Deadline.after(60))
