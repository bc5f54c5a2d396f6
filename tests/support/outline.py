"""Builder of `web/geo/uk.json`: simplified coasts and borders of nations, from the areas in `shared`.

python -m tests.support.outline
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
AREAS = ROOT.parent / "shared" / "geo" / "uk-areas.topo.json"
OUTLINE = ROOT / "web" / "geo" / "uk.json"

_TOLERANCE = 0.018
"""Degrees of latitude by which a simplified line may miss a point: about 2 km."""
_SMALL = 0.05
"""Rings narrower and lower than this many degrees are left out: they would be dots."""

Line = list[tuple[float, float]]


def outline(areas: dict[str, Any]) -> dict[str, Any]:
    """Longitude and latitude in degrees, three decimals; Douglas–Peucker."""
    users: dict[int, list[str]] = defaultdict(list)
    for area in areas["objects"]["uk"]["geometries"]:
        for arc in _arcs(area["arcs"]):
            users[arc if arc >= 0 else ~arc].append(area["properties"]["u"])
    (sx, sy), (tx, ty) = areas["transform"]["scale"], areas["transform"]["translate"]
    lines: list[Line] = []
    for steps in areas["arcs"]:
        x = y = 0
        line: Line = []
        for dx, dy in steps:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        lines.append(line)
    coast = _joined([lines[arc] for arc, nations in sorted(users.items()) if len(nations) == 1])
    borders = _joined([lines[arc] for arc, nations in sorted(users.items()) if len(set(nations)) == 2])
    return {
        "source": "Natural Earth 10m admin-1, public domain: for drawing only",
        "coast": [_rounded(line) for line in coast if _large(line)],
        "borders": [_rounded(line) for line in borders],
    }


def _arcs(nested: Any) -> list[int]:
    return [nested] if isinstance(nested, int) else [arc for part in nested for arc in _arcs(part)]


def _joined(lines: list[Line]) -> list[Line]:
    """Lines joined end to end, as long as possible."""
    remaining = dict(enumerate(lines))
    ends: dict[tuple[float, float], set[int]] = defaultdict(set)
    for number, line in remaining.items():
        ends[line[0]].add(number)
        ends[line[-1]].add(number)
    joined = []
    while remaining:
        number = min(remaining)
        line = _taken(remaining, ends, number)
        for _ in range(2):
            while line[0] != line[-1] and ends[line[-1]]:
                other = _taken(remaining, ends, min(ends[line[-1]]))
                line = line + (other if other[0] == line[-1] else other[::-1])[1:]
            line = line[::-1]
        joined.append(line)
    return joined


def _taken(remaining: dict[int, Line], ends: dict[tuple[float, float], set[int]], number: int) -> Line:
    line = remaining.pop(number)
    ends[line[0]].discard(number)
    ends[line[-1]].discard(number)
    return line


def _large(line: Line) -> bool:
    across, up = ([point[axis] for point in line] for axis in (0, 1))
    return max(across) - min(across) > 2 * _SMALL or max(up) - min(up) > _SMALL


def _rounded(line: Line) -> list[list[float]]:
    return [[round(x, 3), round(y, 3)] for x, y in _simplified(line)]


def _simplified(line: Line) -> Line:
    if len(line) < 3:
        return line
    if line[0] == line[-1]:  # a ring: cut at the point that is farthest from its start
        far = max(range(len(line)), key=lambda at: math.dist(line[0], line[at]))
        return _simplified(line[: far + 1])[:-1] + _simplified(line[far:])
    distances = [_distance(point, line[0], line[-1]) for point in line]
    worst = max(range(len(line)), key=lambda at: distances[at])
    if distances[worst] <= _TOLERANCE:
        return [line[0], line[-1]]
    return _simplified(line[: worst + 1])[:-1] + _simplified(line[worst:])


def _distance(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """From the segment, in degrees of latitude; a degree of longitude is little more than half as long here."""
    squeeze = 0.57
    (px, py), (ax, ay), (bx, by) = ((x * squeeze, y) for x, y in (point, start, end))
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = max(0.0, min(1.0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length)) if length else 0.0
    return math.hypot(px - ax - along * (bx - ax), py - ay - along * (by - ay))


def written(areas: dict[str, Any]) -> str:
    return json.dumps(outline(areas), separators=(",", ":"), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    OUTLINE.parent.mkdir(exist_ok=True)
    OUTLINE.write_text(written(json.loads(AREAS.read_text("utf-8"))), "utf-8")
