"""Passages linked to the entities that they name, from a gazetteer and from what the document itself defines.

Where one name has several readings: the gazetteer's order (preferred kinds, label before altLabel, weight) decides,
unless the name stands in a list, all of whose other members are of one kind ("Greater Manchester, the West Midlands
and the West of England" are combined-authority areas, so "West Midlands" is the one too, not the region).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from graph.linking.acronyms import definitions
from graph.linking.coreference import LinkedSpan, last_names
from graph.linking.gazetteer import Gazetteer, Match
from graph.linking.label_forms import Entry, Form
from graph.linking.normalise import Word, words
from graph.model import Mention, Passage

__all__ = ["Entry", "Gazetteer", "link", "link_document"]

_BETWEEN: Final = frozenset({",", "and", "or", "the", ";", "both", "in"})
_MAX_BETWEEN: Final = 4


def link(passage: Passage, gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """The mentions of one passage on its own, in order, without overlaps."""
    return link_document((passage,), gazetteer)


def link_document(passages: Sequence[Passage], gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """The mentions of a document's passages, in order.

    An acronym that the document defines means what it says there, in every passage: the entity that its long form
    is linked to, or nothing that the gazetteer knows. A person named in full may be called by the last name later.
    """
    read = [words(passage.text) for passage in passages]
    matched = [gazetteer.matches(found, text=passage.text) for passage, found in zip(passages, read, strict=True)]
    defined = _defined(passages, read, matched)
    mentions: list[Mention] = []
    linked: list[list[LinkedSpan]] = []
    for found, matches in zip(read, matched, strict=True):
        linked.append(_resolve(found, matches, defined))
    last_names(read, linked, _people(matched, gazetteer))
    for passage, found, spans in zip(passages, read, linked, strict=True):
        for first, last, iri, confidence in spans:
            start, end = found[first].start, found[last - 1].end
            mentions.append(Mention(passage.iri, iri, start, end, passage.text[start:end], confidence))
    return tuple(mentions)


def _resolve(found: Sequence[Word], matches: Sequence[Match], defined: Mapping[str, str | None]) -> list[LinkedSpan]:
    """(first word, last word, entity, confidence), with the document's own acronyms and the choice among readings."""
    spans: list[LinkedSpan] = []
    taken: set[int] = set()
    for place, match in enumerate(matches):
        if match.last - match.first == 1 and found[match.first].raw in defined:
            continue
        form = _in_list(found, matches, place) or match.best
        spans.append((match.first, match.last, form.entry.iri, _confidence(match)))
        taken.update(range(match.first, match.last))
    for at, word in enumerate(found):
        iri = defined.get(word.raw)
        if iri is not None and at not in taken:
            spans.append((at, at + 1, iri, 0.95))
    return sorted(spans)


def _confidence(match: Match) -> float:
    """1 for a label as it is written; less for other forms, everyday words and names that several entities share."""
    form = match.best
    score = (1.0, 0.95, 0.85)[form.rank]
    if form.inflected:
        score -= 0.05
    if match.shouted:
        score -= 0.1
    if form.common:
        score -= 0.3
    if len(match.forms) > 1:
        score -= 0.15
    return round(score, 2)


def _defined(
    passages: Sequence[Passage], read: Sequence[Sequence[Word]], matched: Sequence[Sequence[Match]]
) -> dict[str, str | None]:
    """What the one-word acronyms defined in the document stand for; None for something unknown to the gazetteer."""
    meanings: dict[str, str | None] = {}
    for passage, found, matches in zip(passages, read, matched, strict=True):
        spans = {(found[m.first].start, found[m.last - 1].end): m for m in matches}
        for definition in definitions(passage.text):
            if len(words(definition.short)) != 1 or definition.short in meanings:
                continue
            match = spans.get((definition.long_start, definition.long_end))
            if match is None:
                # The long form may be found with a word more or less than the letters told ("the … Council").
                match = next((m for (_, end), m in spans.items() if end == definition.long_end), None)
            own = next(
                (m for (start, end), m in spans.items() if (start, end) == (definition.start, definition.end)), None
            )
            if match is not None:
                meanings[definition.short] = match.best.entry.iri
            elif own is None or not _agrees(own, definition.long):
                meanings[definition.short] = None
    return meanings


def _agrees(match: Match, long: str) -> bool:
    """Whether a label of the acronym's entity shares a word with its long form, so that it is probably meant."""
    named = {word.norm for form in match.forms for word in words(form.entry.label)}
    return any(len(word.norm) > 3 and word.norm in named for word in words(long))


def _in_list(found: Sequence[Word], matches: Sequence[Match], place: int) -> Form | None:
    """The reading of the kind that all unambiguous neighbours in the same list have; None to leave it as it is."""
    match = matches[place]
    if len(match.forms) < 2:
        return None
    kinds: list[str] = []
    for step in (-1, 1):
        at, here = place + step, match
        while 0 <= at < len(matches) and _listed(found, *sorted((here, matches[at]), key=lambda m: m.first)):
            here = matches[at]
            if len(here.forms) == 1:
                kinds.append(here.best.entry.kind)
            at += step
    if len(set(kinds)) != 1 or not kinds[0]:
        return None
    return next((form for form in match.forms if form.entry.kind == kinds[0]), None)


def _listed(found: Sequence[Word], left: Match, right: Match) -> bool:
    """Whether only commas, "and", "the" and the like stand between two names."""
    between = found[left.last : right.first]
    return 0 < len(between) <= _MAX_BETWEEN and all(word.norm in _BETWEEN for word in between)


def _people(matched: Iterable[Sequence[Match]], gazetteer: Gazetteer) -> dict[str, str]:
    """The last name of each person who is named in full."""
    named: dict[str, str] = {}
    if gazetteer.people:
        for matches in matched:
            for match in matches:
                entry = match.best.entry
                if match.last - match.first > 1 and entry.kind in gazetteer.people:
                    named.setdefault(entry.iri, match.best.raws[-1])
    return named
