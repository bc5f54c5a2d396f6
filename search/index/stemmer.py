"""Stemmer of words, as the stemmed fields of the lexical index have them."""

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

_CACHED_WORDS: Final = 50_000
_MAX_CACHED_CHARS: Final = 30  # about one word
_CACHED_QUERIES: Final = 256
_WORD: Final = re.compile(r"[^\W_]+")
_BEYOND_ASCII: Final = re.compile(r"[^\W_\x00-\x7f]")
_LETTERS: Final = bytes(ord(char.lower()) if char.isalnum() else ord(" ") for char in map(chr, range(256)))
"""Latin-1 → lower-case letters and digits, and a blank for every other character."""


class Stems:
    """Stems words with tantivy's analyser. Safe to share between threads."""

    def __init__(self) -> None:
        self._analyser = analyser()
        self._cached = lru_cache(maxsize=_CACHED_WORDS)(partial(_stems, self._analyser))

    def of(self, text: str) -> list[str]:
        """The stems of every word of `text`, in order."""
        return list(self._cached(text)) if len(text) <= _MAX_CACHED_CHARS else list(_stems(self._analyser, text))

    def matching(self, text: str, stems: frozenset[str]) -> list[tuple[int, int, str]]:
        """Words of `text` with one of the given stems: start and end in code points, and the stem; by start.

        Stemming changes the end of a word, and folding its accents. So only words that begin as one of the stems does,
        or hold a letter beyond ASCII, are stemmed, each of them once.
        """
        if not stems:
            return []
        prefixes, known = _prefixes(stems)
        is_ascii = text.isascii()
        data = b" " + text.encode("latin-1", "replace").translate(_LETTERS) + b" "  # text[n] is data[n + 1]
        find = data.find
        matches: list[tuple[int, int, str]] = []
        for prefix in prefixes:
            start = find(prefix)
            while start >= 0:
                end = find(b" ", start + 1)
                word = data[start + 1 : end]
                stem = known.get(word)
                if stem is None:
                    stem = known[word] = self._stem_among(word.decode("latin-1"), stems)
                # A letter beyond Latin-1 looks like the end of a word.
                if stem and (is_ascii or not (text[start - 1 : start].isalnum() or text[end - 1 : end].isalnum())):
                    matches.append((start, end - 1, stem))
                start = find(prefix, end)
        if not is_ascii:
            matches += self._matching_beyond_ascii(text, stems, {start for start, _, _ in matches})
        matches.sort()
        return matches

    def _matching_beyond_ascii(
        self, text: str, stems: frozenset[str], seen: set[int]
    ) -> Iterator[tuple[int, int, str]]:
        """Words with a letter beyond ASCII, which may become any letter when it is folded. `seen`: starts to skip."""
        for letter in _BEYOND_ASCII.finditer(text):
            start = letter.start()
            while start and text[start - 1].isalnum():
                start -= 1
            match = _WORD.match(text, start) if start not in seen else None
            seen.add(start)
            if match and (stem := self._stem_among(match[0], stems)):
                yield start, match.end(), stem

    def _stem_among(self, word: str, stems: frozenset[str]) -> str:
        """The stem of a word if it is one of `stems`, else an empty text."""
        own = self._cached(word)
        return own[0] if len(own) == 1 and own[0] in stems else ""


def _stems(text_analyser: tantivy.TextAnalyzer, text: str) -> tuple[str, ...]:
    return tuple(text_analyser.analyze(canonical(text)))


@lru_cache(maxsize=_CACHED_QUERIES)
def _prefixes(stems: frozenset[str]) -> tuple[tuple[bytes, ...], dict[bytes, str]]:
    """Prefixes, after a blank, of all words with one of these stems, and an empty cache: word → stem.

    The stemmer rewrites at most the last two letters of a stem, so a stem of six letters shares four with its words.
    """
    prefixes = {stem[: max(2, min(4, len(stem) - 2))] for stem in stems}
    shortest = sorted(prefix for prefix in prefixes if not any(prefix[:n] in prefixes for n in range(1, len(prefix))))
    return tuple(f" {prefix}".encode("latin-1") for prefix in shortest if prefix.isascii()), {}
