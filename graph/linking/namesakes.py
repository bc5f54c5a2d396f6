"""Namesakes: a name that its neighbours show to be another place, or a person ("New York", "Mr Kent", "Boston, Texas").

One rule holds for names of any kind: a title or a given name before it makes it a person. The others hold for places:

- A capitalised word before it is part of a larger name ("Creative Leeds", "Ada Kent"), unless it says which part or
  age of the place is meant ("Greater London", "Roman Bath"), is a place itself ("Tyneside England"), an acronym, or
  begins the sentence like other words do ("Outside London", "Supporting Leeds"). In a line whose words are all
  capitalised it is only a doubt.
- A country or a province abroad after a comma, or in brackets, where the atlas has the place in another.
- "Bank of England" is a doubt, "Duke of Kent" a person; "City of London" and "Most of Wales" are the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from graph.linking.capitalisation import sentence_start
from graph.linking.foreign_regions import COUNTRIES, PROVINCE_CODES, PROVINCES
from graph.linking.given_names import GIVEN_NAMES
from graph.linking.normalise import Word

__all__ = ["ANOTHER", "doubt"]

ANOTHER: Final = 1.0
"""Doubt where the name is surely another's."""
UNSURE: Final = 0.4

_NEW: Final = frozenset({"new", "nova", "nueva", "nouvelle"})
_TITLES: Final = frozenset(
    {
        "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lady", "lord", "baroness", "baron",
        "rev", "reverend", "captain", "colonel", "cllr", "councillor", "judge", "viscount", "sergeant", "sister",
    }
)  # fmt: skip
_PEERS: Final = frozenset(
    {"prince", "princess", "duke", "duchess", "earl", "countess", "marquess", "marchioness", "viscount", "viscountess",
     "baron", "baroness", "lord", "lady", "bishop", "archbishop", "dean"}
)  # fmt: skip
_PART_WORDS: Final = """
    greater inner outer central mid middle upper lower north south east west northern southern eastern western
    northeast northwest southeast southwest metropolitan downtown rural urban coastal inland historic historical
    modern medieval roman saxon norman tudor georgian victorian edwardian jacobean elizabethan contemporary global
    great post brexit industrial town city county old industrialised pre
"""
_PARTS: Final = frozenset(_PART_WORDS.split())
"""Adjectives that say which part, or which age, of a place is meant."""
_OPENING_WORDS: Final = """
    a about above according across after again against all along already also although always amid among an and any
    are around as at because before behind being below beneath besides between beyond both but by can could despite
    does down during each either elsewhere even every except few first five for four from given had has have here
    hence how however if in inside instead into is just last like many meanwhile might more most much near nearby no
    nor not now of off often on once one only onto opposite or other our out outside over perhaps plus post
    previously second should since six so some soon sometimes still such than that the their then there thereafter
    therefore these third this those though three through throughout thus till to today together tomorrow towards
    toward two under unlike until up upon was were what when whenever where whereas wherever whether which while who
    whose why will with within without would yes yet yesterday compared
"""
_OPENERS: Final = frozenset(_OPENING_WORDS.split())
_PORTION_WORDS: Final = """
    area areas bay borough boroughs capital cities city centre coast counties county country district
    districts east economy government half heart history isle kingdom map maps mayor none north outskirts part parts
    people population port principality region regions rest side south state streets suburbs third thirds town towns
    west
"""
_PORTIONS: Final = _OPENERS | frozenset(_PORTION_WORDS.split())
"""Words before "of" after which the place itself is meant."""
_NATIONS: Final = frozenset({"england", "scotland", "wales", "britain", "uk"})
_ENDINGS: Final = ("ing", "ly", "ed")
_INITIAL: Final = re.compile(r"[A-Z]")
MAX_REGION_WORDS: Final = 4
MAX_LINE_WORDS: Final = 8
"""Words on either side that tell whether a line has capitals throughout."""
MIN_TITLE_WORDS: Final = 3


