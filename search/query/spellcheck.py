"""Words that no text has, and the words of the collection that are spelt nearly so."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from graph.deadline import Deadline
from search.analysis.tokens import exact_words, query_words
from search.index.lexical import LexicalIndex
from search.query.parser import content_words, parse

__all__ = ["Speller"]

_LEAST_LETTERS: Final = 4
_NEAR: Final = 0.8  # normalised Indel similarity
_FURTHEST: Final = 2  # letters that a word may have more or fewer
_WORDS: Final = 8  # of a query that are respelt
_SAME: Final = 4  # letters at the beginning that the forms of a word share
_KEPT: Final = 10_000  # words whose spelling is remembered
_LETTERS: Final = 64  # first letters whose words are


class Speller:
    """For one index, which never changes: what was worked out is kept. Any number of threads may use one."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._frequency = lexical.document_frequency
        self._inflected = lru_cache(maxsize=_KEPT)(partial(_is_inflected, lexical))
        beginning = lru_cache(maxsize=_LETTERS)(partial(_beginning, lexical))
        self._nearest = lru_cache(maxsize=_KEPT)(partial(_nearest, lexical, beginning))

    def unknown(self, text: str) -> list[str]:
        """The content words that no unit has, nor another form of them."""
        words = content_words([word.text for word in query_words(text)])
        return [word for word in words if not self._frequency("exact", word) and not self._inflected(word)]

    def is_strange(self, text: str) -> bool:
        """Whether no content word of the query is known, though the stem of one may be."""
        wanted = parse(text).text
        words = content_words([word.text for word in query_words(wanted)])
        if not words or any(self._frequency("exact", word) for word in words):
            return False
        return len(self.unknown(wanted)) == len(words)

    def respelt(self, text: str, deadline: Deadline | None = None) -> str | None:
        """The query with its unknown words as the collection spells them; None when there is none, or none is near.

        Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
        """
        deadline = deadline or Deadline.never()
        changed = text
        for word in self.unknown(parse(text).text)[:_WORDS]:
            deadline.check()
            better = self._nearest(word)
            if better is None:
                continue
            for found in exact_words(changed):
                if found.text == word:
                    written = changed[found.start : found.end]
                    changed = changed[: found.start] + _written_as(written, better) + changed[found.end :]
                    break
        return changed if changed != text else None


def _written_as(written: str, word: str) -> str:
    """The word in capitals, or with one, as another is written."""
    if len(written) > 1 and written.isupper():
        return word.upper()
    return word.capitalize() if written[:1].isupper() else word


def _is_inflected(lexical: LexicalIndex, word: str) -> bool:
    """Whether another form of the word is known, which begins as it does: "acces" has the stem of ACC by chance."""
    known = {stem for stem in lexical.stems.of(word) if lexical.document_frequency("text", stem)}
    begun = word[: min(_SAME, len(word) - 1)]
    return bool(known) and any(known.intersection(lexical.stems.of(held)) for held in lexical.words(begun))


def _beginning(lexical: LexicalIndex, letter: str) -> dict[int, str]:
    """The words that begin so by their length, each length's in one text: 500,000 words take 5 MB so, and 30 apart."""
    found: dict[int, list[str]] = {}
    for word in lexical.words(letter):
        if word.isalpha():
            found.setdefault(len(word), []).append(word)
    return {length: " ".join(words) for length, words in found.items()}


def _nearest(lexical: LexicalIndex, beginning: Callable[[str], dict[int, str]], word: str) -> str | None:
    """The collection's word most like this one that begins with the same letter; the more frequent of equals."""
    from rapidfuzz import fuzz, process

    if len(word) < _LEAST_LETTERS or not word.isalpha():
        return None
    held = beginning(word[0])
    lengths = range(len(word) - _FURTHEST, len(word) + _FURTHEST + 1)
    known = [each for length in lengths for each in held.get(length, "").split()]
    found = process.extract(word, known, scorer=fuzz.ratio, score_cutoff=100 * _NEAR, limit=5)
    if not found:
        return None
    return str(max(found, key=lambda match: (round(match[1]), lexical.document_frequency("exact", match[0])))[0])
