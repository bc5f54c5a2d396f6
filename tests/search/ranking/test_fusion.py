from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from search.index.top_k import order
from search.ranking.fusion import DENSE_WEIGHT, LEXICAL_WEIGHT, combine, scale

Floats = npt.NDArray[np.float32]
scores = arrays.arrays(np.float32, st.integers(0, 50), elements=st.floats(-1e3, 1e3, width=32))


def test_the_weights_are_a_convex_combination() -> None:
    assert LEXICAL_WEIGHT + DENSE_WEIGHT == 1.0


@given(scores)
def test_scaled_scores_fill_nought_to_one_and_keep_their_order(raw: Floats) -> None:
    scaled = scale(raw)
    assert scaled.dtype == np.float32 and scaled.shape == raw.shape
    if len(raw):
        assert scaled.min() >= 0 and scaled.max() <= 1
        assert np.all(np.diff(scaled[np.argsort(raw, kind="stable")]) >= 0)
        if raw.max() - raw.min() > 1e-3:
            assert scaled[raw.argmax()] == 1 and scaled[raw.argmin()] == 0


@given(scores, st.floats(0.5, 4, width=32), st.floats(-10, 10, width=32))
def test_units_of_the_raw_score_do_not_matter(raw: Floats, factor: float, shift: float) -> None:
    if len(raw) and raw.max() - raw.min() > 1:
        np.testing.assert_allclose(scale(raw * np.float32(factor) + np.float32(shift)), scale(raw), atol=1e-3)


def test_equal_scores_are_nothing_or_all() -> None:
    assert scale(np.array([2, 2], np.float32)).tolist() == [1, 1]
    assert scale(np.array([0.5, 0.5], np.float32)).tolist() == [1, 1]
    assert scale(np.array([0, 0], np.float32)).tolist() == [0, 0]


def test_scores_less_than_one_apart_are_not_equal() -> None:
    assert scale(np.array([0.25, 0.5, 0.75], np.float32)).tolist() == [0, 0.5, 1]


@given(scores, st.floats(0, 1))
def test_a_better_candidate_is_never_put_lower(raw: Floats, weight: float) -> None:
    scaled = scale(raw)
    fused = combine(scaled, scaled, weight)
    assert fused.dtype == np.float32
    np.testing.assert_allclose(fused, scaled, atol=1e-6)
    better = combine(np.minimum(scaled + np.float32(0.1), 1), scaled, weight)
    assert np.all(better >= fused - 1e-6)


@given(scores)
def test_the_order_is_a_falling_permutation_with_ties_by_slot(raw: Floats) -> None:
    slots = np.arange(len(raw), dtype=np.int64)[::-1].copy()
    rows = order(raw, slots)
    assert sorted(rows.tolist()) == list(range(len(raw)))
    pairs = [(-float(raw[row]), int(slots[row])) for row in rows]
    assert pairs == sorted(pairs)
