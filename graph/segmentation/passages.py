"""Segmentation of readings into passages: some sentences under their headings, no longer than the encoder reads.

Invariant: `page.text[passage.start:passage.end] == passage.text`. A passage never crosses a page, a heading or a
dropped line. Every line of a page is in exactly one passage, in a heading path, or is boilerplate
(`graph.documents.boilerplate`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from graph.documents.boilerplate import boilerplate_spans, running_lines
from graph.iri import passage_iri
from graph.model import Page, Passage, Reading
from graph.segmentation.headings import Block, blocks, has_marks
from graph.segmentation.sentences import Piece, pieces

__all__ = ["MAX_TOKENS", "MIN_TOKENS", "passages"]

MAX_TOKENS: Final = 220
"""The encoder reads 256: two are special, and some are left for the document's title and errors of the estimate."""
MIN_TOKENS: Final = 60
"""Shorter paragraphs are merged with their neighbours of the same section."""

_Span = tuple[int, int, tuple[str, ...]]
MAX_HEADING_CHARS: Final = 160


def passages(
    document_iri: str, reading: Reading, *, max_tokens: int = MAX_TOKENS, min_tokens: int = MIN_TOKENS
) -> tuple[Passage, ...]:
    """Passages of a reading, in order, numbered from 0; always the same for the same reading.

    `max_tokens` and `min_tokens` are estimated word pieces (see `graph.segmentation.token_estimate`). Raises ValueError
    where they are out of order. Time is linear in the text.
    """
    if max_tokens < 1 or min_tokens > max_tokens:
        raise ValueError(f"token limits out of order: {min_tokens}, {max_tokens}")
    paged = [page.text for page in reading.pages if page.number]
    running = running_lines(paged)
    guess = not any(has_marks(page.text) for page in reading.pages)
    cutter = _Cutter(
        float(max_tokens),
        float(min_tokens),
        " ".join(reading.title.split()).casefold(),
        has_menus=reading.kind != "html",
    )
    numbered: list[Passage] = []
    for page in reading.pages:
        for start, end, heading in cutter.cut(page, running, guess):
            index = len(numbered)
            passage = Passage(
                iri=passage_iri(document_iri, index),
                document=document_iri,
                index=index,
                text=page.text[start:end],
                start=start,
                end=end,
                page=page.number,
                heading=heading,
            )
            numbered.append(passage)
    return tuple(numbered)


class _Cutter:
    """Cutter of one reading, page by page; the heading path goes on from page to page."""

    def __init__(self, most: float, least: float, title: str, *, has_menus: bool) -> None:
        self.most = most
        self.least = least
        self.title = title
        self.has_menus = has_menus
        self.path: list[tuple[int, str]] = []

    def cut(self, page: Page, running: frozenset[str], guess: bool) -> Iterator[_Span]:
        text = page.text
        section: list[Block] = []
        empty: Block | None = None  # a heading without text so far
        for block in blocks(text, boilerplate_spans(text, running, has_menus=self.has_menus), guess):
            if block.level:
                yield from self._section(text, section)
                section = []
                if empty is not None and block.level <= empty.level:
                    yield from self._heading_alone(text, empty)
                empty = block
                self._enter(text[block.start : block.end], block.level)
                continue
            empty = None
            if section and not block.joined:
                yield from self._section(text, section)
                section = []
            section.append(block)
        yield from self._section(text, section)
        if empty is not None:
            yield from self._heading_alone(text, empty)

    def _enter(self, heading: str, level: int) -> None:
        while self.path and self.path[-1][0] >= level:
            self.path.pop()
        self.path.append((level, " ".join(heading.split())))

    def _heading(self) -> tuple[str, ...]:
        """Heading path without the document's title, which every passage has anyway; long headings are cut."""
        return tuple(text[:MAX_HEADING_CHARS] for _, text in self.path if text.casefold() != self.title)

    def _heading_alone(self, text: str, block: Block) -> Iterator[_Span]:
        """A heading without text under it becomes a passage, unless it is the document's title."""
        if " ".join(text[block.start : block.end].split()).casefold() != self.title:
            path = self._heading()
            for start, end, _ in pieces(text, block.start, block.end, self.most):
                yield start, end, path[:-1]

    def _section(self, text: str, section: Sequence[Block]) -> Iterator[_Span]:
        """Spans of the paragraphs under one heading: short ones joined, long ones cut at sentences."""
        heading = self._heading()
        for start, end, _ in self._merge(self._parts(text, section)):
            yield start, end, heading

    def _parts(self, text: str, section: Sequence[Block]) -> Iterator[Piece]:
        """Each paragraph as one piece, or as several of similar weight."""
        for block in section:
            sentences = list(pieces(text, block.start, block.end, self.most))
            total = sum(weight for _, _, weight in sentences)
            yield from _balance(sentences, total, self.most)

    def _merge(self, parts: Iterator[Piece]) -> Iterator[Piece]:
        """Join a piece with the previous one while one of them is short and both fit together."""
        waiting: list[Piece] = []
        for part in parts:
            last = waiting[-1] if waiting else None
            short = last is not None and (last[2] < self.least or part[2] < self.least / 2)
            if last is not None and short and last[2] + part[2] <= self.most:
                waiting[-1] = (last[0], part[1], last[2] + part[2])
                continue
            if len(waiting) > 1:
                yield waiting.pop(0)
            waiting.append(part)
        yield from waiting


def _balance(sentences: Sequence[Piece], total: float, most: float) -> Iterator[Piece]:
    """Join sentences to as few pieces within `most` as possible, of weights as even as sentences allow."""
    remaining = total
    start, end, weight = -1, -1, 0.0
    target = _share(remaining, most)
    for first, last, cost in sentences:
        if start >= 0 and (weight + cost > most or weight >= target):
            yield start, end, weight
            remaining -= weight
            target = _share(remaining, most)
            start, weight = -1, 0.0
        start, end, weight = (first if start < 0 else start), last, weight + cost
    if start >= 0:
        yield start, end, weight


def _share(weight: float, most: float) -> float:
    """Weight of each piece, where `weight` is cut into as few equal pieces within `most` as possible."""
    return weight / max(1, -(-weight // most))
