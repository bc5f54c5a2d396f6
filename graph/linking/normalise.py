"""Words of a text in a form in which spellings of one name are equal, each with its place in the text.

"Creative Scale-Up", "Creative Scale Up", "creative scale‑up" give the same words; so do "R&D" and "R and D",
"King’s" and "King's", "U.K." and "UK", "Café" and "Cafe". Commas, full stops and brackets stay as words of their
own, so that no name is found across them. Offsets are code points into the text as given.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

__all__ = ["Word", "fold", "words"]

_WORD: Final = re.compile(
    r"""
      (?P<initials>(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?)       # U.K. or U.K
    | (?P<possessive>(?<=\w)['’ʼ](?:s|S)(?!\w))                 # the 's of Britain's
    | (?P<word>[^\W_]+(?:['’ʼ\u00ad\u200b-\u200d\u2060\ufeff\u0300-\u036f]+(?!(?:s|S)(?!\w))[^\W_]+)*[\u0300-\u036f]*)
    | (?P<and>&)
    | (?P<dash>(?<=\s)[-‐-―−]+(?=\s))                           # a dash between blanks parts, a hyphen joins
    | (?P<mark>[^\s\w'"’ʼ‘“”«»`´‹›\-‐-―−\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0300-\u036f])
    """,
    re.X,
)
_SIMPLE: Final = re.compile(r"[A-Za-z0-9 ]*")  # most labels: nothing in them needs the rules above
_RUN: Final = re.compile(r"[A-Za-z0-9]+")
_DROPPED: Final = re.compile("['’ʼ.\u00ad\u200b-\u200d\u2060\ufeff]")


class Word(NamedTuple):  # not a dataclass: large gazetteers make many of them, and these are made faster
    """`norm` is lower-case without accents; `raw` as written, without what `norm` leaves out."""

    norm: str
    raw: str
    start: int
    end: int

    @property
    def is_mark(self) -> bool:
        return not self.norm[0].isalnum() and self.norm != "'s"


def words(text: str) -> list[Word]:
    """The words and marks of a text in order; linear in its length."""
    if _SIMPLE.fullmatch(text):
        return [Word(m.group().lower(), m.group(), m.start(), m.end()) for m in _RUN.finditer(text)]
    found: list[Word] = []
    for match in _WORD.finditer(text):
        raw, start, end = match.group(), match.start(), match.end()
        match match.lastgroup:
            case "and":
                found.append(Word("and", "and", start, end))
            case "possessive":
                found.append(Word("'s", "'s", start, end))
            case "dash":
                found.append(Word("-", "-", start, end))
            case "mark":
                found.append(Word(raw, raw, start, end))
            case _:
                plain = _DROPPED.sub("", raw)
                norm = fold(plain)
                if norm:
                    found.append(Word(norm, plain, start, end))
    return found


def fold(word: str) -> str:
    """Lower case without accents and compatibility forms; blanks within (from odd compatibility forms) go."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed.casefold() if char.isalnum())
