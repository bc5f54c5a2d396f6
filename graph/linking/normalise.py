"""Normalisation of words, so that different spellings of one name are equal; each word keeps its place in the text.

"Creative Scale-Up", "Creative Scale Up", "creative scale‑up" give the same words; so do "R&D" and "R and D",
"King’s" and "King's", "U.K." and "UK", "Café" and "Cafe". Commas, full stops and brackets are words of their own, so
that no name matches across them; the full stop of "St. Albans" and "Dr. Martens" is part of its word. Offsets are code
points into the text as given.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

__all__ = ["Word", "fold", "words"]

_WORD: Final = re.compile(
    r"""
      (?P<initials>(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?)       # U.K. or U.K
    | (?P<shortened>\b(?:St|Ste|Mt|Ft|Dr|Mr|Mrs|Ms|Prof|Rev|Cllr)\.(?=[\ \t]+[^\W\d_a-z])) # St. Albans, Dr. Martens
    | (?P<possessive>(?<=\w)['’ʼ](?:s|S)(?!\w))                 # the 's of Britain's
    | (?P<word>[^\W_]+(?:['’ʼ\u00ad\u200b-\u200d\u2060\ufeff\u0300-\u036f]+(?!(?:s|S)(?!\w))[^\W_]+)*[\u0300-\u036f]*)
    | (?P<and>&)
    | (?P<dash>(?<=\s)[-‐-―−]+(?=\s))                           # a dash between blanks parts, a hyphen joins
    | (?P<mark>[^\s\w'"’ʼ‘“”«»`´‹›\-‐-―−\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0300-\u036f])
    """,
    re.X,
)
_SIMPLE: Final = re.compile(r"[A-Za-z0-9 ]*")  # most labels need none of the rules above
_RUN: Final = re.compile(r"[A-Za-z0-9]+")
_DROPPED: Final = re.compile("['’ʼ.\u00ad\u200b-\u200d\u2060\ufeff]")


class Word(NamedTuple):  # not a dataclass: large gazetteers make many of them, and these are made faster
    """One word: `norm` in lower case without accents, `raw` with its capitals; both without marks inside the word."""

    norm: str
    raw: str
    start: int
    end: int

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation."""
        return not self.norm[0].isalnum() and self.norm != "'s"


def words(text: str) -> list[Word]:
    """Words and punctuation marks of a text, in order. Time is linear in its length."""
    if _SIMPLE.fullmatch(text):
        return [Word(m.group().lower(), m.group(), m.start(), m.end()) for m in _RUN.finditer(text)]
    tokens: list[Word] = []
    for match in _WORD.finditer(text):
        raw, start, end = match.group(), match.start(), match.end()
        match match.lastgroup:
            case "and":
                tokens.append(Word("and", "and", start, end))
            case "possessive":
                tokens.append(Word("'s", "'s", start, end))
            case "dash":
                tokens.append(Word("-", "-", start, end))
            case "shortened" if _is_street(raw, start, tokens):
                tokens += (Word("st", "St", start, end - 1), Word(".", ".", end - 1, end))
            case "mark":
                tokens.append(Word(raw, raw, start, end))
            case _:
                plain = _DROPPED.sub("", raw)
                norm = fold(plain)
                if norm:
                    tokens.append(Word(norm, plain, start, end))
    return tokens


def _is_street(raw: str, start: int, before: list[Word]) -> bool:
    """Whether "St." follows a capitalised word: then it is a street, and the full stop may end the sentence."""
    return raw == "St." and bool(before) and before[-1].raw[0].isupper() and before[-1].end == start - 1


def fold(word: str) -> str:
    """The word in lower case, without accents and compatibility forms."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed.casefold() if char.isalnum())
