"""Snippets: the window of a text that shows why it is a hit, with the words to mark. Offsets are code points."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from search.analysis.tokens import exact_words
from search.index.stemmer import Stems
from search.query.lexical_query import LexicalQuery
from search.types import Snippet

__all__ = ["MAX_SNIPPET_CHARS", "make_snippet", "matches"]

MAX_SNIPPET_CHARS: Final = 300

_LEAD_CHARS: Final = 60  # of context before the first match
_SENTENCE: Final = re.compile(r"(?:(?<=[.!?;:\n])|\A)\s")
_AMOUNT: Final = re.compile("([£$€]?)([0-9.]+)(%?)")
_PER_CENT: Final = re.compile("%|per", re.IGNORECASE)
_OTHER_DIGIT: Final = re.compile("[^\\D0-9]")


Match = tuple[int, int, str]
"""Start, end, and the word or phrase: a plain tuple, since a page has hundreds of them."""


def make_snippet(text: str, query: LexicalQuery, stems: Stems, weight: Callable[[str], float]) -> Snippet:
    """The window of `text` with the greatest weight of distinct query words; its beginning if none occurs.

    `weight`: of a stem or an exact word.
    """
    occurrences = matches(text, query, stems)
    start, end = _window(text, occurrences, weight)
    marks: list[tuple[int, int]] = []
    for first, last, _ in occurrences:
        left, right = max(first, start) - start, min(last, end) - start
        if left >= right:
            continue
        if marks and left <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], right))
        else:
            marks.append((left, right))
    return Snippet(text[start:end], tuple(marks), start, cut=(start > 0, end < len(text)))


def matches(text: str, query: LexicalQuery, stems: Stems) -> list[Match]:
    """Every occurrence of the query's words, and of its phrases as a whole, by start."""
    occurrences = stems.matching(text, query.stems)
    exact = frozenset(word for word in query.exact if _may_contain(text, word))
    if exact or query.phrases:
        words = list(exact_words(text))
        occurrences += [(word.start, word.end, word.text) for word in words if word.text in exact]
        for phrase in query.phrases:
            size = len(phrase)
            for first in range(len(words) - size + 1):
                if tuple(word.text for word in words[first : first + size]) == phrase:
                    occurrences.append((words[first].start, words[first + size - 1].end, " ".join(phrase)))
        occurrences.sort()
    return occurrences


def _may_contain(text: str, word: str) -> bool:
    """Whether an exact word may stand in a text. Never wrong when False, and quicker than finding all exact words.

    However an amount is written, its sign is there, and its digits in their order, without the zeros at either end.
    """
    amount = _AMOUNT.fullmatch(word)
    if amount is None or _OTHER_DIGIT.search(text):
        return True
    sign, digits, per_cent = amount.groups()
    if sign not in text or (per_cent and not _PER_CENT.search(text)):
        return False
    return bool(re.search("[.,]?".join(digits.replace(".", "").strip("0")), text))


def _window(text: str, occurrences: list[Match], weight: Callable[[str], float]) -> tuple[int, int]:
    """Start and end of the snippet."""
    if len(text) <= MAX_SNIPPET_CHARS:
        return 0, len(text)
    start = _best_start(occurrences, weight) if occurrences else 0
    start = _sentence_start(text, min(start, len(text) - MAX_SNIPPET_CHARS))
    end = min(len(text), start + MAX_SNIPPET_CHARS)
    if end < len(text):
        space = text.rfind(" ", start + MAX_SNIPPET_CHARS // 2, end)
        end = space if space > 0 else end
    return start, end


def _best_start(occurrences: list[Match], weight: Callable[[str], float]) -> int:
    """Start of the first match in the best window: two pointers over the matches, distinct words counted once."""
    weights = {word: weight(word) for word in {word for _, _, word in occurrences}}
    inside = dict.fromkeys(weights, 0)
    best, best_start, total, last = -1.0, 0, 0.0, 0
    for first, (start, _, word) in enumerate(occurrences):
        while last < len(occurrences) and occurrences[last][1] - start <= MAX_SNIPPET_CHARS - _LEAD_CHARS:
            other = occurrences[last][2]
            if not inside[other]:
                total += weights[other]
            inside[other] += 1
            last += 1
        if total > best + 1e-9:
            best, best_start = total, start
        if last > first:
            inside[word] -= 1
            if not inside[word]:
                total -= weights[word]
        else:
            last = first + 1
    return best_start


def _sentence_start(text: str, position: int) -> int:
    """The start of the sentence around `position`, if it is near; else of a word or two before it."""
    starts = [space.end() for space in _SENTENCE.finditer(text, max(0, position - _LEAD_CHARS), position)]
    if starts:
        return starts[-1]
    if position <= _LEAD_CHARS:
        return 0
    space = text.find(" ", position - _LEAD_CHARS // 3, position)
    return space + 1 if space >= 0 else position
