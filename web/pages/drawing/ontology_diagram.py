"""Drawing of an ontology's main classes: boxes round an ellipse, joined by numbered lines, with a key to the numbers.

The key says all that the drawing shows and more; on a narrow screen it stands alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from graph.metadata.ontology import Link, Ontology, Term, anchor

__all__ = ["Box", "Diagram", "Line", "LinkText", "draw"]

WIDTH: Final = 1000
HEIGHT: Final = 620
MAX_BOXES: Final = 12
MAX_LINES: Final = 26
CHAR_WIDTH: Final = 8.6
BOX_HEIGHT: Final = 46
NUMBER_SPACE: Final = 25
"""Least distance of a number from other numbers and from boxes."""


@dataclass(frozen=True, slots=True)
class Box:
    """A class. `x` and `y` are its centre."""

    anchor: str
    label: str
    count: int
    x: int
    y: int
    width: int
    height: int = BOX_HEIGHT


@dataclass(frozen=True, slots=True)
class LinkText:
    """The relations from one class to another by label, with the number of facts of each."""

    start: str
    end: str
    relations: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Two linked classes. `path` is SVG; `x`, `y`: position of the number. `texts`: one or both directions."""

    number: int
    path: str
    x: int
    y: int
    texts: tuple[LinkText, ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """`within`: links of classes with themselves, which are not drawn."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    within: tuple[LinkText, ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(ontology: Ontology) -> Diagram:
    """The diagram of an ontology, always the same for the same one. Empty where no two classes are linked."""
    terms = {term.iri: term for term in ontology.classes}
    pairs = _pairs(ontology.links, set(ontology.main[:MAX_BOXES]))
    linked = {iri for pair in pairs for iri in pair}
    ring = _ring([iri for iri in ontology.main[:MAX_BOXES] if iri in linked], set(pairs))
    boxes = {iri: _box(terms[iri], index, len(ring)) for index, iri in enumerate(ring)}
    numbers: list[tuple[float, float]] = []
    lines = []
    for number, (pair, links) in enumerate(pairs.items(), start=1):
        path, x, y = _curve(boxes[pair[0]], boxes[pair[1]], list(boxes.values()), numbers)
        lines.append(Line(number, path, x, y, tuple(_text(link, terms) for link in links)))
    within = (link for link in ontology.links if link.start == link.end and link.start in linked)
    return Diagram(tuple(boxes.values()), tuple(lines), tuple(_text(link, terms) for link in within))


def _pairs(links: tuple[Link, ...], shown: set[str]) -> dict[tuple[str, str], list[Link]]:
    """The pairs of classes with most facts between them; for each class, at least its own best pair."""
    links_of: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        if link.start != link.end and {link.start, link.end} <= shown:
            start, end = sorted((link.start, link.end))
            links_of.setdefault((start, end), []).append(link)
    ranked = sorted(links_of, key=lambda pair: (-sum(link.facts for link in links_of[pair]), pair))
    chosen: list[tuple[str, str]] = []
    for iri in sorted(shown):
        best = next((pair for pair in ranked if iri in pair), None)
        if best is not None and best not in chosen:
            chosen.append(best)
    chosen += [pair for pair in ranked if pair not in chosen][: max(0, MAX_LINES - len(chosen))]
    return {pair: links_of[pair] for pair in sorted(chosen, key=ranked.index)}


def _ring(iris: list[str], pairs: set[tuple[str, str]]) -> list[str]:
    """An order in which linked classes stand near each other, found by swaps that shorten the lines."""
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


def _box(term: Term, index: int, count: int) -> Box:
    angle = 2 * math.pi * index / count - math.pi / 2
    width = max(96, round(len(term.label) * CHAR_WIDTH) + 28)
    across, down = WIDTH / 2 - 92, HEIGHT / 2 - BOX_HEIGHT / 2 - 4
    x = WIDTH / 2 + across * math.cos(angle)
    x = min(max(x, width / 2 + 2), WIDTH - width / 2 - 2)
    return Box(anchor(term.iri), term.label, term.total, round(x), round(HEIGHT / 2 + down * math.sin(angle)), width)


def _curve(start: Box, end: Box, boxes: list[Box], numbers: list[tuple[float, float]]) -> tuple[str, int, int]:
    """A line that bends towards the middle, and a position on it with room for its number."""
    bend = 0.28
    cx = (start.x + end.x) / 2 * (1 - bend) + WIDTH / 2 * bend
    cy = (start.y + end.y) / 2 * (1 - bend) + HEIGHT / 2 * bend

    def point(t: float) -> tuple[float, float]:
        u = 1 - t
        return (
            u * u * start.x + 2 * u * t * cx + t * t * end.x,
            u * u * start.y + 2 * u * t * cy + t * t * end.y,
        )

    def room_at(t: float) -> float:
        x, y = point(t)
        room = min((math.dist((x, y), other) for other in numbers), default=1e9)
        for box in boxes:
            across, above = abs(x - box.x) - box.width / 2, abs(y - box.y) - box.height / 2
            room = min(room, max(across, above) + NUMBER_SPACE / 2)
        return room

    steps = [0.5 + sign * step / 40 for step in range(15) for sign in (1, -1)]
    t = next((t for t in steps if room_at(t) >= NUMBER_SPACE), max(steps, key=room_at))
    x, y = point(t)
    numbers.append((x, y))
    return f"M{start.x} {start.y}Q{cx:.0f} {cy:.0f} {end.x} {end.y}", round(x), round(y)


def _text(link: Link, terms: dict[str, Term]) -> LinkText:
    return LinkText(terms[link.start].label, terms[link.end].label, link.relations)
