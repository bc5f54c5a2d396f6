"""Dates as people write them, as ISO dates of the same precision."""

from __future__ import annotations

import calendar
import re
from typing import Final

__all__ = ["iso_date"]

_MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_SHORT_MONTHS: Final = {name[:3]: number for name, number in _MONTHS.items()}
_ISO: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[t ]\d{1,2}:\d{2}.*)?", re.A)
_NUMBERS: Final = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", re.A)
_MONTH_YEAR_NUMBERS: Final = re.compile(r"(\d{1,2})[-/.](\d{4})", re.A)
_DAY_MONTH_YEAR: Final = re.compile(
    r"(?:(?:the )?(\d{1,2})(?:st|nd|rd|th)?[ -](?:of )?)?([a-z]{3,9})\.?,?[ -](\d{4})", re.A
)
_MONTH_DAY_YEAR: Final = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.A)
_WEEKDAY: Final = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? ")


def iso_date(text: str, *, day_first: bool = True) -> str | None:
    """The date as yyyy, yyyy-mm or yyyy-mm-dd; None where it is not understood, or impossible.

    `day_first`: 05/03/2024 is in March. Where only one order makes a date, that is it.

    >>> iso_date("March 2024"), iso_date("5th March 2024"), iso_date("05/03/2024"), iso_date("2024-02-30")
    ('2024-03', '2024-03-05', '2024-03-05', None)
    """
    plain = _WEEKDAY.sub("", " ".join(text.lower().split()), count=1)
    if match := _ISO.fullmatch(plain):
        year, month, day = match.groups()
        return _checked(year, month, day)
    if match := _NUMBERS.fullmatch(plain):
        first, second, year = match.groups()
        day, month = (first, second) if day_first else (second, first)
        return _checked(year, month, day) or _checked(year, day, month)
    if match := _MONTH_YEAR_NUMBERS.fullmatch(plain):
        return _checked(match[2], match[1], None)
    if match := _DAY_MONTH_YEAR.fullmatch(plain):
        return _checked(match[3], _month(match[2]), match[1])
    if match := _MONTH_DAY_YEAR.fullmatch(plain):
        return _checked(match[3], _month(match[1]), match[2])
    return None


def _month(name: str) -> str:
    """Number of a month's name or its usual short form; "0" for another word."""
    number = _MONTHS.get(name) or (_SHORT_MONTHS.get(name[:3], 0) if len(name) == 3 or name == "sept" else 0)
    return str(number)


def _checked(year: str, month: str | None, day: str | None) -> str | None:
    """The ISO date, if there is such a day."""
    if month is None:
        return year if int(year) else None
    if not int(year) or not 1 <= int(month) <= 12:
        return None
    if day is None:
        return f"{year}-{int(month):02}"
    if not 1 <= int(day) <= calendar.monthrange(int(year), int(month))[1]:
        return None
    return f"{year}-{int(month):02}-{int(day):02}"
