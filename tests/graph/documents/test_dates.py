"""Dates as people write them."""

from __future__ import annotations

import pytest

from graph.documents.dates import iso_date


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2019", "2019"),
        ("2019-7", "2019-07"),
        ("2019-7-9", "2019-07-09"),
        ("2019/07/09", "2019-07-09"),
        ("2019-07-09T08:30:00+01:00", "2019-07-09"),
        ("2019-07-09 08:30", "2019-07-09"),
        ("July 2019", "2019-07"),
        ("Sept. 2019", "2019-09"),
        ("9 July 2019", "2019-07-09"),
        ("Tuesday, 9th of July, 2019", "2019-07-09"),
        ("July 9, 2019", "2019-07-09"),
        ("9-Jul-2019", "2019-07-09"),
        ("09/07/2019", "2019-07-09"),
        ("9.7.2019", "2019-07-09"),
        ("07/2019", "2019-07"),
        ("07/29/2019", "2019-07-29"),
        ("29 February 2019", None),
        ("2019-04-31", None),
        ("2019-13", None),
        ("Marchember 2019", None),
        ("0000", None),
        ("spring", None),
        ("", None),
    ],
)
def test_dates_are_read_or_not_understood(text: str, iso: str | None) -> None:
    assert iso_date(text) == iso


def test_the_month_may_come_first() -> None:
    assert iso_date("09/07/2019", day_first=False) == "2019-09-07"
    assert iso_date("29/07/2019", day_first=False) == "2019-07-29"
