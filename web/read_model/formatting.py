"""Dates, numbers and long texts as pages write them, and dates as numbers to sort and draw by.

Any text can stand where a date is expected; https://www.w3.org/TR/xmlschema11-2/#dateTime says which ones are dates.
"""

from __future__ import annotations

import math
import re
from typing import Final

from graph.vocabulary import expand

__all__ = ["DATE_TYPES", "date", "day_number", "number", "short"]

DATE_TYPES: Final = frozenset(expand(f"xsd:{name}") for name in ("gYear", "gYearMonth", "date", "dateTime"))
"""Datatypes of the dates that `day_number` reads."""

_XSD_DATE: Final = re.compile(
    r"(-?\d{4,9})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d(?:\.\d{1,12})?))?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_DAYS_BEFORE_MONTH: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
"""Of a common year."""

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip

_ISO: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?", re.ASCII)


def day_number(text: str) -> float | None:
    """Days since the start of the year 0, proleptic Gregorian and in UTC; None for a text that is no date.

    A year or a month stands for its first day; a date without a time zone is read as UTC.
    """
    match = _XSD_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    leap_days = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 + 1
    is_after_leap_day = month > 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = year * 365 + leap_days + _DAYS_BEFORE_MONTH[month - 1] + is_after_leap_day + day - 1
    seconds = int(match[4] or 0) * 3600 + int(match[5] or 0) * 60 + float(match[6] or 0)
    return days + (seconds - _offset_seconds(match[7] or "Z")) / 86_400


def _offset_seconds(zone: str) -> int:
    """Seconds that a time zone is ahead of UTC."""
    if zone == "Z":
        return 0
    ahead = int(zone[1:3]) * 3600 + int(zone[4:]) * 60
    return -ahead if zone[0] == "-" else ahead


def date(iso: str | None) -> str:
    """`2018-11-20` → `20 November 2018`, at whatever precision it has; any other text cut at 40 characters."""
    match = _ISO.fullmatch(iso or "")
    if match is None:
        return short(iso or "", 40)
    year, month, day = match.groups()
    if not month or not 1 <= int(month) <= 12:
        return year
    words = f"{_MONTHS[int(month) - 1]} {year}"
    return f"{int(day)} {words}" if day else words


def number(value: float) -> str:
    """With thousands separated; no more decimals than it has."""
    if not math.isfinite(value):
        return str(value)
    return f"{int(value):,}" if value == int(value) else f"{value:,.10g}"


def short(text: str, max_chars: int = 160) -> str:
    """The text cut to `max_chars` characters, at a word where one ends in the second half."""
    if len(text) <= max_chars:
        return text
    cut = text[: max_chars - 1]
    space = cut.rfind(" ", max_chars // 2)
    return (cut[:space] if space > 0 else cut).rstrip() + "…"
