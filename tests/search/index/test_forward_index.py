"""The forward index scores given items as tantivy does, whatever was added and removed before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.encoders.protocol import Encoder
from search.index.forward_index import LENGTHS, is_kept, key
from search.index.index import Index, build, update
from search.index.terms import EVERYTHING, Term
from search.item import Item
from search.query.lexical_query import lexical_query
from search.query.parser import parse
from search.types import Filters

WORDS = [
    "film",
    "films",
    "museum",
    "£25 million",
    "R&D",
    "U.K.",
    "UK",
    "o'brien",
    "25.5",
    "export skills",
    "It",
    "café",
]
QUERIES = [
    "films at the museum", "£25 million for R&D", "U.K. film export", "O’Brien 25.5 cafe", "title skills", "nothing"
]  # fmt: skip


def collection(seed: int, count: int) -> list[Item]:
    rng = np.random.default_rng(seed)
    return [
        Item(
            f"u/{number}",
            "entity" if number % 5 == 0 else "passage",
            f"Title {rng.choice(WORDS)}",
            " ".join(rng.choice(WORDS, size=int(rng.integers(0, 300)))),
            heading=str(rng.choice(WORDS)),
            aliases=("Alias",) if number % 5 == 0 else (),
            document=f"d/{number % 7}",
            date=f"20{10 + number % 9}",
            entities=(f"e/{number % 3}",),
        )
        for number in range(count)
    ]


def assert_scores_agree(index: Index) -> None:
    slots = np.sort(index.lexical.best(EVERYTHING, len(index.lexical))[0])
    for text in QUERIES:
        query = lexical_query(parse(text), Filters(), index.lexical.stems)
        scores = index.bm25.score(slots, query.terms)
        matches, values = index.lexical.score(slots, query.scoring)
        expected = np.zeros(len(slots), np.float32)
        expected[np.searchsorted(slots, matches)] = values
        assert scores is not None
        np.testing.assert_allclose(scores, expected, rtol=2e-6, atol=1e-6)


def test_scores_equal_those_of_tantivy_after_changes_too(tmp_path: Path, words: Encoder) -> None:
    items = collection(1, 120)
    build(items, tmp_path / "0", words)
    assert_scores_agree(Index.open(tmp_path / "0"))
    update(tmp_path / "0", tmp_path / "1", collection(2, 30), remove=["u/40", "u/41"], encoder=words)
    update(
        tmp_path / "1", tmp_path / "2", [Item("u/new", "passage", "New", "film film film")], remove=[], encoder=words
    )
    index = Index.open(tmp_path / "2")
    assert len(index.lexical) == 119
    assert_scores_agree(index)


def test_facts_and_entities_are_those_of_the_item(tmp_path: Path, words: Encoder) -> None:
    items = collection(1, 20)
    build(items, tmp_path / "0", words)
    index = Index.open(tmp_path / "0")
    stored = index.lexical.by_iri([item.iri for item in items])
    slots = np.array([stored[item.iri].slot for item in items], np.int64)
    days = [int(f"{item.date}1231") for item in items]
    facts = index.forward.facts(slots)
    assert facts["last_day"].tolist() == days
    assert len(set(facts["document"].tolist())) == 7
    counts = index.forward.counts(slots, [key("entity", "e/1"), key("entity", "e/none")])
    assert counts.tolist() == [[int("e/1" in item.entities), 0] for item in items]
    assert index.forward.counts(np.array([10_000]), [key("entity", "e/1")]).tolist() == [[0]]


def test_words_that_are_not_stored_have_no_score(tmp_path: Path, words: Encoder) -> None:
    build(collection(1, 10), tmp_path / "0", words)
    index = Index.open(tmp_path / "0")
    assert index.bm25.score(np.array([0]), [Term("exact", "unesco", 1.0)]) is None
    assert not is_kept("unesco") and not is_kept("it") and is_kept("uk") and is_kept("£25000000") and is_kept("r&d")


def test_a_rewritten_segment_keeps_its_words(tmp_path: Path, words: Encoder) -> None:
    items = collection(1, 60)
    build(items, tmp_path / "0", words)
    update(tmp_path / "0", tmp_path / "1", [], remove=[f"u/{number}" for number in range(0, 60, 4)], encoder=words)
    assert_scores_agree(Index.open(tmp_path / "1"))


def test_the_steps_of_lengths_rise_and_are_exact_for_short_fields() -> None:
    assert LENGTHS[:40].tolist() == list(range(40))
    assert (np.diff(LENGTHS) > 0).all() and LENGTHS[40:44].tolist() == [40, 42, 44, 46]


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_key_has_32_bits_and_depends_on_the_field(first: str, second: str) -> None:
    assert 0 <= key("text", first) < 2**32
    if first != second:
        assert key("text", first) != key("text", second)


def test_no_slots_have_no_scores(tmp_path: Path, words: Encoder) -> None:
    build(collection(1, 5), tmp_path / "0", words)
    scores = Index.open(tmp_path / "0").bm25.score(np.empty(0, np.int64), [Term("text", "film", 1.0)])
    assert scores is not None and scores.shape == (0,)
