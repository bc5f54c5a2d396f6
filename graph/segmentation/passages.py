"""Readings cut into passages: a few sentences each, under their headings, no longer than the encoder reads.

The invariant: `page.text[passage.start:passage.end] == passage.text`, always; a passage never runs across a page,
a heading or a dropped line. Every line of a page is in exactly one passage, in its heading path, or is page
furniture (`graph.documents.boilerplate`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from graph.documents.boilerplate import furniture, running_lines
from graph.iri import passage_iri
from graph.model import Page, Passage, Reading
from graph.segmentation.headings import Block, blocks, has_marks
from graph.segmentation.sentences import Piece, pieces

__all__ = ["MAX_TOKENS", "MIN_TOKENS", "passages"]

MAX_TOKENS: Final = 220
"""Of the encoder's 256: two are special, the rest is left to the document's title and to the estimate's error."""
MIN_TOKENS: Final = 60
"""Shorter paragraphs are merged with their neighbours of the same section."""

_Span = tuple[int, int, tuple[str, ...]]
_HEADING_CHARS: Final = 160


def passages(
    document_iri: str, reading: Reading, *, max_tokens: int = MAX_TOKENS, min_tokens: int = MIN_TOKENS
) -> tuple[Passage, ...]:
    """The passages of a reading in order, numbered from 0. Same reading, same passages; linear in the text.

    `max_tokens` and `min_tokens` are estimated word pieces (see `graph.segmentation.token_estimate`).
    """
    if max_tokens < 1 or min_tokens > max_tokens:
        raise ValueError(f"token limits out of order: {min_tokens}, {max_tokens}")
    paged = [page.text for page in reading.pages if page.number]
    running = running_lines(paged)
    guess = not any(has_marks(page.text) for page in reading.pages)
    cutter = _Cutter(float(max_tokens), float(min_tokens), " ".join(reading.title.split()).casefold())
    made: list[Passage] = []
    for page in reading.pages:
        for start, end, heading in cutter.cut(page, running, guess):
            iri = passage_iri(document_iri, len(made))
            made.append(Passage(iri, document_iri, len(made), page.text[start:end], start, end, page.number, heading))
    return tuple(made)


class _Cutter:
    """Walks the pages of one reading; the heading path carries over from page to page."""

    def __init__(self, most: float, least: float, title: str) -> None:
        self.most = most
        self.least = least
        self.title = title
        self.path: list[tuple[int, str]] = []

    def cut(self, page: Page, running: frozenset[str], guess: bool) -> Iterator[_Span]:
        text = page.text
        section: list[Block] = []
        bare: Block | None = None  # a heading that nothing stands under yet
        for block in blocks(text, furniture(text, running), guess):
            if block.level:
                yield from self._section(text, section)
                section = []
                if bare is not None and block.level <= bare.level:
                    yield from self._lone(text, bare)
                bare = block
                self._enter(text[block.start : block.end], block.level)
                continue
            bare = None
            if section and not block.joined:
                yield from self._section(text, section)
                section = []
            section.append(block)
        yield from self._section(text, section)
        if bare is not None:
            yield from self._lone(text, bare)

    def _enter(self, heading: str, level: int) -> None:
        while self.path and self.path[-1][0] >= level:
            self.path.pop()
        self.path.append((level, " ".join(heading.split())))

    def _heading(self) -> tuple[str, ...]:
        """The path without the document's own title, which every passage has anyway; long headings are cut."""
        return tuple(text[:_HEADING_CHARS] for _, text in self.path if text.casefold() != self.title)

    def _lone(self, text: str, block: Block) -> Iterator[_Span]:
        """A heading with nothing under it is text of its own, unless it is the document's title."""
        if " ".join(text[block.start : block.end].split()).casefold() != self.title:
            own = self._heading()
            for start, end, _ in pieces(text, block.start, block.end, self.most):
                yield start, end, own[:-1]

    def _section(self, text: str, section: Sequence[Block]) -> Iterator[_Span]:
        """The paragraphs under one heading: short ones joined, long ones cut at sentences."""
        heading = self._heading()
        for start, end, _ in self._merge(self._parts(text, section)):
            yield start, end, heading

    def _parts(self, text: str, section: Sequence[Block]) -> Iterator[Piece]:
        """Each paragraph as one piece, or as several of about the same weight."""
        for block in section:
            sentences = list(pieces(text, block.start, block.end, self.most))
            total = sum(weight for _, _, weight in sentences)
            yield from _balance(sentences, total, self.most)

    def _merge(self, parts: Iterator[Piece]) -> Iterator[Piece]:
        """Neighbours joined while the one in hand is short and the two fit; a short last one joins backwards."""
        held: list[Piece] = []
        for part in parts:
            last = held[-1] if held else None
            short = last is not None and (last[2] < self.least or part[2] < self.least / 2)
            if last is not None and short and last[2] + part[2] <= self.most:
                held[-1] = (last[0], part[1], last[2] + part[2])
                continue
            if len(held) > 1:
                yield held.pop(0)
            held.append(part)
        yield from held


def _balance(sentences: Sequence[Piece], total: float, most: float) -> Iterator[Piece]:
    """Sentences gathered into the fewest pieces within `most`, of weights as even as sentences allow."""
    left = total
    start, end, weight = -1, -1, 0.0
    target = _share(left, most)
    for first, last, cost in sentences:
        if start >= 0 and (weight + cost > most or weight >= target):
            yield start, end, weight
            left -= weight
            target = _share(left, most)
            start, weight = -1, 0.0
        start, end, weight = (first if start < 0 else start), last, weight + cost
    if start >= 0:
        yield start, end, weight


def _share(weight: float, most: float) -> float:
    return weight / max(1, -(-weight // most))
