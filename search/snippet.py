"""The piece of a text that shows why it was found, with the words to mark. Offsets are code points throughout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from search.lexical_query import LexicalQuery
from search.stems import Stems
from search.types import Snippet
from search.words import exact_words

__all__ = ["LENGTH", "make_snippet", "matches"]

LENGTH: Final = 300
"""Most code points in a snippet."""

_LEAD: Final = 60  # code points of context wanted before the first match
_ENDS: Final = ".!?;:\n"


@dataclass(frozen=True, slots=True)
class Match:
    start: int
    end: int
    word: str


def make_snippet(text: str, query: LexicalQuery, stems: Stems, weigh: Callable[[str], float]) -> Snippet:
    """The window of `text` with the weightiest different words of the query; its beginning when none occurs.

    `weigh`: how much a word (stem or exact word) tells.
    """
    found = matches(text, query, stems)
    start, end = _window(text, found, weigh)
    marks: list[tuple[int, int]] = []
    for match in found:
        left, right = max(match.start, start) - start, min(match.end, end) - start
        if left >= right:
            continue
        if marks and left <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], right))
        else:
            marks.append((left, right))
    return Snippet(text[start:end], tuple(marks), start, (start > 0, end < len(text)))


def matches(text: str, query: LexicalQuery, stems: Stems) -> list[Match]:
    """Every occurrence of the query's words, and of its phrases as a whole, by start."""
    found = [Match(start, end, stem) for start, end, stem in stems.matching(text, query.stems)]
    if query.exact or query.phrases:
        words = list(exact_words(text))
        found += [Match(word.start, word.end, word.text) for word in words if word.text in query.exact]
        for phrase in query.phrases:
            size = len(phrase)
            for at in range(len(words) - size + 1):
                if tuple(word.text for word in words[at : at + size]) == phrase:
                    found.append(Match(words[at].start, words[at + size - 1].end, " ".join(phrase)))
    return sorted(found, key=lambda match: (match.start, match.end))


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
    weights = {word: weigh(word) for word in {match.word for match in found}}
    inside: dict[str, int] = {}
    best, best_start, total, last = -1.0, 0, 0.0, 0
    for first, match in enumerate(found):
        while last < len(found) and found[last].end - match.start <= LENGTH - _LEAD:
            word = found[last].word
            if not inside.get(word):
                total += weights[word]
            inside[word] = inside.get(word, 0) + 1
            last += 1
        if total > best + 1e-9:
            best, best_start = total, match.start
        if last > first:
            inside[match.word] -= 1
            if not inside[match.word]:
                total -= weights[match.word]
        else:
            last = first + 1
    return best_start


def _sentence_start(text: str, at: int) -> int:
    """The start of the sentence that `at` lies in, if near; else a word or two before it."""
    for start in range(at, max(0, at - _LEAD), -1):
        if text[start - 1].isspace() and text[start - 2 : start - 1] in _ENDS:
            return start
    if at <= _LEAD:
        return 0
    space = text.find(" ", at - _LEAD // 3, at)
    return space + 1 if space >= 0 else at
