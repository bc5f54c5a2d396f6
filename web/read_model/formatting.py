"""Dates as XML Schema writes them, as places on one line of time: to sort by, and to draw.

Any text can be called a date; what is none has no place (https://www.w3.org/TR/xmlschema11-2/#dateTime).
"""

from __future__ import annotations

import math
import re
from typing import Final

from graph.vocabulary import expand

__all__ = ["DATED", "date", "moment", "number", "short"]


DATED: Final = frozenset(expand(f"xsd:{name}") for name in ("gYear", "gYearMonth", "date", "dateTime"))

_WRITTEN: Final = re.compile(
    r"(-?\d{4,9})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d(?:\.\d{1,12})?))?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_DAYS: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
"""Days of a common year before each month."""


def moment(text: str) -> float | None:
    """Days since the start of the year 0, proleptic Gregorian and in UTC; None for what is no date.

    A year or a month stands for its first day, a date without a time zone is taken as UTC.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    leaps = (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 + 1
    late = month > 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = year * 365 + leaps + _DAYS[month - 1] + late + day - 1
    seconds = int(found[4] or 0) * 3600 + int(found[5] or 0) * 60 + float(found[6] or 0)
    return days + (seconds - _offset(found[7] or "Z")) / 86_400


def _offset(zone: str) -> int:
    """Seconds that a time zone is ahead of UTC."""
    if zone == "Z":
        return 0
    ahead = int(zone[1:3]) * 3600 + int(zone[4:]) * 60
    return -ahead if zone[0] == "-" else ahead


_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip


_ISO: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?", re.ASCII)


def date(iso: str | None) -> str:
    """`2018-11-20` → `20 November 2018`, at whatever precision it has; anything else as it is, cut at 40 characters."""
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


def short(text: str, most: int = 160) -> str:
    """At most that many characters, cut at a word where there is one near."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ", most // 2)
    return (cut[:space] if space > 0 else cut).rstrip() + "…"
