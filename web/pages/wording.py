"""Words for values: marked text in pieces, literals, periods, reliability."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from graph.model import Evidence, Mention, Source, Value
from graph.vocabulary import compact, expand
from web.read_model.formatting import DATE_TYPES, date, day_number, number, short

__all__ = [
    "GROUNDS",
    "Ground",
    "best_first",
    "best_reliability_word",
    "elapsed",
    "exact_form",
    "ground_of",
    "is_numeric",
    "linked_pieces",
    "literal_text",
    "marked_pieces",
    "period",
    "reliability_word",
    "sources_of",
]


Ground = Literal["official", "press", "weak", "background", "none"]

GROUNDS: Final[dict[str, str]] = {
    "official": "official",
    "press": "press or secondary",
    "weak": "weak",
    "background": "background",
    "none": "no source",
}
"""The word that always stands beside the shape and colour of a ground."""

_RELIABILITY_WORDS: Final = {"low": "weak", "memory": "background"}

_GROUND_OF_RELIABILITY: Final[dict[str, Ground]] = {
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
    return _GROUND_OF_RELIABILITY.get(reliability or "", "none")


def reliability_word(reliability: str | None) -> str:
    """The word for one source's reliability: its name in the data, except for `low` and `memory`."""
    return _RELIABILITY_WORDS.get(reliability or "", reliability or GROUNDS["none"])


def best_reliability_word(evidence: Iterable[Evidence]) -> str:
    """The word for the best reliability among the sources of the claims."""
    reliabilities = {claim.source.reliability for claim in evidence}
    return reliability_word(next((name for name in _GROUND_OF_RELIABILITY if name in reliabilities), None))


def marked_pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut at the spans: (piece, whether it is marked). Overlapping spans are joined, those outside dropped."""
    pieces: list[tuple[str, bool]] = []
    offset = 0
    for start, end in sorted(spans):
        start, end = max(start, offset), min(end, len(text))
        if start >= end:
            continue
        if start > offset:
            pieces.append((text[offset:start], False))
        pieces.append((text[start:end], True))
        offset = end
    if offset < len(text):
        pieces.append((text[offset:], False))
    return pieces


def linked_pieces(text: str, mentions: Sequence[Mention]) -> list[tuple[str, str | None]]:
    """The text cut at its mentions: (piece, IRI of the entity or None).

    Of overlapping mentions the first wins; of those that start together, the longest.
    """
    pieces: list[tuple[str, str | None]] = []
    offset = 0
    for mention in sorted(mentions, key=lambda m: (m.start, -m.end)):
        if mention.start < offset or mention.end > len(text):
            continue
        if mention.start > offset:
            pieces.append((text[offset : mention.start], None))
        pieces.append((text[mention.start : mention.end], mention.entity))
        offset = mention.end
    if offset < len(text):
        pieces.append((text[offset:], None))
    return pieces


def elapsed(milliseconds: float) -> str:
    """`12 ms`, `1.3 s`."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def is_numeric(value: Value) -> bool:
    return value.datatype in _NUMERIC


def literal_text(value: Value) -> str:
    """A literal in words: numbers with separators (a year has none), dates spelt out."""
    if is_numeric(value) and not re.fullmatch(r"(?:19|20)\d{2}", value.value):
        try:
            return f"{int(value.value):,}" if _INTEGER.fullmatch(value.value) else number(float(value.value))
        except (ValueError, OverflowError):
            return value.value
    if value.datatype not in DATE_TYPES or day_number(value.value) is None:
        return value.value
    return _with_time(value.value) if "T" in value.value else date(value.value)


def _with_time(iso: str) -> str:
    """`2018-11-20T10:00:00Z` → `20 November 2018, 10:00 UTC`."""
    match = _TIME.fullmatch(iso)
    if match is None:
        return iso
    day, minutes, seconds, zone = match.groups()
    time = minutes if seconds == ":00" else minutes + seconds
    return f"{date(day)}, {time} {'UTC' if zone == 'Z' else zone or ''}".rstrip()


def exact_form(value: Value) -> str:
    """A typed literal as the data has it, with its datatype; empty for a literal without one."""
    return f"{short(value.value, 200)} ({compact(value.datatype)})" if value.datatype else ""


def period(evidence: Sequence[Evidence]) -> str:
    """When a fact holds, by the first claim with a date: `2018 to 2024`, `from 2018`, `as of November 2023`."""
    for claim in evidence:
        start, end = date(claim.valid_from), date(claim.valid_to)
        if start and end:
            return start if start == end else f"{start} to {end}"
        if start or end:
            return f"from {start}" if start else f"until {end}"
        if claim.as_of:
            return f"as of {date(claim.as_of)}"
    return ""


def best_first(sources: Iterable[Source]) -> list[Source]:
    """Sources by reliability, the best first; those of equal reliability stay in their order."""
    ranks = list(_GROUND_OF_RELIABILITY)
    return sorted(sources, key=lambda source: ranks.index(source.reliability))


def sources_of(evidence: Iterable[Evidence]) -> list[Source]:
    """The distinct sources of the claims, in their order."""
    return list({claim.source.iri: claim.source for claim in evidence}.values())
