"""Dates as day numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.read_model.formatting import day_number


@given(st.datetimes(), st.datetimes())
def test_days_between_two_dates(one: object, other: object) -> None:
    first, second = day_number(one.isoformat()), day_number(other.isoformat())  # type: ignore[attr-defined]
    assert first is not None and second is not None
    assert (first - second) * 86_400 == pytest.approx((one - other).total_seconds(), abs=1e-3)  # type: ignore[operator]


def test_day_numbers_follow_the_order_of_dates() -> None:
    texts = ["-0044", "0000-03-01", "0999-12-31", "2019Z", "2019-01-18", "2019-01-18T10:00:00+02:00",
             "2019-01-18T08:30:00Z", "2019-02", "2020", "12000-01-01"]  # fmt: skip
    numbers = [day_number(text) for text in texts]
    assert None not in numbers and numbers == sorted(numbers)  # type: ignore[type-var]


@pytest.mark.parametrize("text", ["abc", "", "19", "2019-13", "2019-01-40", "2019-01-18T10", "2019-05 +01:00", "٢٠١٩"])
def test_texts_that_are_no_dates_have_no_day_number(text: str) -> None:
    assert day_number(text) is None