def doubt(
    tokens: Sequence[Word],
    first: int,
    last: int,
    *,
    known: Callable[[int], bool],
    is_place: bool,
    is_contained: bool = False,
    text: str = "",
) -> float:
    """Doubt, from 0 to ANOTHER, that the name from `first` to `last` (exclusive) means its entity.

    `known` tells whether the token at an index belongs to a place that the atlas knows. `is_contained`: the atlas tells
    in what other place this one lies, so that it is none abroad. `text` is what the tokens were read from.
    """
    if is_contained and (_is_abroad(tokens, first, last) or _ends_region(tokens, first, last)):
        return ANOTHER
    if last - first > 1 or not first:
        return 0.0
    before = tokens[first - 1]
    beside = _adjacent(before, tokens[first], text) and before.raw[0].isupper()
    if beside and _is_personal(before):
        return ANOTHER
    if not is_place:
        return 0.0
    if before.norm == "of":
        return _after_of(tokens, first)
    if before.norm == ".":
        return UNSURE if first > 1 and _INITIAL.fullmatch(tokens[first - 2].raw) else 0.0
    if not beside or known(first - 1):
        return 0.0
    return _in_larger_name(tokens, first, text)


def _in_larger_name(tokens: Sequence[Word], first: int, text: str) -> float:
    """Doubt about a place with a capitalised word before it."""
    before = tokens[first - 1]
    if before.norm in _PARTS or before.raw.isupper():
        return 0.0
    if sentence_start(tokens, first - 1, text):
        return 0.0 if before.norm in _OPENERS or before.norm.endswith(_ENDINGS) else UNSURE
    return UNSURE if _all_capitalised(tokens, first, text) else ANOTHER


def _is_personal(word: Word) -> bool:
    return word.norm in _NEW or word.norm in _TITLES or word.norm in GIVEN_NAMES


def _adjacent(before: Word, word: Word, text: str) -> bool:
    """Whether only blanks of the same line stand between two words: no hyphen, no quotation mark, no new line."""
    between = text[before.end : word.start] if text else " "
    return not before.is_mark and between.isspace() and "\n" not in between


def _after_of(tokens: Sequence[Word], first: int) -> float:
    """Doubt about "Bank of England": a capitalised word before "of" makes a larger name."""
    head = tokens[first - 2] if first > 1 else None
    if head is None or not head.raw[0].isupper():
        return 0.0
    if head.norm in _PEERS:
        return ANOTHER
    return 0.0 if head.norm in _PORTIONS or head.norm in _PARTS else UNSURE


def _is_abroad(tokens: Sequence[Word], first: int, last: int) -> bool:
    """Whether a country or a province abroad follows: "London, Ontario", "Boston (Massachusetts)", "Perth, WA"."""
    if last >= len(tokens) or tokens[last].norm not in {",", "("} or tokens[first].norm in _NATIONS:
        return False
    at = last + 1
    size = _region(tokens, at)
    if not size:
        return False
    after = tokens[at + size] if at + size < len(tokens) else None
    if after is None or not (after.raw[0].isalpha() and after.raw[0].isupper()):
        # "London, France and Spain" lists places; "Paris, Texas, and" does not.
        is_listed = after is not None and after.norm in {",", "and", "or", "&"} and _region(tokens, at + size + 1)
        return not is_listed or _is_province(tokens, at, size)
    return bool(_region(tokens, at + size))  # "London, Victoria Smith said": a person


def _ends_region(tokens: Sequence[Word], first: int, last: int) -> bool:
    """Whether the name is the end of a region's abroad: the Wales of "New South Wales"."""
    starts = range(max(0, last - MAX_REGION_WORDS), first)
    return any(start + _region(tokens, start) == last for start in starts)


def _region(tokens: Sequence[Word], at: int) -> int:
    """Number of words of the region abroad that begins at `at`; 0 where none does."""
    for size in range(min(MAX_REGION_WORDS, len(tokens) - at), 0, -1):
        words = tokens[at : at + size]
        name = " ".join(word.norm for word in words)
        if words[0].raw[0].isupper() and (name in PROVINCES or name in COUNTRIES):
            return size
        if size == 1 and words[0].raw in PROVINCE_CODES:
            return 1
    return 0


def _is_province(tokens: Sequence[Word], at: int, size: int) -> bool:
    return " ".join(word.norm for word in tokens[at : at + size]) in PROVINCES


def _all_capitalised(tokens: Sequence[Word], first: int, text: str) -> bool:
    """Whether the line's other longer words, at least three, are all capitalised, as in a title."""
    near: list[Word] = []
    for step, start in ((-1, first - 1), (1, first + 1)):
        at = start
        while 0 <= at < len(tokens) and abs(at - start) < MAX_LINE_WORDS:
            if sentence_start(tokens, at, text) and step > 0:
                break
            near.append(tokens[at])
            if sentence_start(tokens, at, text):
                break
            at += step
    long = [word for word in near if len(word.raw) > 3 and word.raw.isalpha()]
    return len(long) >= MIN_TITLE_WORDS and all(word.raw[0].isupper() for word in long)
