"""Coreference by last name: people named in full first, "Marta Foresti … Foresti", "Professor Wilson"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from graph.linking.everyday_words import COMMON
from graph.linking.normalise import Word

__all__ = ["LinkedSpan", "last_names"]

LinkedSpan = tuple[int, int, str, float]
"""(first word, last word exclusive, entity IRI, confidence)."""

_TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "baroness", "baron", "mayor"}
)
_OPENERS: Final = frozenset(
    {
        "a", "after", "also", "although", "an", "and", "as", "at", "because", "before", "both", "but", "by", "for",
        "from", "here", "how", "however", "if", "in", "later", "now", "on", "or", "since", "so", "that", "the", "then",
        "there", "though", "to", "today", "until", "what", "when", "where", "while", "why", "with", "yet",
    }
)  # fmt: skip
"""Words that begin sentences, so that their capital makes them no first name."""
_CONFIDENCE: Final = 0.8


def last_names(texts: Sequence[Sequence[Word]], linked: Sequence[list[LinkedSpan]], people: Mapping[str, str]) -> None:
    """Add the mentions by last name to `linked`, in place, after the first mention in full.

    `texts` are the tokens of each passage. `people`: IRI → last name, as written, of each person linked by a full name.
    A name that two people of the document share is not linked; an everyday word ("Brown") needs a title before it.
    """
    owners: dict[str, set[str]] = {}
    for iri, name in people.items():
        owners.setdefault(name, set()).add(iri)
    unique = {name: next(iter(iris)) for name, iris in owners.items() if len(iris) == 1}
    if not unique:
        return
    known: set[str] = set()
    for tokens, spans in zip(texts, linked, strict=True):
        taken = {at for first, last, _, _ in spans for at in range(first, last)}
        full = {first: iri for first, _, iri, _ in spans}
        added: list[LinkedSpan] = []
        for at, word in enumerate(tokens):
            if at in full:
                known.add(full[at])
            person = unique.get(word.raw)
            if person in known and person is not None and at not in taken and _alone(tokens, at):
                added.append((at, at + 1, person, _CONFIDENCE))
        if added:
            spans.extend(added)
            spans.sort()


def _alone(tokens: Sequence[Word], at: int) -> bool:
    """Whether the name is not part of another name: no other first name before it, no capitalised word after it."""
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is not None and after.raw[0].isupper():
        return False
    titled = before is not None and (
        before.norm in _TITLES or (before.norm == "." and at > 1 and tokens[at - 2].norm in _TITLES)
    )
    if titled:
        return True
    other = before is not None and before.raw[0].isupper() and before.norm not in _OPENERS
    return not other and tokens[at].norm not in COMMON
