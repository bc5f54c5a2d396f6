"""Forms in which a label may appear in a text, and how strict its capitals are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from graph.linking.everyday_words import COMMON
from graph.linking.normalise import Word, words

__all__ = ["Entry", "Form", "forms", "is_acronym"]

_QUALIFIER: Final = re.compile(r"(.*\w.*?)\s+\(([^()]*)\)\s*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One label of one entity. `weight` breaks ties; higher wins (a number of links, for example).

    `is_contained`: it is a place of which the atlas tells in what other place it lies.
    """

    iri: str
    label: str
    is_alt: bool = False
    kind: str = ""
    weight: float = 0.0
    is_contained: bool = False


class Form(NamedTuple):
    """One spelling of a label. `rank`: 0 label, 1 altLabel, 2 label without its qualifier. `raws`: words with capitals.

    `key` is the normalised spelling, `inflected` a plural or singular, `common` an everyday word.
    """

    entry: Entry
    key: str
    raws: tuple[str, ...]
    rank: int
    inflected: bool = False
    common: bool = False
    any_case: bool = False
    """The label matches in any case: it has no capitals, or only that of a sentence's first word."""


def is_acronym(raw: str) -> bool:
    """Whether the word has at least two letters, all of them capitals: DCMS, V&A, S4C, R&D."""
    letters = [char for char in raw if char.isalpha()]
    return len(letters) >= 2 and all(char.isupper() for char in letters)


def forms(entry: Entry) -> Iterator[Form]:
    """Forms of a label: itself, its plural or singular, without apostrophes, without a qualifier in brackets."""
    rank = 1 if entry.is_alt else 0
    tokens = _strip(words(entry.label))
    if tokens:
        yield from _variants(entry, tokens, rank)
    qualified = _QUALIFIER.fullmatch(entry.label) if "(" in entry.label else None
    if qualified and (base := _strip(words(qualified.group(1)))):
        yield from _variants(entry, base, 2)


def _variants(entry: Entry, tokens: Sequence[Word], rank: int) -> Iterator[Form]:
    raws = tuple(word.raw for word in tokens)
    norms = [word.norm for word in tokens]
    any_case = _is_plain(raws)
    common = len(norms) == 1 and norms[0] in COMMON

    def form(keys: Sequence[str], written: tuple[str, ...], inflected: bool = False) -> Form:
        return Form(entry, " ".join(keys), written, rank, inflected, common, any_case)

    yield form(norms, raws)
    if "'s" in norms:
        yield form(*_without_apostrophes(norms, raws))
    for ending in _inflections(norms[-1], raws[-1], len(norms)):
        yield form([*norms[:-1], ending.lower()], (*raws[:-1], ending), inflected=True)


def _without_apostrophes(norms: Sequence[str], raws: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Spelling without apostrophes: "kings college" for "king 's college"."""
    keys: list[str] = []
    written: list[str] = []
    for norm, raw in zip(norms, raws, strict=True):
        if norm == "'s" and keys:
            keys[-1] += "s"
            written[-1] += "s"
        else:
            keys.append(norm)
            written.append(raw)
    return keys, tuple(written)


def _inflections(norm: str, raw: str, size: int) -> Iterator[str]:
    """Plural or singular of the last word. Names of one word have none, acronyms only a lower-case s."""
    if not norm.isalpha() or len(norm) < 2:
        return
    if is_acronym(raw):
        if size == 1:
            yield raw + "s"
        return
    if (size == 1 and raw[0].isupper()) or len(norm) < 4:
        return
    if norm.endswith("ies"):
        yield raw[:-3] + "y"
    elif norm.endswith("s") and not norm.endswith(("ss", "us", "is")):
        yield raw[:-1]
    elif norm.endswith("y") and norm[-2] not in "aeiou":
        yield raw[:-1] + "ies"
    elif norm.endswith(("s", "x", "ch", "sh")):
        yield raw + "es"
    else:
        yield raw + "s"


def _is_plain(raws: Sequence[str]) -> bool:
    """Whether no word has a capital, except perhaps the first of several ("Access to finance")."""
    if any(raw != raw.lower() for raw in raws[1:]):
        return False
    first = raws[0]
    if first == first.lower():
        return True
    return sum(raw[0].isalpha() for raw in raws) > 1 and first[0].isupper() and first[1:].islower()


def _strip(tokens: list[Word]) -> list[Word]:
    """The tokens without punctuation at either end; brackets stay."""
    while tokens and tokens[-1].norm in ".,;:!?":
        tokens = tokens[:-1]
    while tokens and tokens[0].norm in ".,;:!?":
        tokens = tokens[1:]
    return tokens
