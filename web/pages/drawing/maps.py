"""A map of an answer, where its columns suit: latitude and longitude, or entries whose place is known.

Drawn on the server, on outlines that are simplified to about two kilometres (`web/geo/uk.json`); the rows below it say
the same in words.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from graph.model import Value
from web.pages.wording import shown
from web.read_model.reader import QueryTable, Spot

__all__ = ["Dot", "Map", "is_coordinate", "map_of", "map_of_spots"]

MOST: Final = 1_000
"""Places that are drawn."""

_OUTLINE: Final = Path(__file__).parents[2] / "geo" / "uk.json"
_WEST, _EAST, _SOUTH, _NORTH = -8.8, 2.2, 49.7, 61.0
_SCALE: Final = 44.0
"""Units of the drawing per degree of latitude."""
_SQUEEZE: Final = math.cos(math.radians(55))
_MARGIN: Final = 22.0
_SMALLEST: Final = 110.0
"""Units that are shown at least, however close together the places are: about 280 km."""

_LATITUDE: Final = re.compile(r"(?:.*_)?(?:lat|latitude|wgs84_lat)", re.IGNORECASE)
_LONGITUDE: Final = re.compile(r"(?:.*_)?(?:lon|long|lng|longitude|wgs84_long)", re.IGNORECASE)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Dot:
    """One place: `rows` of the answer lie there, `label` names the first few of them. Units of the drawing."""

    x: float
    y: float
    radius: float
    rows: int
    label: str
    iri: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """`box`: left, top, width and height of what is shown. `by` names the column that was placed.

    `rows` counts those that are drawn, `elsewhere` those that have no place on the map.
    """

    by: str
    coast: str
    borders: str
    box: tuple[float, float, float, float]
    dots: tuple[Dot, ...]
    rows: int = 0
    elsewhere: int = 0


def map_of(table: QueryTable) -> Map | None:
    """None where no column has places, or none of them is on the map."""
    by, placed = _by_coordinates(table) or _by_entries(table) or ("", [])
    here = [(at, value) for at, value in placed if _WEST <= at[1] <= _EAST and _SOUTH <= at[0] <= _NORTH]
    if not here:
        return None
    return _map(by, here, len(table.drawn) - len(here))


def map_of_spots(spots: Iterable[Spot]) -> Map | None:
    """The entries with a place of their own; None where there are none."""
    placed = [((spot.latitude, spot.longitude), Value("iri", spot.entity.iri, spot.entity.label)) for spot in spots]
    here = [(at, value) for at, value in placed if _WEST <= at[1] <= _EAST and _SOUTH <= at[0] <= _NORTH]
    if not here:
        return None
    return _map("clusters", here, len(placed) - len(here))


def _map(by: str, here: Sequence[tuple[Point, Value | None]], elsewhere: int) -> Map:
    dots = _dots(here)[:MOST]
    return Map(by, *_outline(), _box(dots), tuple(dots), sum(dot.rows for dot in dots), elsewhere)


def _by_coordinates(table: QueryTable) -> tuple[str, list[tuple[Point, Value | None]]] | None:
    """By a column of latitudes and one of longitudes, told by their names; labelled by the first other one."""
    across = next((name for name in table.columns if _LONGITUDE.fullmatch(name)), None)
    up = next((name for name in table.columns if _LATITUDE.fullmatch(name)), None)
    if across is None or up is None:
        return None
    others = [at for at, name in enumerate(table.columns) if name not in (across, up)]
    at_up, at_across = table.columns.index(up), table.columns.index(across)
    placed: list[tuple[Point, Value | None]] = []
    for row in table.drawn:
        latitude, longitude = _degrees(row[at_up]), _degrees(row[at_across])
        if latitude is not None and longitude is not None:
            placed.append(((latitude, longitude), next((row[at] for at in others if row[at] is not None), None)))
    return (table.columns[others[0]] if others else up, placed) if placed else None


def _by_entries(table: QueryTable) -> tuple[str, list[tuple[Point, Value | None]]] | None:
    """By the column with the most entries whose place is known: at least half of those in it."""
    best: tuple[str, list[tuple[Point, Value | None]]] | None = None
    for at, name in enumerate(table.columns):
        cells = [row[at] for row in table.drawn if row[at] is not None]
        found = [(table.positions[cell.value], cell) for cell in cells if cell and cell.value in table.positions]
        if 2 * len(found) >= len(cells) and found and (best is None or len(found) > len(best[1])):
            best = (name, [*found])
    return best


def is_coordinate(column: str) -> bool:
    """Whether a column of numbers says where something is: a matter for a map, not for a chart."""
    return bool(_LATITUDE.fullmatch(column) or _LONGITUDE.fullmatch(column))


def _degrees(value: Value | None) -> float | None:
    try:
        found = float(value.value) if value is not None and value.kind == "literal" else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _dots(placed: Iterable[tuple[Point, Value | None]]) -> list[Dot]:
    """One for each place, those with the most rows first, so that small ones are drawn over large ones."""
    at: dict[Point, list[Value | None]] = {}
    for point, value in placed:
        at.setdefault((round(point[0], 4), round(point[1], 4)), []).append(value)
    dots = []
    for point, values in at.items():
        x, y = _projected(point[1], point[0])
        names = list(dict.fromkeys(value.label if value.kind == "iri" else shown(value) for value in values if value))
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        only = values[0] if len(names) == 1 else None
        dots.append(
            Dot(
                round(x, 1),
                round(y, 1),
                round(min(2.6 + 1.1 * math.sqrt(len(values)), 16), 1),
                len(values),
                ", ".join(names[:4]) + more,
                only.value if only and only.kind == "iri" else "",
            )
        )
    return sorted(dots, key=lambda dot: (-dot.rows, dot.y, dot.x))


def _box(dots: list[Dot]) -> tuple[float, float, float, float]:
    """What to show: the places with a margin, and never less than a region."""
    left, right = min(dot.x for dot in dots) - _MARGIN, max(dot.x for dot in dots) + _MARGIN
    top, bottom = min(dot.y for dot in dots) - _MARGIN, max(dot.y for dot in dots) + _MARGIN
    width, height = max(right - left, _SMALLEST), max(bottom - top, _SMALLEST)
    return (
        round((left + right - width) / 2, 1), round((top + bottom - height) / 2, 1), round(width, 1), round(height, 1)
    )  # fmt: skip


def _projected(longitude: float, latitude: float) -> Point:
    """Equirectangular, true to scale along 55° north."""
    return (longitude - _WEST) * _SCALE * _SQUEEZE, (_NORTH - latitude) * _SCALE


@lru_cache(maxsize=1)
def _outline() -> tuple[str, str]:
    """The coasts and the borders of nations, as two SVG paths."""
    raw = json.loads(_OUTLINE.read_text("utf-8"))
    coast, borders = (
        "".join("M" + "L".join("{:.1f} {:.1f}".format(*_projected(*point)) for point in line) for line in raw[name])
        for name in ("coast", "borders")
    )
    return coast, borders
