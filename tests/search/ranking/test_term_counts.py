"""What a search reads of the forward index it reads once, and is told the same as by the index itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.index.top_k import order, top
from search.ranking.term_counts import TermCountCache

KEYS = [3, 5, 7, 3]


class Told:
    """Keeps what it was asked; the count of a word is a number of the slot and the key."""

    def __init__(self) -> None:
        self.slots: list[int] = []

    def counts(self, slots: npt.NDArray[np.int64], keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        self.slots += slots.tolist()
        return np.array([[slot * key % 251 for key in keys] for slot in slots.tolist()], np.uint8).reshape(
            -1, len(keys)
        )


@given(st.lists(st.lists(st.integers(0, 60), unique=True, max_size=20), max_size=5))
def test_each_unit_is_read_once(asked: list[list[int]]) -> None:
    told = Told()
    once = TermCountCache(told, KEYS)
    for slots in asked:
        found = once.counts(np.array(slots, np.int64), [7, 3])
        assert found.tolist() == Told().counts(np.array(slots, np.int64), [7, 3]).tolist()
    assert sorted(told.slots) == sorted({slot for slots in asked for slot in slots})


def test_other_words_are_not_told() -> None:
    with pytest.raises(KeyError):
        TermCountCache(Told(), KEYS).counts(np.array([1]), [4])


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 12))
def test_the_first_places_are_those_of_the_whole_order(numbers: list[int], count: int) -> None:
    scores, ties = np.array(numbers, np.float32), np.arange(len(numbers), dtype=np.int64)[::-1].copy()
    assert top(scores, ties, count).tolist() == order(scores, ties)[:count].tolist()
