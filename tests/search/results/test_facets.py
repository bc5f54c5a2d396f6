"""Counts, totals and narrow filters over thousands of items, with scanned and with compressed vectors."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.encoders.protocol import Vectors
from search.index.dense import EXACT_ROWS
from search.index.index import Index, build
from search.item import Item
from search.ranking.candidates import DOUBT
from search.ranking.result_set import MAX_RESULTS, ResultLimits
from search.searcher import Searcher
from search.types import Filters, Mode, Query

TOPICS: Final = ["film", "music", "games", "museums", "fashion", "theatre", "design", "radio", "crafts", "dance"]
PLACES: Final = {"england": (), "north-west": ("england",), "manchester": ("north-west", "england"), "wales": ()}
NEVER: Final = "xylophone"  # a word of no item: its results are near in meaning


class TopicEncoder:
    """A small model of meaning: a text lies near the direction of its topic. `xylophone` is music."""

    id = "topics/1"
    sha256 = "0" * 64
    dimension = 32

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = [self._row(text.casefold()) for text in texts]
        return np.array(rows, np.float32).reshape(len(rows), self.dimension)

    def _row(self, text: str) -> Vectors:
        topics = [number for number, topic in enumerate(TOPICS) if topic in text] or ([1] if NEVER in text else [])
        row = np.random.default_rng(zlib.crc32(text.encode("utf-8", "replace"))).normal(0, 0.12, self.dimension)
        for number in topics:
            row[number] += 1
        scaled: Vectors = (row / np.linalg.norm(row)).astype(np.float32)
        return scaled


def collection(size: int) -> Iterator[Item]:
    """Every second item has the publisher `half`, one in a hundred `few`, and one in a thousand `rare`."""
    rng = random.Random(7)
    for number in range(size):
        topic, place = rng.choice(TOPICS), rng.choice(list(PLACES))
        share = "rare" if number % 1000 == 5 else "few" if number % 100 == 7 else "half" if number % 2 else "rest"
        if share in ("few", "rare"):
            topic = TOPICS[number // (1000 if share == "rare" else 100) % 2]  # some for each of the queries below
        yield Item(
            f"u/{number}",
            "entity" if number % 5 == 0 else "passage",
            f"{topic} {number}",
            f"On {topic}: {rng.choice(['funding', 'skills', 'export', 'rent'])} and {rng.choice(['loans', 'grants'])}.",
            publisher=share,
            collection=rng.choice(["a", "b"]),
            date=rng.choice([None, "2018", "2019-05", "2020-01-31"]),
            places=(place, *PLACES[place]),
            themes=tuple(rng.sample(["t/finance", "t/skills", "t/trade"], rng.randrange(3))),
            types=("ca:Thing",),
            reliability=rng.choice(["official", "press", None]),
        )


@pytest.fixture(scope="module", params=[3_000, EXACT_ROWS + 2_000], ids=["scanned", "faiss"])
def searcher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    folder: Path = tmp_path_factory.mktemp("facets")
    build(collection(request.param), folder, TopicEncoder())
    compressed = list(folder.rglob("*.faiss"))
    assert bool(compressed) == (request.param > EXACT_ROWS)
    return Searcher(Index.open(folder), TopicEncoder)


queries = st.lists(st.sampled_from([*TOPICS, "funding", "loans", NEVER]), min_size=1, max_size=3).map(" ".join)
FIELDS: Final = ("kind", "theme", "place", "publisher", "reliability", "collection")


def narrowed(filters: Filters, field: str, value: str) -> Filters:
    if field == "year":
        return replace(filters, date_from=value, date_to=value)
    changed: dict[str, Any] = {field: (value,)}
    return replace(filters, **changed)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), text=queries, mode=st.sampled_from(["hybrid", "lexical", "dense"]))
def test_a_facet_counts_what_choosing_it_gives(searcher: Searcher, data: st.DataObject, text: str, mode: Mode) -> None:
    given_first = data.draw(st.sampled_from([Filters(), Filters(collection=("a",)), Filters(place=("north-west",))]))
    named = data.draw(st.sampled_from([(), ("u/5",), ("u/10", "u/2005")]))  # cards join whatever their words
    results = searcher.search(Query(text, mode=mode, filters=given_first, facets=True, limit=3, entities=named))
    offered = [
        (field, value) for field in (*FIELDS, "year") for value in results.facets[field]
        if field == "year" or not getattr(given_first, field)
    ]  # fmt: skip
    assert (results.total > 0) == bool(offered)
    for field, value in data.draw(st.lists(st.sampled_from(offered), max_size=4)) if offered else []:
        narrower = Query(
            text, mode=mode, filters=narrowed(given_first, field, value.value), facets=True, limit=1, entities=named
        )
        assert searcher.search(narrower).total == value.count


def test_a_named_entity_must_pass_the_filters_too(searcher: Searcher) -> None:
    none = Query("film", filters=Filters(publisher=("Nobody",)), entities=("u/5",), facets=True)
    assert (searcher.search(none).total, searcher.search(none).hits) == (0, ())
    assert searcher.search(replace(none, facets=False)).hits == ()


def test_every_facet_is_a_filter(searcher: Searcher) -> None:
    known = {field.name for field in fields(Filters)} | {"year"}
    assert set(searcher.search(Query("film", facets=True)).facets) <= known


def test_choosing_a_place_includes_what_lies_in_it(searcher: Searcher) -> None:
    places = {v.value: v.count for v in searcher.search(Query("film", facets=True)).facets["place"]}
    assert places["england"] > places["north-west"] > places["manchester"] > 0
    inside = searcher.search(Query("film", filters=Filters(place=("north-west",)), limit=100, facets=True))
    assert inside.total == places["north-west"]


@pytest.mark.parametrize("share", ["half", "few", "rare"])
@pytest.mark.parametrize("text", ["film", NEVER, "music funding in the north"])
@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_a_narrow_filter_still_fills_the_page(searcher: Searcher, share: str, text: str, mode: Mode) -> None:
    """As many hits as there are results, counted with numpy and by the words; 100 on one page at most."""
    items = [item for item in collection(len(searcher.index.lexical)) if item.publisher == share]
    vector = TopicEncoder().encode([text])[0]
    cosines = TopicEncoder().encode([item.embedding_text for item in items]) @ vector
    words = set(text.split()) - {"in", "the"} if mode == "hybrid" else set()
    floor = searcher.index.record.floor
    if text == NEVER:  # no word of the query is known, so results must be nearer
        floor += DOUBT * (1 - floor)
    expected = {
        item.iri
        for item, cosine in zip(items, cosines, strict=True)
        if cosine >= floor + 1e-3 or words & set(item.text.lower().replace(":", "").split())
    }
    results = searcher.search(Query(text, mode=mode, filters=Filters(publisher=(share,)), limit=100, facets=True))
    assert len(expected) >= (1 if share == "rare" else 3)
    assert len(results.hits) >= min(100, len(expected))
    assert results.total >= len(expected)


def test_all_pages_together_are_the_total(searcher: Searcher) -> None:
    query = Query("film music", filters=Filters(collection=("a",)), facets=True, limit=100)
    total = searcher.search(query).total
    assert total > 300
    pages = [searcher.search(replace(query, offset=offset)).hits for offset in range(0, total + 100, 100)]
    seen = [hit.iri for page in pages for hit in page]
    assert len(seen) == total
    assert len(set(seen)) == total
    assert pages[-1] == () or len(pages[-1]) == total % 100


def test_pages_without_facets_go_as_far(searcher: Searcher) -> None:
    query = Query("film music", limit=100)
    unfiltered = searcher.search(replace(query, facets=True))
    assert not unfiltered.total_is_floor and unfiltered.total > 400
    first = searcher.search(query)
    assert first.total_is_floor and first.total <= unfiltered.total
    last = searcher.search(replace(query, offset=unfiltered.total - 5))
    assert (last.total, last.total_is_floor, len(last.hits)) == (unfiltered.total, False, 5)
    past = searcher.search(replace(query, offset=unfiltered.total))
    assert past.hits == () and str(unfiltered.total) in (past.hint or "").replace(",", "")


def test_fields_alone_find_all_passing_items(searcher: Searcher) -> None:
    size = len(searcher.index.lexical)
    every = sum(item.publisher == "half" for item in collection(size))
    for mode in ("hybrid", "lexical", "dense"):
        for facets in (False, True):
            results = searcher.search(Query("publisher:half", mode=mode, facets=facets))  # type: ignore[arg-type]
            assert (results.total, results.total_is_floor, len(results.hits)) == (every, False, 10)
    assert sum(value.count for value in results.facets["collection"]) == every
    pages = [searcher.search(Query("publisher:half", limit=100, offset=at)).hits for at in range(0, every, 100)]
    assert len({hit.iri for hits in pages for hit in hits}) == min(every, MAX_RESULTS)


def limited(searcher: Searcher, **limits: int) -> Searcher:
    """A searcher of the same index with other limits."""
    return Searcher(searcher.index, TopicEncoder, limits=ResultLimits(**limits))


def test_the_hint_says_how_many_results_are_listed(searcher: Searcher) -> None:
    few = limited(searcher, max_results=50)
    results = few.search(Query("film", facets=True, offset=45))
    assert len(results.hits) == 5 and results.total > 50
    beyond = few.search(Query("film", facets=True, offset=50))
    assert beyond.hits == () and "only the first 50" in (beyond.hint or "")


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_the_total_is_a_floor_if_not_every_vector_is_compared(searcher: Searcher, mode: Mode) -> None:
    query = Query("film", mode=mode, facets=True)
    complete = searcher.search(query)
    # Fewer than `nearest_items` are near enough in hybrid mode, so none is missed.
    enough = limited(searcher, exact_items=100, nearest_items=complete.total).search(query)
    assert enough.total_is_floor == (mode == "dense")
    assert enough.total == pytest.approx(complete.total, rel=0.01)
    some = limited(searcher, exact_items=100, nearest_items=30).search(query)
    assert some.total_is_floor and some.total <= complete.total
    candidates = limited(searcher, exact_items=100, nearest_items=30, max_items=100)
    few = candidates.search(query)
    assert few.total_is_floor and few.total <= complete.total
    assert not candidates.search(replace(query, mode="lexical")).total_is_floor


def test_made_up_words_find_the_same_with_and_without_facets(searcher: Searcher) -> None:
    for text in ("qqxx", "zvzv plonk", "wibble"):
        with_facets, without = (searcher.search(Query(text, facets=facets)) for facets in (True, False))
        assert (with_facets.total, with_facets.hint) == (without.total, without.hint)
