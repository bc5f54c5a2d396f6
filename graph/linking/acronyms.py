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
_MAX_SHORT_WORDS: Final = 2
_REACH: Final = 400


@dataclass(frozen=True, slots=True)
class Definition:
    """`text[long_start:long_end]` is the long form, `text[start:end]` the short one."""

    short: str
    long: str
    start: int
    end: int
    long_start: int
    long_end: int


def definitions(text: str) -> Iterator[Definition]:
    """The definitions in a text, in order. Linear: each bracket looks back a bounded way."""
    for match in _BRACKETS.finditer(text):
        inner = match.group(1).strip().strip("'\"‘’“”")
        start = match.start(1) + match.group(1).find(inner)
        # "(GCEC, chaired by …)" and "(the GCEC)" define as well: the first part, without its article.
        part = re.split(r"[,;]", inner)[0]
        bare = re.sub(r"^(?:the|or|hereafter|henceforth)\s+", "", part)
        start += part.find(bare) if bare != part else 0
        if _is_short(bare):
            found = _before(text, match.start(), bare)
            if found is not None:
                yield Definition(bare, text[found[0] : found[1]], start, start + len(bare), *found)
        else:
            yield from _reversed(text, match.start(), match.start(1), match.group(1))


def _is_short(short: str) -> bool:
    """Two to ten characters, two words at most, with a capital, beginning with a letter or figure."""
    return (
        bool(_SHORT.fullmatch(short))
        and len(short.split()) <= _MAX_SHORT_WORDS
        and sum(char.isupper() for char in short) >= 2
    )


def _before(text: str, bracket: int, short: str) -> tuple[int, int] | None:
    """The long form that ends at the bracket, as [start, end)."""
    size = sum(char.isalnum() for char in short)
    window = text[max(0, bracket - _REACH) : bracket]
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
    begin = max(0, bracket - _REACH) + first + at
    end = max(0, bracket - _REACH) + first + len(long)
    return _trim(text, begin, end, short)


def _align(short: str, long: str) -> int | None:
    """Where the long form begins for the letters of the short one to be found from right to left; None = nowhere.

    One step beyond the method: a long form does not begin with a small word ("and Humanities Research Council") where
    one further left begins alike.
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
    """Refuses long forms that are one word, no longer than the short form, or contain it."""
    while start < end and not text[end - 1].isalnum():
        end -= 1
    long = text[start:end]
    if len(long) <= len(short) or (" " not in long and "-" not in long) or short in long.split():
        return None
    return start, end


def _reversed(text: str, bracket: int, start: int, inner: str) -> Iterator[Definition]:
    """ "GCEC (Global Creative Economy Council)": the short form stands before, the bracket must spell it wholly."""
    before = re.search(r"([^\W_][\w&+-]{1,9})\s*$", text[max(0, bracket - 12) : bracket])
    if not before or not _is_short(before.group(1)):
        return
    short = before.group(1)
    long = inner.strip()
    if _align(short, long) == 0 and " " in long:
        begin = max(0, bracket - 12) + before.start(1)
        offset = start + inner.find(long)
        yield Definition(short, long, begin, begin + len(short), offset, offset + len(long))
