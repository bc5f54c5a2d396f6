"""Normalisation of spelling variants to one form, for the stemmed fields and the queries alike.

| written | normal form |
|---|---|
| organization, organisation; analyze, analyse | organisation, analyse |
| colour, behaviour, neighbourhood | color, behavior, neighborhood |
| centre, theatre, metres | center, theater, meters |
| programme, catalogue, licence, modelling | program, catalog, license, modeling |
| leukaemia, oestrogen, paediatric | leukemia, estrogen, pediatric |
| co-location, start-up | co-location colocation, start-up startup |

The forms are keys that are never shown: it does no harm that "size" becomes "sise", since it does so everywhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["canonical", "joined"]

_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_HYPHENED: Final = re.compile(r"(?<![\w-])([A-Za-z]{2,5})-([A-Za-z]{3,})(?![\w-])")

_RULES: Final = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (r"([iy])z(?=(?:e|ed|es|er|ers|ing|ation|ations|ational)$)", r"\1s"),
        (r"(?<=..)our(?=(?:s|ed|ing|al|ite|ites|able|ful|less|hood|hoods|er|ers|ist|ists)?$)", "or"),
        (r"(cent|theat|met|lit|fib|calib|spect|lust)re(?=s?$)", r"\1er"),
        (r"(cent|calib)red$", r"\1ered"),
        (r"^programme", "program"),
        (r"(catal|dial|anal|monol)ogue", r"\1og"),
        (r"^(def|off|lic|pret)ence", r"\1ense"),
        (r"(trave|channe|mode|labe|cance|signa|counse|leve|fue|tota)ll(?=ed|ing|er|or)", r"\1l"),
        (r"aem(?=i|o|a)|haem", lambda match: match[0].replace("ae", "e")),
        (r"^(ortho)?paed|gynaec|anaesth|^caec", lambda match: match[0].replace("ae", "e")),
        (r"oestr|oesoph|^foet|oedem|rrhoe|^coeliac", lambda match: match[0].replace("oe", "e")),
    )
)

_MAY_CHANGE: Final = re.compile("z|our|re|ramme|ogue|ence|ll|[ao]e")
"""A part of every word that a rule changes. Most words have none, and skip the rules."""

_WORDS: Final = {
    "ageing": "aging", "amongst": "among", "artefact": "artifact", "artefacts": "artifacts", "enquiry": "inquiry",
    "enquiries": "inquiries", "grey": "gray", "jewellery": "jewelry", "judgement": "judgment", "mould": "mold",
    "sceptical": "skeptical",
}  # fmt: skip


def canonical(text: str) -> str:
    """`text` in normal forms, and hyphened words with a short first part in two parts and as one word.

    For indexing: offsets change. Time is linear in the length.

    >>> canonical("The co-location programme")
    'the co-location colocation program'
    """
    normal = _WORD.sub(lambda match: _normal_form(match[0].lower()), text)
    return _HYPHENED.sub(r"\1-\2 \1\2", normal)


def joined(text: str) -> list[str]:
    """The hyphened words of `text` as one word each, in normal form: co-location gives colocation."""
    return [_normal_form((first + second).lower()) for first, second in _HYPHENED.findall(text)]


@lru_cache(maxsize=100_000)
def _normal_form(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    if _MAY_CHANGE.search(word):
        for pattern, into in _RULES:
            word = pattern.sub(into, word)
    return word
