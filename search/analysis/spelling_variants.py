"""One spelling for words that are written in several ways, for the stemmed fields and the queries alike.

| written | kept as |
|---|---|
| organization, organisation; analyze, analyse | organisation, analyse |
| colour, behaviour, neighbourhood | color, behavior, neighborhood |
| centre, theatre, metres | center, theater, meters |
| programme, catalogue, licence, modelling | program, catalog, license, modeling |
| leukaemia, oestrogen, paediatric | leukemia, estrogen, pediatric |
| co-location, start-up | co-location colocation, start-up startup |

The forms are keys, not advice: that "size" becomes "sise" changes nothing, since it does so everywhere, and they are
never shown.
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
"""What stands in every word that a rule changes: most have none of it, and need not go through all rules."""

_WORDS: Final = {
    "ageing": "aging", "amongst": "among", "artefact": "artifact", "artefacts": "artifacts", "enquiry": "inquiry",
    "enquiries": "inquiries", "grey": "gray", "jewellery": "jewelry", "judgement": "judgment", "mould": "mold",
    "sceptical": "skeptical",
}  # fmt: skip


def canonical(text: str) -> str:
    """`text` with one spelling for each word, and words with a short first part joined as well as apart.

    Made for the index: offsets change. Linear in the length.
    """
    spelt = _WORD.sub(lambda match: _one(match[0].lower()), text)
    return _HYPHENED.sub(r"\1-\2 \1\2", spelt)


def joined(text: str) -> list[str]:
    """The hyphened words of `text` as one word each, in one spelling: co-location gives colocation."""
    return [_one((first + second).lower()) for first, second in _HYPHENED.findall(text)]


@lru_cache(maxsize=100_000)
def _one(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    if _MAY_CHANGE.search(word):
        for pattern, into in _RULES:
            word = pattern.sub(into, word)
    return word
