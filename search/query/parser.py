"""Parser of a typed query: words, "quoted phrases" and -excluded words.

No text is a syntax error: a quotation mark without its partner is ordinary text. Time is linear in the length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from graph.documents.encoding import without_marks
from graph.errors import InputError
from search.analysis.tokens import STOP_WORDS, exact_words

__all__ = ["ParsedQuery", "content_words", "parse"]

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_SCALE = r"(?:\ (?:thousand|million|billion|trillion|bn|mn|tn|[mk])(?!\w))?"
_NUMBER = rf"[£$€]?\d[\d.,]*(?:bn|mn|tn|[mk%])?(?!\w){_SCALE}"
_PART = re.compile(
    rf"""
    (?:(?<=\s)|^)(?P<minus>[-−])?"(?P<phrase>[^"]*)"
    | (?<![\w.,])(?P<range>{_NUMBER}(?:\ [-−]{_NUMBER})+)
    | (?:(?<=\s)|^)[-−](?P<without>[^\W\d]\S*|[£$€]?\d\S*{_SCALE})
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """`text`: the words to rank by, phrases included, exclusions not. Phrases and exclusions are lists of exact words.

    `exclusions`: the excluded words and phrases as they were typed.
    """

    text: str
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    exclusions: tuple[str, ...] = ()


@lru_cache(maxsize=256)  # one search parses its query several times
def parse(text: str) -> ParsedQuery:
    """The parts of a query. Raises InputError if it has no word to search for."""
    clean = _clean(text)
    phrases: list[tuple[str, ...]] = []
    excluded: list[tuple[str, ...]] = []
    exclusions: list[str] = []
    parts: list[str] = []
    end = 0
    for match in _PART.finditer(clean):
        if match["range"]:  # "2010 -2015": a minus between numbers excludes nothing
            continue
        parts.append(clean[end : match.start()])
        end = match.end()
        content = match["phrase"] if match["phrase"] is not None else match["without"]
        words = tuple(word.text for word in exact_words(content))
        if match["minus"] or match["without"]:
            excluded.append(words)
            exclusions.append(match[0])
        else:
            phrases.append(words)
            parts.append(f" {content} ")
    parts.append(clean[end:])
    ranked = " ".join("".join(parts).replace('"', " ").split())
    if not clean:
        raise InputError("The search is empty.", "Type a few words, a name or a question.")
    if not any(char.isalnum() for char in ranked):
        remedy = "Add a word to look for." if excluded else "Use at least one letter or number."
        raise InputError("There is no word to search for.", remedy)
    return ParsedQuery(ranked, _distinct(phrases), _distinct(excluded), exclusions=tuple(dict.fromkeys(exclusions)))


def _distinct(phrases: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(words for words in dict.fromkeys(phrases) if words)


def content_words(words: list[str]) -> list[str]:
    """The distinct words without stop words; all of them if there are only stop words ("The Who")."""
    unique = list(dict.fromkeys(words))
    return [word for word in unique if word not in STOP_WORDS] or unique


def _clean(text: str) -> str:
    """`text` in NFC with straight quotes, without invisible marks inside words, and with a space for each other
    invisible character: controls, direction marks, lone surrogates."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in without_marks(text))
    return " ".join(unicodedata.normalize("NFC", visible).translate(_QUOTES).split())
