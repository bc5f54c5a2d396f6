"""The cache of term counts reads every item once, and gives the counts of the forward index."""

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


class CountingReader:
    """Records the slots that it reads. The count of a word follows from slot and key."""

    def __init__(self) -> None:
        self.slots: list[int] = []

    def counts(self, slots: npt.NDArray[np.int64], keys: Sequence[int]) -> npt.NDArray[np.uint8]:
        self.slots += slots.tolist()
        return np.array([[slot * key % 251 for key in keys] for slot in slots.tolist()], np.uint8).reshape(
            -1, len(keys)
        )


@given(st.lists(st.lists(st.integers(0, 60), unique=True, max_size=20), max_size=5))
def test_each_item_is_read_once(requests: list[list[int]]) -> None:
    reader = CountingReader()
    cache = TermCountCache(reader, KEYS)
    for request in requests:
        slots = np.array(request, np.int64)
        assert cache.counts(slots, [7, 3]).tolist() == CountingReader().counts(slots, [7, 3]).tolist()
    assert sorted(reader.slots) == sorted({slot for slots in requests for slot in slots})


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        TermCountCache(CountingReader(), KEYS).counts(np.array([1]), [4])


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 12))
def test_the_top_positions_are_those_of_the_whole_order(numbers: list[int], count: int) -> None:
    scores, ties = np.array(numbers, np.float32), np.arange(len(numbers), dtype=np.int64)[::-1].copy()
    assert top(scores, ties, count).tolist() == order(scores, ties)[:count].tolist()
