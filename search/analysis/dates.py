"""Day ranges of ISO dates of any precision, by which "2018" and "2018-11-20" can be compared."""

from __future__ import annotations

import calendar
import re

__all__ = ["day_range"]

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:T.*)?", re.ASCII)


def day_range(date: str) -> tuple[int, int] | None:
    """First and last day that `date` covers, each as yyyymmdd; None if it is not an ISO date.

    >>> day_range("2018-02")
    (20180201, 20180228)
    """
    match = _DATE.fullmatch(date.strip())
    if match is None:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    if (match[2] and not 1 <= month <= 12) or year < 1:
        return None
    last_month = month or 12
    last_day = calendar.monthrange(year, last_month)[1]
    if match[3] and not 1 <= day <= last_day:
        return None
    return (year * 10000 + (month or 1) * 100 + (day or 1), year * 10000 + last_month * 100 + (day or last_day))
