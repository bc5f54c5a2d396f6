"""Text for readers: pieces of marked text, dates, numbers, the words for a ground."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from graph.model import Evidence, Mention, Source, Value
from graph.vocabulary import compact, expand
from web.read_model.formatting import DATED, date, moment, number, short

__all__ = [
    "GROUNDS",
    "Ground",
    "best_first",
    "best_word",
    "elapsed",
    "ground_of",
    "held",
    "is_numeric",
    "linked",
    "pieces",
    "shown",
    "sources_of",
    "word_of",
    "written",
]


Ground = Literal["official", "press", "weak", "background", "none"]

GROUNDS: Final[dict[str, str]] = {
    "official": "official",
    "press": "press or secondary",
    "weak": "weak",
    "background": "background",
    "none": "no source",
}
"""The word that always stands beside a ground's shape and colour."""

_WORDS: Final = {"low": "weak", "memory": "background"}

_OF_RELIABILITY: Final[dict[str, Ground]] = {
    "official": "official",
    "academic": "official",
    "dataset": "official",
    "press": "press",
    "secondary": "press",
    "low": "weak",
    "memory": "background",
}


_NUMERIC: Final = {
    expand(f"xsd:{name}") for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")
}
_INTEGER: Final = re.compile(r"[+-]?\d{1,400}", re.ASCII)
_TIME: Final = re.compile(r"(.+)T(\d\d:\d\d)(:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?", re.ASCII)


def ground_of(reliability: str | None) -> Ground:
    """The ground that a source of this reliability gives; `none` where it is not known."""
    return _OF_RELIABILITY.get(reliability or "", "none")


def word_of(reliability: str | None) -> str:
    """The word for one source's reliability: as it is called in the data, save `low` and `memory`."""
    return _WORDS.get(reliability or "", reliability or GROUNDS["none"])


def best_word(evidence: Iterable[Evidence]) -> str:
    """The word for the best ground among the claims."""
    found = {each.source.reliability for each in evidence}
    return word_of(next((name for name in _OF_RELIABILITY if name in found), None))


def pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut at the spans: (piece, whether it is marked). Overlaps are joined, what lies outside is dropped."""
    found: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(spans):
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            found.append((text[at:start], False))
        found.append((text[start:end], True))
        at = end
    if at < len(text):
        found.append((text[at:], False))
    return found


def linked(text: str, mentions: Sequence[Mention]) -> list[tuple[str, str | None]]:
    """The text cut at its mentions: (piece, IRI of the entity or None). Of overlapping ones the first, longest wins."""
    found: list[tuple[str, str | None]] = []
    at = 0
    for mention in sorted(mentions, key=lambda m: (m.start, -m.end)):
        if mention.start < at or mention.end > len(text):
            continue
        if mention.start > at:
            found.append((text[at : mention.start], None))
        found.append((text[mention.start : mention.end], mention.entity))
        at = mention.end
    if at < len(text):
        found.append((text[at:], None))
    return found


def elapsed(milliseconds: float) -> str:
    """`12 ms`, `1.3 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def is_numeric(value: Value) -> bool:
    return value.datatype in _NUMERIC


def shown(value: Value) -> str:
    """A literal in words: numbers with separators (a year has none), dates spelt out."""
    if is_numeric(value) and not re.fullmatch(r"(?:19|20)\d{2}", value.value):
        try:
            return f"{int(value.value):,}" if _INTEGER.fullmatch(value.value) else number(float(value.value))
        except (ValueError, OverflowError):
            return value.value
    if value.datatype not in DATED or moment(value.value) is None:
        return value.value
    return _with_time(value.value) if "T" in value.value else date(value.value)


def _with_time(iso: str) -> str:
    """`2018-11-20T10:00:00Z` → `20 November 2018, 10:00 UTC`."""
    found = _TIME.fullmatch(iso)
    if found is None:
        return iso
    day, minutes, seconds, zone = found.groups()
    time = minutes if seconds == ":00" else minutes + seconds
    return f"{date(day)}, {time} {'UTC' if zone == 'Z' else zone or ''}".rstrip()


def written(value: Value) -> str:
    """A typed literal as the data has it, with its type: for what is shown in words."""
    return f"{short(value.value, 200)} ({compact(value.datatype)})" if value.datatype else ""


def held(evidence: Sequence[Evidence]) -> str:
    """When a fact holds, from the first claim that says so: `2018 to 2024`, `from 2018`, `as of November 2023`."""
    for each in evidence:
        start, end = date(each.valid_from), date(each.valid_to)
        if start and end:
            return start if start == end else f"{start} to {end}"
        if start or end:
            return f"from {start}" if start else f"until {end}"
        if each.as_of:
            return f"as of {date(each.as_of)}"
    return ""


def best_first(sources: Iterable[Source]) -> list[Source]:
    """The most reliable first, otherwise in the order they come."""
    ranks = list(_OF_RELIABILITY)
    return sorted(sources, key=lambda source: ranks.index(source.reliability))


def sources_of(evidence: Iterable[Evidence]) -> list[Source]:
    """The distinct sources, in the order they come."""
    return list({each.source.iri: each.source for each in evidence}.values())
