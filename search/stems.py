"""Stems of words, as the stemmed fields of the lexical index hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from search.schema import analyser

__all__ = ["Stems"]

_CACHED: Final = 50_000


class Stems:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._analyser = analyser()
        self._first = lru_cache(maxsize=_CACHED)(self._stem)

    def of(self, text: str) -> list[str]:
        """The stems of every word of `text`, in order."""
        return self._analyser.analyze(text)

    def matching(self, text: str, wanted: frozenset[str]) -> Iterator[tuple[int, int, str]]:
        """Where words with one of the stems `wanted` stand in `text`: start and end in code points, stem.

        Stemming changes the end of a word and folding its accents, so only words that begin like a wanted stem are
        looked at, and each of them is stemmed once.
        """
        if not wanted:
            return
        for match in _beginning(wanted).finditer(text):
            stem = self._first(match[0])
            if stem in wanted:
                yield match.start(), match.end(), stem

    def _stem(self, word: str) -> str:
        found = self.of(word)
        return found[0] if len(found) == 1 else ""


@lru_cache(maxsize=256)
def _beginning(stems: frozenset[str]) -> re.Pattern[str]:
    """Words that may have one of these stems: the first letters agree, or lie outside ASCII.

    The stemmer rewrites at most the last two letters of what it leaves, so four letters agree where there are six.
    Both cases are written out: re.IGNORECASE would walk through all of Unicode (0.3 s) to compile this.
    """
    starts = sorted({stem[: max(2, min(4, len(stem) - 2))] for stem in stems})
    either = {char: f"(?:[{re.escape(char + char.upper())}]|[^\\x00-\\x7f])" for char in "".join(starts)}
    choices = "|".join("".join(either[char] for char in start) for start in starts)
    return re.compile(rf"(?<![^\W_])(?={choices})[^\W_]+")
