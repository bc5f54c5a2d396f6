"""Tokeniser of the exact field, which keeps what the stemmed fields split or change.

| written | exact word | why |
|---|---|---|
| £25 million, £25m, £25,000,000 | £25000000 | amounts compare by value, so £25 million is not £250 million |
| 25.5, 1,000, 30 %, 5G | 25.5, 1000, 30%, 5g | one number stays one word |
| R&D, R & D | r&d | short names with an ampersand |
| U.K., J. K. | uk, j, k | dotted initials are joined |
| Scale-Up, 2018/19 | scale up, 2018 19 | hyphens and slashes separate words, so that a phrase matches both spellings |
| Nick Wilson’s, O’Brien | nick wilson, o'brien | a possessive is no part of the name |
| Llŷn, Tŵr | llŷn, tŵr | letters keep their marks (the stemmed field folds them) |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = ["STOP_WORDS", "Word", "exact_words", "number_alike", "query_words"]

_SCALE: Final = {"thousand": 3, "k": 3, "million": 6, "m": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12, "tn": 12}
_MARKS = "\u0300-\u036f"
_APOSTROPHES: Final = ("'", "’")
_LETTER = f"[^\\W_{_MARKS}]"

# Every alternative consumes at least one character and repeats only single character classes: linear time.
_WORD: Final = re.compile(
    rf"""
    (?P<currency>[£$€]\s?)?
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)
    (?:[ \u00a0-]?(?P<scale>thousand|million|billion|trillion|bn|mn|tn|[mk])(?!\w))?
    (?P<percent>\s?%|\sper\ cent\b|\spercent\b)?(?!\w)
    | (?P<mixed>\d+[\w{_MARKS}]*)
    | (?P<initials>(?<!\w)(?:{_LETTER}\.){{2,}})
    | (?P<ampersand>(?<!\w)\w{{1,4}}(?:&\w{{1,4}})+(?!\w)|(?<!\w)[A-Z]\ &\ [A-Z](?!\w))
    | (?P<plain>{_LETTER}[\w{_MARKS}]*(?:['’](?!s(?!\w))[\w{_MARKS}]+)*(?:['’]s(?!\w))?)
    """,
    re.VERBOSE | re.IGNORECASE,
)

STOP_WORDS: Final = frozenset(
    """a about all also am an and any are as at be because been being but by can could did do does doing for from had
    has have having he her here hers him his how i if in into is it its just me might more most my no nor not of on
    or our ours out own please same shall she should so some such tell than that the their theirs them then there
    these they this those through to too under until up us very was we were what when where whether which while who
    whom whose why will with would you your yours""".split()  # noqa: SIM905 (a list of 130 literals reads worse)
)
"""English function words. They are dropped from queries, but not from the index or from a phrase."""

_DIGITS_OF: Final = dict(
    zip(
        """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety""".split(),  # noqa: SIM905 (as above)
        (str(value) for value in (*range(2, 21), *range(30, 100, 10))),
        strict=True,
    )
)
"""Number word → digits, as texts write these numbers either way. Without "one", which is mostly a pronoun."""

_WORD_OF: Final = {digits: word for word, digits in _DIGITS_OF.items()}


class Word(NamedTuple):
    """An exact word. `text`: normal form; [start, end): its code points; `plain`: the stemmed fields have it too."""

    text: str
    start: int
    end: int
    plain: bool


def number_alike(word: str) -> str | None:
    """The other way to write a small number: "twelve" for "12", "12" for "twelve"; None for any other word."""
    return _DIGITS_OF.get(word) or _WORD_OF.get(word)


def exact_words(text: str) -> Iterator[Word]:
    """The exact words of `text` in order. Never raises; time is linear in the length.

    >>> [word.text for word in exact_words("£25 million for R&D")]
    ['£25000000', 'for', 'r&d']
    """
    for match in _WORD.finditer(text):
        start, end = match.span()
        if match.lastgroup == "plain":
            bare = match[0]
            if bare[-1] in "sS" and bare[-2:-1] in _APOSTROPHES:
                bare = bare[:-2]
            word = bare if bare.isascii() else unicodedata.normalize("NFC", bare)
            word = word.casefold().replace("’", "'")
            yield Word(word, start, start + len(bare), plain="'" not in word)
        elif match["number"]:
            yield Word(_amount(match), start, end, plain=match[0].isdigit())
        elif match["initials"]:
            yield Word(match[0].replace(".", "").casefold(), start, end, plain=False)
        elif match["ampersand"]:
            yield Word(re.sub(r"\s", "", match[0]).casefold(), start, end, plain=False)
        else:
            yield Word(match[0].casefold(), start, end, plain=True)


@lru_cache(maxsize=256)
def query_words(text: str) -> tuple[Word, ...]:
    """The exact words of a query, cached because one search needs them several times."""
    return tuple(exact_words(text))


def _amount(match: re.Match[str]) -> str:
    """The value in plain digits, with its currency sign or percent sign."""
    sign = (match["currency"] or "").strip()
    digits = match["number"].replace(",", "")
    scale = _SCALE.get((match["scale"] or "").lower(), 0)
    if scale and len(digits) <= 20:
        value = Decimal(digits).scaleb(scale)
        digits = f"{value:f}"
        digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{sign}{digits}{'%' if match['percent'] else ''}"
