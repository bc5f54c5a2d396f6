"""Entity linking: mentions in passages, from a gazetteer and from the acronyms that the document itself defines.

Where several entities share a name, the gazetteer's order decides (preferred kinds, label before altLabel, weight).
There is one exception: in a list whose other members are all of one kind, the entity of that kind is chosen. "Greater
Manchester, the West Midlands and the West of England" are combined-authority areas, so "West Midlands" is one too, and
not the region.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from graph.linking.acronyms import definitions
from graph.linking.coreference import LinkedSpan, last_names
from graph.linking.gazetteer import Gazetteer, Match
from graph.linking.label_forms import Entry, Form
from graph.linking.namesakes import ANOTHER, doubt
from graph.linking.normalise import Word, words
from graph.model import Mention, Passage

__all__ = ["Entry", "Gazetteer", "link", "link_document"]

_SEPARATORS: Final = frozenset({",", "and", "or", "the", ";", "both", "in"})
MAX_SEPARATOR_WORDS: Final = 4


def link(passage: Passage, gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """Mentions in one passage on its own, in order, without overlaps."""
    return link_document((passage,), gazetteer)


def link_document(passages: Sequence[Passage], gazetteer: Gazetteer) -> tuple[Mention, ...]:
    """Mentions in a document's passages, in order.

    An acronym that the document defines has that meaning in every passage: the entity of its long form, or none where
    the gazetteer does not know that. After a person was named in full, the last name is linked too.
    """
    texts = [words(passage.text) for passage in passages]
    matched = [gazetteer.matches(tokens, text=passage.text) for passage, tokens in zip(passages, texts, strict=True)]
    defined = _defined(passages, texts, matched)
    mentions: list[Mention] = []
    linked: list[list[LinkedSpan]] = []
    for passage, tokens, matches in zip(passages, texts, matched, strict=True):
        doubts = _doubts(tokens, matches, gazetteer, passage.text)
        linked.append(_resolve(tokens, matches, defined, doubts))
    last_names(texts, linked, _people(matched, gazetteer))
    for passage, tokens, spans in zip(passages, texts, linked, strict=True):
        for first, last, iri, confidence in spans:
            start, end = tokens[first].start, tokens[last - 1].end
            mentions.append(Mention(passage.iri, iri, start, end, passage.text[start:end], confidence))
    return tuple(mentions)


def _doubts(tokens: Sequence[Word], matches: Sequence[Match], gazetteer: Gazetteer, text: str) -> list[float]:
    """For each match, the doubt that it is a namesake's."""
    places = {at for match in matches if gazetteer.is_place(match) for at in range(match.first, match.last)}
    return [
        doubt(
            tokens,
            match.first,
            match.last,
            is_place=gazetteer.is_place(match),
            is_contained=match.best.entry.is_contained,
            text=text,
            known=places.__contains__,
        )
        for match in matches
    ]


def _resolve(
    tokens: Sequence[Word],
    matches: Sequence[Match],
    defined: Mapping[str, str | None],
    doubts: Sequence[float],
) -> list[LinkedSpan]:
    """Linked spans of one passage, with the document's acronyms and one entity for each name."""
    spans: list[LinkedSpan] = []
    covered: set[int] = set()
    for place, match in enumerate(matches):
        if match.last - match.first == 1 and tokens[match.first].raw in defined:
            continue
        if doubts[place] >= ANOTHER:
            continue
        form = _in_list(tokens, matches, place) or match.best
        spans.append((match.first, match.last, form.entry.iri, _confidence(match, doubts[place])))
        covered.update(range(match.first, match.last))
    for at, word in enumerate(tokens):
        iri = defined.get(word.raw)
        if iri is not None and at not in covered:
            spans.append((at, at + 1, iri, 0.95))
    return sorted(spans)


def _confidence(match: Match, doubt: float) -> float:
    """Confidence from 0 to 1: 1 for the label itself, less for other forms, everyday words, shared names and doubts."""
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
    return round(max(0.05, score - doubt), 2)


def _defined(
    passages: Sequence[Passage], texts: Sequence[Sequence[Word]], matched: Sequence[Sequence[Match]]
) -> dict[str, str | None]:
    """One-word acronym that the document defines → its entity, None where the gazetteer does not know the long form."""
    meanings: dict[str, str | None] = {}
    for passage, tokens, matches in zip(passages, texts, matched, strict=True):
        spans = {(tokens[m.first].start, tokens[m.last - 1].end): m for m in matches}
        for definition in definitions(passage.text):
            if len(words(definition.short)) != 1 or definition.short in meanings:
                continue
            match = spans.get((definition.long_start, definition.long_end))
            if match is None:
                # The match may have a word more or less than the long form ("the … Council").
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
    """Whether a label of the acronym's entity shares a long word with the long form, so that both probably agree."""
    named = {word.norm for form in match.forms for word in words(form.entry.label)}
    return any(len(word.norm) > 3 and word.norm in named for word in words(long))


def _in_list(tokens: Sequence[Word], matches: Sequence[Match], place: int) -> Form | None:
    """The form of the kind that all unambiguous neighbours in the list have; None where there is none such."""
    match = matches[place]
    if len(match.forms) < 2:
        return None
    kinds: list[str] = []
    for step in (-1, 1):
        at, here = place + step, match
        while 0 <= at < len(matches) and _listed(tokens, *sorted((here, matches[at]), key=lambda m: m.first)):
            here = matches[at]
            if len(here.forms) == 1:
                kinds.append(here.best.entry.kind)
            at += step
    if len(set(kinds)) != 1 or not kinds[0]:
        return None
    return next((form for form in match.forms if form.entry.kind == kinds[0]), None)


def _listed(tokens: Sequence[Word], first: Match, second: Match) -> bool:
    """Whether only separators such as commas, "and" and "the" stand between two names."""
    between = tokens[first.last : second.first]
    return 0 < len(between) <= MAX_SEPARATOR_WORDS and all(word.norm in _SEPARATORS for word in between)


def _people(matched: Iterable[Sequence[Match]], gazetteer: Gazetteer) -> dict[str, str]:
    """IRI → last name of each person who is named in full."""
    named: dict[str, str] = {}
    if gazetteer.people:
        for matches in matched:
            for match in matches:
                entry = match.best.entry
                if match.last - match.first > 1 and entry.kind in gazetteer.people:
                    named.setdefault(entry.iri, match.best.raws[-1])
    return named
