"""The piece of a text that shows why it was found, with the words to mark. Offsets are code points throughout."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from search.analysis.tokens import exact_words
from search.index.stemmer import Stems
from search.query.lexical_query import LexicalQuery
from search.types import Snippet

__all__ = ["LENGTH", "make_snippet", "matches"]

LENGTH: Final = 300
"""Most code points in a snippet."""

_LEAD: Final = 60  # code points of context wanted before the first match
_SENTENCE: Final = re.compile(r"(?:(?<=[.!?;:\n])|\A)\s")
_AMOUNT: Final = re.compile("([£$€]?)([0-9.]+)(%?)")
_PER_CENT: Final = re.compile("%|per", re.IGNORECASE)
_OTHER_DIGIT: Final = re.compile("[^\\D0-9]")


Match = tuple[int, int, str]
"""Start, end, and the word or phrase: a plain tuple, for a page has hundreds of them."""


def make_snippet(text: str, query: LexicalQuery, stems: Stems, weigh: Callable[[str], float]) -> Snippet:
    """The window of `text` with the weightiest different words of the query; its beginning when none occurs.

    `weigh`: how much a word (stem or exact word) tells.
    """
    found = matches(text, query, stems)
    start, end = _window(text, found, weigh)
    marks: list[tuple[int, int]] = []
    for first, last, _ in found:
        left, right = max(first, start) - start, min(last, end) - start
        if left >= right:
            continue
        if marks and left <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], right))
        else:
            marks.append((left, right))
    return Snippet(text[start:end], tuple(marks), start, (start > 0, end < len(text)))


def matches(text: str, query: LexicalQuery, stems: Stems) -> list[Match]:
    """Every occurrence of the query's words, and of its phrases as a whole, by start."""
    found = stems.matching(text, query.stems)
    exact = frozenset(word for word in query.exact if _may_hold(text, word))
    if exact or query.phrases:
        words = list(exact_words(text))
        found += [(word.start, word.end, word.text) for word in words if word.text in exact]
        for phrase in query.phrases:
            size = len(phrase)
            for at in range(len(words) - size + 1):
                if tuple(word.text for word in words[at : at + size]) == phrase:
                    found.append((words[at].start, words[at + size - 1].end, " ".join(phrase)))
        found.sort()
    return found


def _may_hold(text: str, word: str) -> bool:
    """Whether an exact word may stand in a text: however an amount is written, its sign does, and its digits in their
    order, but for the zeros at either end."""
    amount = _AMOUNT.fullmatch(word)
    if amount is None or _OTHER_DIGIT.search(text):
        return True
    sign, digits, per_cent = amount.groups()
    if sign not in text or (per_cent and not _PER_CENT.search(text)):
        return False
    return bool(re.search("[.,]?".join(digits.replace(".", "").strip("0")), text))


def _window(text: str, found: list[Match], weigh: Callable[[str], float]) -> tuple[int, int]:
    if len(text) <= LENGTH:
        return 0, len(text)
    start = _best_start(found, weigh) if found else 0
    start = _sentence_start(text, min(start, len(text) - LENGTH))
    end = min(len(text), start + LENGTH)
    if end < len(text):
        space = text.rfind(" ", start + LENGTH // 2, end)
        end = space if space > 0 else end
    return start, end


def _best_start(found: list[Match], weigh: Callable[[str], float]) -> int:
    """Where the best window's first match starts: two pointers over the matches, different words counted once."""
    weights = {word: weigh(word) for word in {word for _, _, word in found}}
    inside = dict.fromkeys(weights, 0)
    best, best_start, total, last = -1.0, 0, 0.0, 0
    for first, (start, _, word) in enumerate(found):
        while last < len(found) and found[last][1] - start <= LENGTH - _LEAD:
            other = found[last][2]
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


def _sentence_start(text: str, at: int) -> int:
    """The start of the sentence that `at` lies in, if near; else a word or two before it."""
    starts = [space.end() for space in _SENTENCE.finditer(text, max(0, at - _LEAD), at)]
    if starts:
        return starts[-1]
    if at <= _LEAD:
        return 0
    space = text.find(" ", at - _LEAD // 3, at)
    return space + 1 if space >= 0 else at
