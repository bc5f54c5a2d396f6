"""Spelling correction: query words that the collection does not know, and known words that are spelt nearly so."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from graph.deadline import Deadline
from search.analysis.tokens import exact_words, query_words
from search.index.lexical import LexicalIndex
from search.query.parser import content_words, parse

__all__ = ["SpellChecker"]

_MIN_WORD_CHARS: Final = 4
_MIN_SIMILARITY: Final = 0.8  # normalised Indel similarity
_MAX_LENGTH_DIFFERENCE: Final = 2  # characters
_MAX_CORRECTED_WORDS: Final = 8
_CANDIDATES: Final = 5
_SHARED_PREFIX_CHARS: Final = 4  # of the forms of one word
_CACHED_WORDS: Final = 10_000
_CACHED_INITIALS: Final = 64


class SpellChecker:
    """Corrects queries to one index, which never changes: results are cached. Safe to share between threads."""

    def __init__(self, lexical: LexicalIndex) -> None:
        self._frequency = lexical.document_frequency
        self._is_inflected = lru_cache(maxsize=_CACHED_WORDS)(partial(_is_inflected, lexical))
        vocabulary = lru_cache(maxsize=_CACHED_INITIALS)(partial(_vocabulary, lexical))
        self._nearest = lru_cache(maxsize=_CACHED_WORDS)(partial(_nearest, lexical, vocabulary))

    def unknown_words(self, text: str) -> list[str]:
        """The content words that no item has, in any form."""
        words = content_words([word.text for word in query_words(text)])
        return [word for word in words if not self._frequency("exact", word) and not self._is_inflected(word)]

    def knows_no_word(self, text: str) -> bool:
        """Whether no item has any content word of the query in any form. Some may have the stem of one by chance."""
        ranked = parse(text).text
        words = content_words([word.text for word in query_words(ranked)])
        if not words or any(self._frequency("exact", word) for word in words):
            return False
        return len(self.unknown_words(ranked)) == len(words)

    def correct(self, text: str, deadline: Deadline | None = None) -> str | None:
        """The query with its unknown words as the collection spells them; None if nothing is to correct.

        Raises QueryTimeout once `deadline` has passed, QueryCancelled once it is cancelled.
        """
        deadline = deadline or Deadline.never()
        corrected = text
        for word in self.unknown_words(parse(text).text)[:_MAX_CORRECTED_WORDS]:
            deadline.check()
            nearest = self._nearest(word)
            if nearest is None:
                continue
            token = next((token for token in exact_words(corrected) if token.text == word), None)
            if token is not None:
                written = corrected[token.start : token.end]
                corrected = corrected[: token.start] + _with_case_of(written, nearest) + corrected[token.end :]
        return corrected if corrected != text else None


def _with_case_of(written: str, word: str) -> str:
    """`word` in capitals, or with an initial capital, if `written` is."""
    if len(written) > 1 and written.isupper():
        return word.upper()
    return word.capitalize() if written[:1].isupper() else word


def _is_inflected(lexical: LexicalIndex, word: str) -> bool:
    """Whether the collection has another form of the word, which begins as the word does.

    A common stem is not enough: "acces" has the stem of ACC by chance.
    """
    stems = {stem for stem in lexical.stems.of(word) if lexical.document_frequency("text", stem)}
    prefix = word[: min(_SHARED_PREFIX_CHARS, len(word) - 1)]
    return bool(stems) and any(stems.intersection(lexical.stems.of(form)) for form in lexical.words(prefix))


def _vocabulary(lexical: LexicalIndex, initial: str) -> dict[int, str]:
    """Length → the words of this length that begin with this letter, separated by spaces.

    500,000 words take 5 MB as one text for each length, and 30 MB as one text each.
    """
    words: dict[int, list[str]] = {}
    for word in lexical.words(initial):
        if word.isalpha():
            words.setdefault(len(word), []).append(word)
    return {length: " ".join(same_length) for length, same_length in words.items()}


def _nearest(lexical: LexicalIndex, vocabulary: Callable[[str], dict[int, str]], word: str) -> str | None:
    """The most similar word with the same initial, and of equally similar ones the most frequent."""
    from rapidfuzz import fuzz, process

    if len(word) < _MIN_WORD_CHARS or not word.isalpha():
        return None
    by_length = vocabulary(word[0])
    lengths = range(len(word) - _MAX_LENGTH_DIFFERENCE, len(word) + _MAX_LENGTH_DIFFERENCE + 1)
    words = [known for length in lengths for known in by_length.get(length, "").split()]
    cutoff = 100 * _MIN_SIMILARITY
    matches = process.extract(word, words, scorer=fuzz.ratio, score_cutoff=cutoff, limit=_CANDIDATES)
    if not matches:
        return None
    return str(max(matches, key=lambda match: (round(match[1]), lexical.document_frequency("exact", match[0])))[0])
