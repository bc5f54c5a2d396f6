"""Contour lines of the density of places, as SVG paths: the ornament of the home page.

Method: a sum of Gaussians on a grid, then marching squares with linear interpolation; the segments are joined into
lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

__all__ = ["SIZE", "contours"]

SIZE: Final = (300, 408)
"""Width and height in units of the drawing."""

_WEST, _EAST, _SOUTH, _NORTH = -7.6, 2.4, 49.9, 58.0
SPREAD_DEGREES: Final = 0.42
"""Standard deviation of a place's Gaussian, in degrees of latitude."""

_LEVELS: Final = (0.18, 0.45, 0.8, 1.25, 1.8, 2.6, 3.6)
STEP: Final = 4
"""Units between points of the grid."""

Point = tuple[float, float]

# Which edges (0 top, 1 right, 2 bottom, 3 left) a line crosses, by which corners lie above the level
# (1 top left, 2 top right, 4 bottom right, 8 bottom left).
_CROSSINGS: Final[dict[int, tuple[tuple[int, int], ...]]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip


@lru_cache(maxsize=4)
def contours(positions: tuple[Point, ...]) -> tuple[str, ...]:
    """One SVG path per level, for (latitude, longitude) pairs in degrees; empty where there are none."""
    inside = [(lat, lon) for lat, lon in positions if _SOUTH <= lat <= _NORTH and _WEST <= lon <= _EAST]
    if not inside:
        return ()
    field = _density(inside)
    paths = (_path(_lines(field, level)) for level in _LEVELS)
    return tuple(path for path in paths if path)


def _density(positions: Sequence[Point]) -> list[list[float]]:
    width, height = SIZE
    longitudes = np.linspace(_WEST, _EAST, width // STEP + 1)
    latitudes = np.linspace(_NORTH, _SOUTH, height // STEP + 1)
    places = np.array(positions)
    squeeze = math.cos(math.radians((_NORTH + _SOUTH) / 2))
    across = np.exp(-(((longitudes[:, None] - places[None, :, 1]) * squeeze / SPREAD_DEGREES) ** 2) / 2)
    down = np.exp(-(((latitudes[:, None] - places[None, :, 0]) / SPREAD_DEGREES) ** 2) / 2)
    field: list[list[float]] = (down @ across.T).tolist()
    return field


def _lines(field: list[list[float]], level: float) -> list[list[Point]]:
    """The contour lines of a level, as lists of points; a closed line ends where it starts."""
    following: dict[Point, Point] = {}
    for row in range(len(field) - 1):
        for column in range(len(field[0]) - 1):
            for start, end in _segments(field, row, column, level):
                following[start] = end
    starts = sorted(set(following) - set(following.values()))
    lines = []
    while following:
        point = starts.pop() if starts else next(iter(following))
        line = [point]
        while point in following:
            point = following.pop(point)
            line.append(point)
        lines.append(line)
    return lines


def _segments(field: list[list[float]], row: int, column: int, level: float) -> list[tuple[Point, Point]]:
    corners = (field[row][column], field[row][column + 1], field[row + 1][column + 1], field[row + 1][column])
    case = sum(1 << index for index, value in enumerate(corners) if value > level)

    def crossing(edge: int) -> Point:
        first, second = corners[edge], corners[(edge + 1) % 4]
        share = (level - first) / (second - first)
        x, y = ((share, 0.0), (1.0, share), (1 - share, 1.0), (0.0, 1 - share))[edge]
        return round((column + x) * STEP, 1), round((row + y) * STEP, 1)

    pairs = [(crossing(start), crossing(end)) for start, end in _CROSSINGS.get(case, ())]
    return [(start, end) for start, end in pairs if start != end]


def _path(lines: list[list[Point]]) -> str:
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in line) for line in lines if len(line) > 3)
