"""A passage gains from the score of the best other passage of its document."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.ranking.boosts import SIBLING_SHARE, sibling_boost


def boost(scores: list[float], documents: list[int]) -> list[float]:
    values: list[float] = sibling_boost(np.array(scores, np.float32), np.array(documents, np.int64)).tolist()
    return values


def test_a_passage_takes_a_share_from_the_best_other_of_its_document() -> None:
    added = boost([0.5, 0.9, 0.7, 0.8], [3, 3, 3, 4])
    assert added == pytest.approx([SIBLING_SHARE * 0.4, SIBLING_SHARE * -0.2, SIBLING_SHARE * 0.2, 0.0], abs=1e-6)


def test_a_passage_that_is_alone_or_in_no_document_keeps_its_score() -> None:
    assert boost([0.9, 0.4, 0.3], [0, 0, 7]) == [0.0, 0.0, 0.0]
    assert boost([], []) == []


scored = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 4)), max_size=30)


@given(scored)
def test_it_equals_a_loop_over_all_pairs(candidates: list[tuple[int, int]]) -> None:
    scores, documents = [score / 100 for score, _ in candidates], [document for _, document in candidates]
    expected = []
    for at, (score, document) in enumerate(zip(scores, documents, strict=True)):
        others = [scores[n] for n, other in enumerate(documents) if other == document != 0 and n != at]
        expected.append(SIBLING_SHARE * (max(others) - score) if others else 0.0)
    assert boost(scores, documents) == pytest.approx(expected, abs=1e-6)
