"""The classes of an ontology as a drawing: boxes round an ellipse, numbered lines between them, and a key to the lines.

The key says everything that the drawing shows, and more; it stands beside it, and alone where the screen is narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from graph.metadata.ontology import Link, Ontology, Term, anchor

__all__ = ["Box", "Diagram", "Line", "Said", "draw"]

WIDTH: Final = 1000
HEIGHT: Final = 620
_BOXES: Final = 12
_LINES: Final = 26
_CHAR: Final = 8.6
_BOX_HEIGHT: Final = 46
_APART: Final = 25
"""Distance that the numbers keep from each other and from boxes."""


@dataclass(frozen=True, slots=True)
class Box:
    """A class. `x` and `y` are its centre."""

    anchor: str
    label: str
    count: int
    x: int
    y: int
    width: int
    height: int = _BOX_HEIGHT


@dataclass(frozen=True, slots=True)
class Said:
    """What leads from one class to another, in words, with the number of facts of each."""

    start: str
    end: str
    relations: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Two classes that facts link. `path` is SVG; `x` and `y` are the place of the number. `said`: one or both ways."""

    number: int
    path: str
    x: int
    y: int
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """`within` are the links of classes with themselves, which are not drawn."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    within: tuple[Said, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(ontology: Ontology) -> Diagram:
    """The same picture for the same ontology. Empty where no two classes are linked."""
    terms = {each.iri: each for each in ontology.classes}
    pairs = _pairs(ontology.links, set(ontology.main[:_BOXES]))
    linked = {iri for pair in pairs for iri in pair}
    ring = _ring([iri for iri in ontology.main[:_BOXES] if iri in linked], set(pairs))
    boxes = {iri: _box(terms[iri], place, len(ring)) for place, iri in enumerate(ring)}
    taken: list[tuple[float, float]] = []
    lines = []
    for number, (pair, links) in enumerate(pairs.items(), start=1):
        path, x, y = _curve(boxes[pair[0]], boxes[pair[1]], list(boxes.values()), taken)
        lines.append(Line(number, path, x, y, tuple(_said(link, terms) for link in links)))
    within = (link for link in ontology.links if link.start == link.end and link.start in linked)
    return Diagram(tuple(boxes.values()), tuple(lines), tuple(_said(link, terms) for link in within))


def _pairs(links: tuple[Link, ...], shown: set[str]) -> dict[tuple[str, str], list[Link]]:
    """The pairs of classes with most facts between them, and for every class at least its own best."""
    found: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        if link.start != link.end and {link.start, link.end} <= shown:
            start, end = sorted((link.start, link.end))
            found.setdefault((start, end), []).append(link)
    ranked = sorted(found, key=lambda pair: (-sum(link.facts for link in found[pair]), pair))
    kept: list[tuple[str, str]] = []
    for iri in sorted(shown):
        best = next((pair for pair in ranked if iri in pair), None)
        if best is not None and best not in kept:
            kept.append(best)
    kept += [pair for pair in ranked if pair not in kept][: max(0, _LINES - len(kept))]
    return {pair: found[pair] for pair in sorted(kept, key=ranked.index)}


def _ring(iris: list[str], pairs: set[tuple[str, str]]) -> list[str]:
    """An order in which linked classes stand near each other: swaps while any of them shortens the lines."""
    order = list(iris)

    def length() -> int:
        place = {iri: number for number, iri in enumerate(order)}
        steps = (abs(place[a] - place[b]) for a, b in pairs)
        return sum(min(step, len(order) - step) for step in steps)

    shortest, improved = length(), True
    while improved:
        improved = False
        for i in range(len(order)):
            for j in range(i + 1, len(order)):
                order[i], order[j] = order[j], order[i]
                now = length()
                if now < shortest:
                    shortest, improved = now, True
                else:
                    order[i], order[j] = order[j], order[i]
    return order


def _box(term: Term, place: int, number: int) -> Box:
    angle = 2 * math.pi * place / number - math.pi / 2
    width = max(96, round(len(term.label) * _CHAR) + 28)
    across, down = WIDTH / 2 - 92, HEIGHT / 2 - _BOX_HEIGHT / 2 - 4
    x = WIDTH / 2 + across * math.cos(angle)
    x = min(max(x, width / 2 + 2), WIDTH - width / 2 - 2)
    return Box(anchor(term.iri), term.label, term.total, round(x), round(HEIGHT / 2 + down * math.sin(angle)), width)


def _curve(start: Box, end: Box, boxes: list[Box], taken: list[tuple[float, float]]) -> tuple[str, int, int]:
    """A line that bends a little towards the middle, and a free place on it for its number."""
    bend = 0.28
    cx = (start.x + end.x) / 2 * (1 - bend) + WIDTH / 2 * bend
    cy = (start.y + end.y) / 2 * (1 - bend) + HEIGHT / 2 * bend

    def at(t: float) -> tuple[float, float]:
        u = 1 - t
        return (
            u * u * start.x + 2 * u * t * cx + t * t * end.x,
            u * u * start.y + 2 * u * t * cy + t * t * end.y,
        )

    def free(t: float) -> float:
        x, y = at(t)
        room = min((math.dist((x, y), other) for other in taken), default=1e9)
        for box in boxes:
            beside, above = abs(x - box.x) - box.width / 2, abs(y - box.y) - box.height / 2
            room = min(room, max(beside, above) + _APART / 2)
        return room

    steps = [0.5 + sign * step / 40 for step in range(15) for sign in (1, -1)]
    t = next((t for t in steps if free(t) >= _APART), max(steps, key=free))
    x, y = at(t)
    taken.append((x, y))
    return f"M{start.x} {start.y}Q{cx:.0f} {cy:.0f} {end.x} {end.y}", round(x), round(y)


def _said(link: Link, terms: dict[str, Term]) -> Said:
    return Said(terms[link.start].label, terms[link.end].label, link.relations)
