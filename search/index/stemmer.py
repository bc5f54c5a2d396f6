"""Stems of words, as the stemmed fields of the lexical index hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from search.analysis.spelling_variants import canonical
from search.index.schema import analyser

if TYPE_CHECKING:
    import tantivy

__all__ = ["Stems"]

_CACHED: Final = 50_000
_SHORT: Final = 30  # letters of one word, more or less
_WORD: Final = re.compile(r"[^\W_]+")
_BEYOND_ASCII: Final = re.compile(r"[^\W_\x00-\x7f]")
_LETTERS: Final = bytes(ord(char.lower()) if char.isalnum() else ord(" ") for char in map(chr, range(256)))
"""Of Latin-1, by which words are looked for: small letters and digits; a blank for whatever is none."""


class Stems:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._analyser = analyser()
        self._short = lru_cache(maxsize=_CACHED)(partial(_stems, self._analyser))

    def of(self, text: str) -> list[str]:
        """The stems of every word of `text`, in order."""
        return list(self._short(text)) if len(text) <= _SHORT else list(_stems(self._analyser, text))

    def matching(self, text: str, wanted: frozenset[str]) -> list[tuple[int, int, str]]:
        """Where words with one of the stems `wanted` stand in `text`: start and end in code points, stem; by start.

        Stemming changes the end of a word and folding its accents, so only words that begin like a wanted stem, or hold
        a letter beyond ASCII, are looked at, and each of them is stemmed once.
        """
        if not wanted:
            return []
        starts, known = _looked_for(wanted)
        is_ascii = text.isascii()
        data = b" " + text.encode("latin-1", "replace").translate(_LETTERS) + b" "  # text[n] is data[n + 1]
        find = data.find
        found: list[tuple[int, int, str]] = []
        for start in starts:
            at = find(start)
            while at >= 0:
                end = find(b" ", at + 1)
                word = data[at + 1 : end]
                stem = known.get(word)
                if stem is None:
                    stem = known[word] = self._wanted(word.decode("latin-1"), wanted)
                # Beyond Latin-1 a letter looks like the end of a word.
                if stem and (is_ascii or not (text[at - 1 : at].isalnum() or text[end - 1 : end].isalnum())):
                    found.append((at, end - 1, stem))
                at = find(start, end)
        if not is_ascii:
            found += self._beyond_ascii(text, wanted, {at for at, _, _ in found})
        found.sort()
        return found

    def _beyond_ascii(self, text: str, wanted: frozenset[str], seen: set[int]) -> Iterator[tuple[int, int, str]]:
        """Folded, such a letter may be any."""
        for letter in _BEYOND_ASCII.finditer(text):
            at = letter.start()
            while at and text[at - 1].isalnum():
                at -= 1
            match = _WORD.match(text, at) if at not in seen else None
            seen.add(at)
            if match and (stem := self._wanted(match[0], wanted)):
                yield at, match.end(), stem

    def _wanted(self, word: str, wanted: frozenset[str]) -> str:
        """The stem of a word where it is wanted, else nothing."""
        stems = self._short(word)
        return stems[0] if len(stems) == 1 and stems[0] in wanted else ""


def _stems(by: tantivy.TextAnalyzer, text: str) -> tuple[str, ...]:
    return tuple(by.analyze(canonical(text)))


@lru_cache(maxsize=256)
def _looked_for(stems: frozenset[str]) -> tuple[tuple[bytes, ...], dict[bytes, str]]:
    """What words with one of these stems may begin with, after a blank, and room to keep which of them do have one.

    The stemmer rewrites at most the last two letters of what it leaves, so four letters agree where there are six.
    """
    starts = {stem[: max(2, min(4, len(stem) - 2))] for stem in stems}
    shortest = sorted(start for start in starts if not any(start[:n] in starts for n in range(1, len(start))))
    return tuple(f" {start}".encode("latin-1") for start in shortest if start.isascii()), {}
