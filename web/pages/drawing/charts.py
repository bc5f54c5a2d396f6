"""A chart of an answer, where its columns suit: bars for names with numbers, a line for years with numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from graph.model import Value
from web.pages.drawing.maps import is_coordinate
from web.pages.wording import is_numeric, shown
from web.read_model.formatting import DATED, moment, number
from web.read_model.reader import QueryTable

__all__ = ["Bar", "Chart", "chart_of"]

BARS: Final = 200
WIDTH, HEIGHT = 640, 240
"""Size of a line's drawing, in its own units."""

_YEAR: Final = re.compile(r"(?:1[6-9]|20)\d{2}(?:-\d{2}){0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bar:
    """`start` and `width` in parts of 100, from the left; a negative value ends where the others start."""

    label: str
    value: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`columns` are those that could be drawn, `column` the one that is. `rows` counts those that are drawn."""

    kind: Literal["bars", "line"]
    column: str
    by: str
    columns: tuple[str, ...]
    bars: tuple[Bar, ...] = ()
    path: str = ""
    dots: tuple[tuple[float, float], ...] = ()
    ends: tuple[str, str] = ("", "")
    """First and last point of the line's axis."""
    span: tuple[str, str] = ("", "")
    """Lowest and highest number on the line's scale."""
    rows: int = 0


def chart_of(table: QueryTable, wanted: str = "") -> Chart | None:
    """`wanted` names a column of numbers; the first is taken where it is none."""
    if len(table.drawn) < 2:
        return None
    cells = {name: [row[at] for row in table.drawn] for at, name in enumerate(table.columns)}
    years = [name for name, held in cells.items() if _all(held, _is_year)]
    numbers = tuple(
        name for name, held in cells.items() if name not in years and not is_coordinate(name) and _all(held, _is_number)
    )
    names = [
        name
        for name, held in cells.items()
        if name not in numbers and name not in years and not is_coordinate(name) and any(held)
    ]
    if not numbers or not (years or names):
        return None
    column = wanted if wanted in numbers else numbers[0]
    if years and len({value.value for value in cells[years[0]] if value}) == len(table.drawn):
        return _line(column, years[0], numbers, cells)
    return _bars(column, (names or years)[0], numbers, cells) if names or years else None


def _all(held: list[Value | None], test: object) -> bool:
    found = [value for value in held if value is not None]
    return bool(found) and all(test(value) for value in found)  # type: ignore[operator]


def _is_year(value: Value) -> bool:
    if value.datatype in DATED:
        return moment(value.value) is not None
    return value.kind == "literal" and _YEAR.fullmatch(value.value) is not None


def _is_number(value: Value) -> bool:
    return value.kind == "literal" and is_numeric(value) and _number(value) is not None


def _number(value: Value) -> float | None:
    try:
        found = float(value.value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _pairs(column: str, by: str, cells: dict[str, list[Value | None]]) -> list[tuple[Value, float]]:
    found = ((name, _number(value)) for name, value in zip(cells[by], cells[column], strict=True) if name and value)
    return [(name, value) for name, value in found if value is not None]


def _bars(column: str, by: str, columns: tuple[str, ...], cells: dict[str, list[Value | None]]) -> Chart:
    pairs = _pairs(column, by, cells)
    drawn = pairs[:BARS]
    low, high = min(0.0, *(value for _, value in drawn)), max(0.0, *(value for _, value in drawn))
    unit = 100 / ((high - low) or 1)
    bars = tuple(
        Bar(
            name.label if name.kind == "iri" else shown(name),
            number(value),
            round((min(value, 0) - low) * unit, 2),
            round(abs(value) * unit, 2),
        )
        for name, value in drawn
    )
    return Chart("bars", column, by, columns, bars=bars, rows=len(bars))


def _line(column: str, by: str, columns: tuple[str, ...], cells: dict[str, list[Value | None]]) -> Chart | None:
    timed = ((moment(name.value), name, value) for name, value in _pairs(column, by, cells))
    points = sorted(((time, name, value) for time, name, value in timed if time is not None), key=lambda each: each[0])
    if len(points) < 2:
        return None
    times, names, values = zip(*points, strict=True)
    low, high = min(0.0, *values), max(0.0, *values)
    across, up = WIDTH / ((times[-1] - times[0]) or 1), HEIGHT / ((high - low) or 1)
    dots = tuple(
        (round((time - times[0]) * across, 1), round((high - value) * up, 1))
        for time, value in zip(times, values, strict=True)
    )
    return Chart(
        "line", column, by, columns,
        path="M" + "L".join(f"{x:g} {y:g}" for x, y in dots), dots=dots,
        ends=(shown(names[0]), shown(names[-1])), span=(number(low), number(high)),
        rows=len(points),
    )  # fmt: skip
