"""What a person typed, taken apart: words, "quoted phrases" and -excluded words.

There is no query language that could fail: a mark without its partner is ordinary text. Linear in the length.
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
    """`text` is what is left to rank by (phrases included, exclusions not); phrases and exclusions are exact words.

    `left_out`: the exclusions as they were written.
    """

    text: str
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[str, ...] = ()


@lru_cache(maxsize=256)  # one search asks several times
def parse(text: str) -> ParsedQuery:
    """Raises InputError when nothing in the text can be searched for."""
    clean = _clean(text)
    phrases: list[tuple[str, ...]] = []
    excluded: list[tuple[str, ...]] = []
    left_out: list[str] = []
    rest: list[str] = []
    at = 0
    for match in _PART.finditer(clean):
        if match["range"]:  # "2010 -2015": what stands between numbers leaves nothing out
            continue
        rest.append(clean[at : match.start()])
        at = match.end()
        said = match["phrase"] if match["phrase"] is not None else match["without"]
        words = tuple(word.text for word in exact_words(said))
        if match["minus"] or match["without"]:
            excluded.append(words)
            left_out.append(match[0])
        else:
            phrases.append(words)
            rest.append(f" {said} ")
    rest.append(clean[at:])
    left = " ".join("".join(rest).replace('"', " ").split())
    if not clean:
        raise InputError("The search is empty.", "Type a few words, a name or a question.")
    if not any(char.isalnum() for char in left):
        remedy = "Add a word to look for." if excluded else "Use at least one letter or number."
        raise InputError("There is no word to search for.", remedy)
    # Each once: a query may say the same a hundred times.
    once = [tuple(words for words in dict.fromkeys(each) if words) for each in (phrases, excluded)]
    return ParsedQuery(left, once[0], once[1], tuple(dict.fromkeys(left_out)))


def content_words(words: list[str]) -> list[str]:
    """Each word once, without function words; all of them when there is nothing else ("The Who")."""
    unique = list(dict.fromkeys(words))
    return [word for word in unique if word not in STOP_WORDS] or unique


def _clean(text: str) -> str:
    """NFC, straight quotes, no marks within words, and spaces for what else cannot be seen: controls, direction marks,
    lone surrogates."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in without_marks(text))
    return " ".join(unicodedata.normalize("NFC", visible).translate(_QUOTES).split())
