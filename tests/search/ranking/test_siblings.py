"""What the other passages of its document do for a passage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.ranking.boosts import SIBLING, sibling_boost


def boost(scores: list[float], works: list[int]) -> list[float]:
    values: list[float] = sibling_boost(np.array(scores, np.float32), np.array(works, np.int64)).tolist()
    return values


def test_each_takes_its_share_from_the_best_other_of_its_document() -> None:
    added = boost([0.5, 0.9, 0.7, 0.8], [3, 3, 3, 4])
    assert added == pytest.approx([SIBLING * 0.4, SIBLING * -0.2, SIBLING * 0.2, 0.0], abs=1e-6)


def test_a_text_that_is_alone_or_in_no_document_keeps_its_score() -> None:
    assert boost([0.9, 0.4, 0.3], [0, 0, 7]) == [0.0, 0.0, 0.0]
    assert boost([], []) == []


scored = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 4)), max_size=30)


@given(scored)
def test_it_is_what_a_loop_over_all_pairs_gives(candidates: list[tuple[int, int]]) -> None:
    scores, works = [score / 100 for score, _ in candidates], [work for _, work in candidates]
    wanted = []
    for at, (score, work) in enumerate(zip(scores, works, strict=True)):
        others = [scores[n] for n, other in enumerate(works) if other == work != 0 and n != at]
        wanted.append(SIBLING * (max(others) - score) if others else 0.0)
    assert boost(scores, works) == pytest.approx(wanted, abs=1e-6)
