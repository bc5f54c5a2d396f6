"""Estimate of the number of word pieces that an encoder makes of a text, from its characters alone.

Encoders of the BERT family cut words into pieces of a vocabulary of 30,000 entries. That vocabulary would tie the graph
to one model, and word lengths are enough. The table holds the mean number of pieces of a lower-case English word by its
length, measured on scientific abstracts (of our English texts those with most pieces) and rounded up. Capitals within a
word, digits and other scripts cost more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["estimate", "weighted_words"]

_WORD: Final = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_BY_LENGTH: Final = (0.0, 1.0, 1.05, 1.2, 1.2, 1.2, 1.25, 1.25, 1.35, 1.6, 1.75, 2.1, 2.2, 2.4, 3.2, 3.7)


def estimate(text: str) -> float:
    """Expected number of word pieces, rather too high than too low, without special tokens."""
    return sum(weight for _, _, weight in weighted_words(text, 0, len(text)))


def weighted_words(text: str, start: int, end: int) -> Iterator[tuple[int, int, float]]:
    """(start, end, expected number of pieces) of each word, number and mark between two offsets."""
    for match in _WORD.finditer(text, start, end):
        word = match.group()
        yield match.start(), match.end(), _weight(word)


def _weight(word: str) -> float:
    size = len(word)
    if size == 1:
        return 1.0
    if not word.isascii():
        return float(size) if size < 4 or ord(max(word)) > 0x24F else 0.6 * size
    if word.isdigit():
        return 1.0 if size <= 2 else 0.65 * size
    if not word[1:].islower():
        return max(1.5, size / 2)
    return _BY_LENGTH[size] if size < len(_BY_LENGTH) else size / 3
