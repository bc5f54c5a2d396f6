"""Dates on one line of time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.read_model.formatting import moment


@given(st.datetimes(), st.datetimes())
def test_days_between_two_moments(one: object, other: object) -> None:
    first, second = moment(one.isoformat()), moment(other.isoformat())  # type: ignore[attr-defined]
    assert first is not None and second is not None
    assert (first - second) * 86_400 == pytest.approx((one - other).total_seconds(), abs=1e-3)  # type: ignore[operator]


def test_what_is_written_in_order_is_in_order() -> None:
    texts = ["-0044", "0000-03-01", "0999-12-31", "2019Z", "2019-01-18", "2019-01-18T10:00:00+02:00",
             "2019-01-18T08:30:00Z", "2019-02", "2020", "12000-01-01"]  # fmt: skip
    placed = [moment(text) for text in texts]
    assert None not in placed and placed == sorted(placed)  # type: ignore[type-var]


@pytest.mark.parametrize("text", ["abc", "", "19", "2019-13", "2019-01-40", "2019-01-18T10", "2019-05 +01:00", "٢٠١٩"])
def test_what_is_no_date_has_no_place(text: str) -> None:
    assert moment(text) is None
