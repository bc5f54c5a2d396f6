"""Acronyms that a text defines: "Global Creative Economy Council (GCEC)", or the other way round.

After A. S. Schwartz and M. A. Hearst (2003), A simple algorithm for identifying abbreviation definitions in
biomedical text, Pacific Symposium on Biocomputing 8: the short form stands in brackets; the long form is the
shortest run of at most min(|A| + 5, 2|A|) words before it in which the letters of the short form are found in
order from right to left, the first of them at the beginning of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Definition", "definitions"]

_BRACKETS: Final = re.compile(r"[(\[]([^()\[\]\n]{2,120})[)\]]")
_SHORT: Final = re.compile(r"[^\W_](?:[\w&./+-]| (?=[A-Z0-9])){0,8}[\w+]")
_WORD: Final = re.compile(r"\S+")
_CLAUSE: Final = re.compile(r"[.;:!?](?=\s)|[()\[\]\n]")
_WORD_START: Final = re.compile(r"(?<![^\W_])[^\W_]")
_SMALL: Final = re.compile(r"(?:and|of|for|the|in|a|an|on|at|to)\b")
MAX_SHORT_FORM_WORDS: Final = 2
MAX_LOOKBACK_CHARS: Final = 400


@dataclass(frozen=True, slots=True)
class Definition:
    """Definition of an acronym: `text[start:end]` is the short form, `text[long_start:long_end]` the long one."""

    short: str
    long: str
    start: int
    end: int
    long_start: int
    long_end: int


def definitions(text: str) -> Iterator[Definition]:
    """Definitions in a text, in order. Each bracket looks back at most MAX_LOOKBACK_CHARS, so time is linear."""
    for match in _BRACKETS.finditer(text):
        inner = match.group(1).strip().strip("'\"‘’“”")
        start = match.start(1) + match.group(1).find(inner)
        # "(GCEC, chaired by …)" and "(the GCEC)" are definitions too: of the first part, without its article.
        part = re.split(r"[,;]", inner)[0]
        bare = re.sub(r"^(?:the|or|hereafter|henceforth)\s+", "", part)
        start += part.find(bare) if bare != part else 0
        if _is_short(bare):
            span = _before(text, match.start(), bare)
            if span is not None:
                yield Definition(bare, text[span[0] : span[1]], start, start + len(bare), *span)
        else:
            yield from _reversed(text, match.start(), match.start(1), match.group(1))


def _is_short(short: str) -> bool:
    """Whether it can be an acronym: two to ten characters, at most two words, at least two capitals."""
    return (
        bool(_SHORT.fullmatch(short))
        and len(short.split()) <= MAX_SHORT_FORM_WORDS
        and sum(char.isupper() for char in short) >= 2
    )


def _before(text: str, bracket: int, short: str) -> tuple[int, int] | None:
    """[start, end) of the long form that ends at the bracket; None where there is none."""
    size = sum(char.isalnum() for char in short)
    window = text[max(0, bracket - MAX_LOOKBACK_CHARS) : bracket]
    for clause in _CLAUSE.finditer(window):
        window = " " * clause.end() + window[clause.end() :]
    starts = [match.start() for match in _WORD.finditer(window)][-min(size + 5, 2 * size) :]
    if not starts:
        return None
    first = starts[0]
    long = window[first:].rstrip()
    at = _align(short, long)
    if at is None:
        return None
    begin = max(0, bracket - MAX_LOOKBACK_CHARS) + first + at
    end = max(0, bracket - MAX_LOOKBACK_CHARS) + first + len(long)
    return _trim(text, begin, end, short)


def _align(short: str, long: str) -> int | None:
    """Offset at which the long form begins, so that it holds the letters of the short form; None where it does not.

    One addition to the method: the long form does not begin with a small word ("and Humanities Research Council") where
    a word further left has the same initial.
    """
    letters = [char.lower() for char in short if char.isalnum()]
    lowered = long.lower()
    at = len(long)
    for letter in reversed(letters[1:]):
        at = lowered.rfind(letter, 0, at)
        if at < 0:
            return None
    begins = [m.start() for m in _WORD_START.finditer(lowered, 0, at) if m.group() == letters[0]]
    strong = [start for start in begins[-2:] if not _SMALL.match(lowered, start)]
    best = strong or begins
    return best[-1] if best else None


def _trim(text: str, start: int, end: int, short: str) -> tuple[int, int] | None:
    """The span without punctuation at its end; None for one word, or no more than the short form, or text with it."""
    while start < end and not text[end - 1].isalnum():
        end -= 1
    long = text[start:end]
    if len(long) <= len(short) or (" " not in long and "-" not in long) or short in long.split():
        return None
    return start, end


def _reversed(text: str, bracket: int, start: int, inner: str) -> Iterator[Definition]:
    """Definitions such as "GCEC (Global Creative Economy Council)": the bracket must begin with the first letter."""
    before = re.search(r"([^\W_][\w&+-]{1,9})\s*$", text[max(0, bracket - 12) : bracket])
    if not before or not _is_short(before.group(1)):
        return
    short = before.group(1)
    long = inner.strip()
    if _align(short, long) == 0 and " " in long:
        begin = max(0, bracket - 12) + before.start(1)
        offset = start + inner.find(long)
        yield Definition(short, long, begin, begin + len(short), offset, offset + len(long))
