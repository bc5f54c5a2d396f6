"""Headings and paragraphs of a page: which lines are headings, of which level, and which lines form a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from graph.documents.boilerplate import lines_of

__all__ = ["Block", "blocks", "has_marks"]

_MARKED: Final = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t]*#*")
_NUMBERED: Final = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})\.?[ \t]+[^\W\d_]")
_ITEM: Final = re.compile(r"(?:[-*•‣◦·▪]|\(?[a-z0-9]{1,3}[.)])[ \t]")
_ENDS: Final = re.compile(r"[.!?;:,…][\"'”’)\]]*$")
_NOT_LAST_IN_HEADING: Final = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "but", "by", "for", "from", "her", "his", "in", "is", "its", "my", "of",
        "on", "or", "our", "that", "the", "their", "this", "to", "was", "with", "your",
    }
)  # fmt: skip
"""A line that ends with one of these words goes on in the next line, so it is no heading."""

MAX_HEADING_WORDS: Final = 14
MAX_HEADING_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (`level` 0) or a heading (1 to 6). Offsets are into the page's text, without the `#` of a heading."""

    start: int
    end: int
    level: int = 0
    joined: bool = False
    """Whether only blank lines separate it from the previous block."""


def has_marks(text: str) -> bool:
    """Whether the text marks its headings (`# …`), so that none have to be guessed."""
    return any(_MARKED.fullmatch(text, *span) for span in lines_of(text) if text.startswith("#", span[0]))


def blocks(text: str, dropped: frozenset[tuple[int, int]], guess: bool) -> Iterator[Block]:
    """Headings and paragraphs of a page, in order, without the `dropped` lines.

    With `guess`, a short line between blank lines counts as a heading if it ends without punctuation and prose follows.
    """
    runs = list(_runs(text, dropped))
    for index, (lines, joined) in enumerate(runs):
        after = runs[index + 1][0][0] if index + 1 < len(runs) else None
        if guess and after is not None and len(lines) == 1 and _is_title(text, lines[0]) and _is_prose(text, after):
            number = _NUMBERED.match(text, *lines[0])
            level = min(6, 1 + number.group(1).count(".")) if number else 1
            yield Block(*lines[0], level=level, joined=joined)
            continue
        yield from _marked(text, lines, joined)


def _runs(text: str, dropped: frozenset[tuple[int, int]]) -> Iterator[tuple[list[tuple[int, int]], bool]]:
    """Runs of adjacent lines, each with whether nothing was dropped before it."""
    run: list[tuple[int, int]] = []
    joined, next_joined, previous = True, True, 0
    for span in lines_of(text):
        if span in dropped:
            if run:
                yield run, joined
                run = []
            joined = next_joined = False
            previous = span[1]
            continue
        if run and text.count("\n", previous, span[0]) > 1:
            yield run, joined
            run, joined = [], True
        if not run:
            joined, next_joined = next_joined and joined, True
        run.append(span)
        previous = span[1]
    if run:
        yield run, joined


def _marked(text: str, lines: Sequence[tuple[int, int]], joined: bool) -> Iterator[Block]:
    """Paragraphs and marked headings of a run of lines."""
    start = end = -1
    for span in lines:
        match = _MARKED.fullmatch(text, *span) if text.startswith("#", span[0]) else None
        if match is None:
            start, end = (span[0] if start < 0 else start), span[1]
            continue
        if start >= 0:
            yield Block(start, end, joined=joined)
            start, joined = -1, True
        yield Block(*match.span(2), level=len(match.group(1)), joined=joined)
    if start >= 0:
        yield Block(start, end, joined=joined)


def _is_title(text: str, span: tuple[int, int]) -> bool:
    line = text[span[0] : min(span[1], span[0] + MAX_HEADING_CHARS + 1)]
    if len(line) > MAX_HEADING_CHARS or len(line.split()) > MAX_HEADING_WORDS or _ENDS.search(line[-6:]) or "|" in line:
        return False
    if line.split()[-1] in _NOT_LAST_IN_HEADING:
        return False
    first = next((char for char in line if char.isalnum()), "")
    letters = sum(char.isalpha() for char in line)
    return (first.isupper() or first.isdigit()) and 2 * letters > len(line) and not _ITEM.match(line)


def _is_prose(text: str, span: tuple[int, int]) -> bool:
    """Whether a line begins prose: no lower-case letter first, and longer than a title or ended like a sentence."""
    line = text[span[0] : min(span[1], span[0] + MAX_HEADING_CHARS + 1)]
    return not line[0].islower() and (
        len(line.split()) > MAX_HEADING_WORDS
        or len(line) > MAX_HEADING_CHARS
        or _ENDS.search(text[span[0] : span[1]][-6:]) is not None
    )
