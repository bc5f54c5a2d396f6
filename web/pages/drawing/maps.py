"""Maps of a query result that has latitudes and longitudes, or entities whose place is known.

The server draws them over outlines simplified to about two kilometres (`web/geo/uk.json`); the rows below a map say the
same in words.
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
from web.pages.wording import literal_text
from web.read_model.reader import QueryTable, Spot

__all__ = ["Dot", "Map", "is_coordinate", "map_of", "map_of_spots"]

MAX_DOTS: Final = 1_000
MAX_NAMES: Final = 4
"""Names in the label of a dot; of the others, the number."""

_OUTLINE: Final = Path(__file__).parents[2] / "geo" / "uk.json"
_WEST, _EAST, _SOUTH, _NORTH = -8.8, 2.2, 49.7, 61.0
_SCALE: Final = 44.0
"""Units of the drawing per degree of latitude."""
_SQUEEZE: Final = math.cos(math.radians(55))
_MARGIN: Final = 22.0
MIN_SIZE: Final = 110.0
"""Least width and height of what is shown, in units of the drawing: about 280 km."""

_LATITUDE: Final = re.compile(r"(?:.*_)?(?:lat|latitude|wgs84_lat)", re.IGNORECASE)
_LONGITUDE: Final = re.compile(r"(?:.*_)?(?:lon|long|lng|longitude|wgs84_long)", re.IGNORECASE)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a result on the map. `position`: latitude and longitude in degrees. `label`: the cell that names it."""

    position: Point
    label: Value | None


@dataclass(frozen=True, slots=True)
class Dot:
    """A place, in units of the drawing. `rows`: rows of the result there; `label` names the first few of them."""

    x: float
    y: float
    radius: float
    rows: int
    label: str
    iri: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """A map of the column `by`. `box`: left, top, width and height of what is shown.

    `rows` counts the rows that are drawn, `elsewhere` those without a place on the map.
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
    by, places = _by_coordinates(table) or _by_entities(table) or ("", [])
    return _map(by, places, len(table.drawing_rows))


def map_of_spots(spots: Iterable[Spot]) -> Map | None:
    """The clusters on the home page; None where none of them is on the map."""
    places = [
        Place((spot.latitude, spot.longitude), Value("iri", spot.entity.iri, spot.entity.label)) for spot in spots
    ]
    return _map("clusters", places, len(places))


def _map(by: str, places: Sequence[Place], rows: int) -> Map | None:
    inside = [
        place for place in places if _WEST <= place.position[1] <= _EAST and _SOUTH <= place.position[0] <= _NORTH
    ]
    if not inside:
        return None
    dots = _dots(inside)[:MAX_DOTS]
    coast, borders = _outline()
    return Map(
        by=by,
        coast=coast,
        borders=borders,
        box=_box(dots),
        dots=tuple(dots),
        rows=sum(dot.rows for dot in dots),
        elsewhere=rows - len(inside),
    )


def _by_coordinates(table: QueryTable) -> tuple[str, list[Place]] | None:
    """Places from a column of latitudes and one of longitudes, known by their names.

    The first bound cell of the other columns labels a place.
    """
    columns = table.columns
    x = next((index for index, name in enumerate(columns) if _LONGITUDE.fullmatch(name)), None)
    y = next((index for index, name in enumerate(columns) if _LATITUDE.fullmatch(name)), None)
    if x is None or y is None:
        return None
    others = [index for index in range(len(columns)) if index not in (x, y)]
    places = []
    for row in table.drawing_rows:
        latitude, longitude = _degrees(row[y]), _degrees(row[x])
        if latitude is not None and longitude is not None:
            label = next((row[index] for index in others if row[index] is not None), None)
            places.append(Place((latitude, longitude), label))
    return (columns[others[0] if others else y], places) if places else None


def _by_entities(table: QueryTable) -> tuple[str, list[Place]] | None:
    """Places from the column with most entities whose place is known, which must be at least half of its cells."""
    best: tuple[str, list[Place]] | None = None
    for index, name in enumerate(table.columns):
        cells = [cell for row in table.drawing_rows if (cell := row[index]) is not None]
        places = [Place(table.positions[cell.value], cell) for cell in cells if cell.value in table.positions]
        if places and 2 * len(places) >= len(cells) and (best is None or len(places) > len(best[1])):
            best = (name, places)
    return best


def is_coordinate(column: str) -> bool:
    """Whether a column of numbers holds latitudes or longitudes, which are for maps, not for charts."""
    return bool(_LATITUDE.fullmatch(column) or _LONGITUDE.fullmatch(column))


def _degrees(value: Value | None) -> float | None:
    try:
        degrees = float(value.value) if value is not None and value.kind == "literal" else math.nan
    except ValueError:
        return None
    return degrees if math.isfinite(degrees) else None


def _dots(places: Iterable[Place]) -> list[Dot]:
    """One dot for each position, those with most rows first, so that small dots are drawn over large ones."""
    by_position: dict[Point, list[Value | None]] = {}
    for place in places:
        latitude, longitude = place.position
        by_position.setdefault((round(latitude, 4), round(longitude, 4)), []).append(place.label)
    dots = [_dot(position, values) for position, values in by_position.items()]
    return sorted(dots, key=lambda dot: (-dot.rows, dot.y, dot.x))


def _dot(position: Point, values: list[Value | None]) -> Dot:
    latitude, longitude = position
    x, y = _projected(longitude, latitude)
    texts = (value.label if value.kind == "iri" else literal_text(value) for value in values if value)
    names = list(dict.fromkeys(texts))
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    only = values[0] if len(names) == 1 else None
    return Dot(
        x=round(x, 1),
        y=round(y, 1),
        radius=round(min(2.6 + 1.1 * math.sqrt(len(values)), 16), 1),
        rows=len(values),
        label=", ".join(names[:MAX_NAMES]) + more,
        iri=only.value if only and only.kind == "iri" else "",
    )


def _box(dots: list[Dot]) -> tuple[float, float, float, float]:
    """The part of the map to show: the dots with a margin, and at least a region."""
    left, right = min(dot.x for dot in dots) - _MARGIN, max(dot.x for dot in dots) + _MARGIN
    top, bottom = min(dot.y for dot in dots) - _MARGIN, max(dot.y for dot in dots) + _MARGIN
    width, height = max(right - left, MIN_SIZE), max(bottom - top, MIN_SIZE)
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
