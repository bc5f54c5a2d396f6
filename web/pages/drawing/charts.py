"""Charts of a query result: bars where names go with numbers, a line where years go with numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from graph.model import Value
from web.pages.drawing.maps import is_coordinate
from web.pages.wording import is_numeric, literal_text
from web.read_model.formatting import DATE_TYPES, day_number, number
from web.read_model.reader import QueryTable

__all__ = ["Bar", "Chart", "chart_of"]

MAX_BARS: Final = 200
WIDTH, HEIGHT = 640, 240
"""Size of a line chart, in units of the drawing."""

Cells = Sequence[Value | None]
"""The cells of one column, None where the variable is unbound."""

_YEAR: Final = re.compile(r"(?:1[6-9]|20)\d{2}(?:-\d{2}){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `start` and `width` in hundredths, from the left; a negative value ends where positive ones start."""

    label: str
    value: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of `column` by `by`. `columns`: all that could be drawn. `rows`: how many rows are drawn."""

    kind: Literal["bars", "line"]
    column: str
    by: str
    columns: tuple[str, ...]
    bars: tuple[Bar, ...] = ()
    path: str = ""
    dots: tuple[tuple[float, float], ...] = ()
    ends: tuple[str, str] = ("", "")
    """First and last point of the horizontal axis."""
    span: tuple[str, str] = ("", "")
    """Lowest and highest number of the vertical axis."""
    rows: int = 0


def chart_of(table: QueryTable, wanted: str = "") -> Chart | None:
    """A chart of the column `wanted`, or of the first column of numbers; None where no columns suit."""
    rows = table.drawing_rows
    if len(rows) < 2:
        return None
    columns = {name: [row[index] for row in rows] for index, name in enumerate(table.columns)}
    years = [name for name, cells in columns.items() if _all(cells, _is_year)]
    others = {name: cells for name, cells in columns.items() if name not in years and not is_coordinate(name)}
    numbers = tuple(name for name, cells in others.items() if _all(cells, _is_number))
    names = [name for name, cells in others.items() if name not in numbers and any(cells)]
    if not numbers or not (years or names):
        return None
    column = wanted if wanted in numbers else numbers[0]
    if years and len({value.value for value in columns[years[0]] if value}) == len(rows):
        return _line(column, years[0], numbers, columns)
    return _bars(column, (names or years)[0], numbers, columns)


def _all(cells: Cells, test: Callable[[Value], bool]) -> bool:
    """Whether all bound cells pass the test, and there are some."""
    values = [value for value in cells if value is not None]
    return bool(values) and all(test(value) for value in values)


def _is_year(value: Value) -> bool:
    if value.datatype in DATE_TYPES:
        return day_number(value.value) is not None
    return value.kind == "literal" and _YEAR.fullmatch(value.value) is not None


def _is_number(value: Value) -> bool:
    return value.kind == "literal" and is_numeric(value) and _number(value) is not None


def _number(value: Value) -> float | None:
    try:
        number = float(value.value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _pairs(names: Cells, values: Cells) -> list[tuple[Value, float]]:
    """The rows in which both cells are bound and the second is a number."""
    pairs = ((name, _number(value)) for name, value in zip(names, values, strict=True) if name and value)
    return [(name, number) for name, number in pairs if number is not None]


def _bars(column: str, by: str, numbers: tuple[str, ...], columns: Mapping[str, Cells]) -> Chart:
    pairs = _pairs(columns[by], columns[column])[:MAX_BARS]
    low, high = min(0.0, *(value for _, value in pairs)), max(0.0, *(value for _, value in pairs))
    unit = 100 / ((high - low) or 1)
    bars = tuple(
        Bar(
            label=name.label if name.kind == "iri" else literal_text(name),
            value=number(value),
            start=round((min(value, 0) - low) * unit, 2),
            width=round(abs(value) * unit, 2),
        )
        for name, value in pairs
    )
    return Chart("bars", column, by, columns=numbers, bars=bars, rows=len(bars))


def _line(column: str, by: str, numbers: tuple[str, ...], columns: Mapping[str, Cells]) -> Chart | None:
    pairs = _pairs(columns[by], columns[column])
    dated = ((day_number(name.value), name, value) for name, value in pairs)
    points = sorted(((day, name, value) for day, name, value in dated if day is not None), key=lambda point: point[0])
    if len(points) < 2:
        return None
    days, names, values = zip(*points, strict=True)
    low, high = min(0.0, *values), max(0.0, *values)
    across, up = WIDTH / ((days[-1] - days[0]) or 1), HEIGHT / ((high - low) or 1)
    dots = tuple(
        (round((day - days[0]) * across, 1), round((high - value) * up, 1))
        for day, value in zip(days, values, strict=True)
    )
    return Chart(
        "line", column, by, columns=numbers,
        path="M" + "L".join(f"{x:g} {y:g}" for x, y in dots), dots=dots,
        ends=(literal_text(names[0]), literal_text(names[-1])), span=(number(low), number(high)),
        rows=len(points),
    )  # fmt: skip
