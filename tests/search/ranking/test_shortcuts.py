"""Fast computations give the same as the plain ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.index.forward_index import concatenated_ranges
from search.index.stemmer import Stems
from search.index.top_k import order
from search.query.lexical_query import lexical_query
from search.query.parser import parse
from search.ranking.candidates import new_slots
from search.results.snippet import matches
from search.types import Filters

NUMBERS = st.lists(st.integers(0, 40), max_size=30)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=40))
def test_equal_scores_follow_their_slots(pairs: list[tuple[int, int]]) -> None:
    scores = np.array([score / 5 for score, _ in pairs], np.float32)
    slots = np.array([slot for _, slot in pairs], np.int64)
    rows = order(scores, slots).tolist()
    assert sorted(rows) == list(range(len(pairs)))
    keys = [(-pairs[row][0], pairs[row][1]) for row in rows]
    assert keys == sorted(keys)


@given(NUMBERS, NUMBERS)
def test_new_slots_are_distinct_and_rising(slots: list[int], known: list[int]) -> None:
    new = new_slots(np.array(slots, np.int64), np.array(known, np.int64))
    assert new.tolist() == sorted(set(slots) - set(known))


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 5)), max_size=20))
def test_ranges_one_after_the_other(pairs: list[tuple[int, int]]) -> None:
    lower = np.array([start for start, _ in pairs], np.int64)
    upper = lower + np.array([size for _, size in pairs], np.int64)
    numbers, ends = concatenated_ranges(lower, upper)
    assert numbers.tolist() == [number for start, size in pairs for number in range(start, start + size)]
    assert ends.tolist() == np.cumsum([size for _, size in pairs]).tolist()


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("£25 million", "In all £25m, then £250m and £25,000,000", ["£25m", "£25,000,000"]),
        ("£0.5 million", "They gave £500,000 and £0.5m", ["£500,000", "£0.5m"]),
        ("R&D", "An R & D fund", ["R & D"]),
        ("£25 million", "It gave £٢٥m", ["£٢٥m"]),
        ("£25 million", "It gave £31m", []),
        ("25%", "Of 25 some 2.5 per cent, then 25 per cent", ["25 per cent"]),
        ("£1.05 billion", "In all £1,050m or £1.05bn, not 1,050m", ["£1,050m", "£1.05bn"]),
    ],
)
def test_amounts_are_found_however_they_are_written(query: str, text: str, expected: list[str]) -> None:
    words = lexical_query(parse(query), Filters(), Stems())
    marked = [text[start:end] for start, end, word in matches(text, words, Stems()) if word in words.exact]
    assert marked == expected
