"""Which sentence of a source's text says what one of its claims says, if any does plainly enough.

Rather no quote than a wrong one. A sentence fits a claim that links two entities where it names both, says no "not"
between them, and has no other subject of which the source claims the same nearer by. A figure fits with its number,
its unit and most words of its indicator; an amount with its number and the thing it pays for; any other value with
the subject, the value as written, and a word for the relation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from graph.claims.acceptance import Claim
from graph.quotes.numbers import find_number
from graph.quotes.quote_sentences import Sentence, stems
from graph.storage.snapshot import Snapshot
from graph.vocabulary import expand

__all__ = ["Quote", "match_claims"]

_LONGEST: Final = 320
"""Characters of a sentence that is quoted whole; of a longer one, the clauses that hold both ends."""

_MOST: Final = 0.6
"""Share of an indicator's words that the sentence must have."""

_NEVER: Final = frozenset(
    expand(name)
    for name in (
        "rdf:type", "rdfs:label", "skos:altLabel", "skos:prefLabel", "schema:description", "dcterms:identifier",
        "skos:inScheme", "ca:record", "schema:url", "schema:sameAs", "schema:latitude", "schema:longitude",
        "ca:inheritedPosition", "skos:notation",
    )
)  # fmt: skip
_NOT: Final = re.compile(r"\b(?:not|never|no longer|neither|nor)\b|n['’]t\b", re.I)
_CLAUSE: Final = re.compile(r"[;,:–—](?=\s)|\s[–—-]\s")
_MENTIONS, _MEMBER, _AT = expand("schema:mentions"), expand("org:member"), expand("org:organization")
_VALUE, _UNIT, _INDICATOR = expand("ca:value"), expand("ca:unit"), expand("ca:indicator")
_MONEY, _AMOUNT = expand("schema:value"), expand("ca:hasAmount")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a passage for a claim. `start` and `end` are offsets into the passage, `marks` into the quote."""

    passage: str
    start: int
    end: int
    text: str
    marks: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A sentence with the places of both ends; the least fit is the best."""

    uncued: bool
    gap: int
    sentence: Sentence
    ends: tuple[Span, ...]

    @property
    def rank(self) -> tuple[bool, int, int]:
        return self.uncued, self.gap, self.sentence.number


def match_claims(
    snapshot: Snapshot, source: str, claims: Iterable[Claim], sentences: list[Sentence]
) -> Iterator[tuple[Claim, Quote]]:
    """Each claim that has a fitting sentence, with its best; ties go to the earlier one."""
    matcher = _Matcher(snapshot, source, list(claims), sentences)
    for claim in matcher.claims:
        best = min(matcher.fits(claim), key=lambda fit: fit.rank, default=None)
        if best is not None:
            yield claim, _quote(best)


class _Matcher:
    def __init__(self, snapshot: Snapshot, source: str, claims: list[Claim], sentences: list[Sentence]) -> None:
        self.claims = sorted(claims, key=lambda claim: claim.iri.value)
        self._snapshot = snapshot
        self._title = snapshot.source(source).title.casefold()
        self._sentences = sentences
        self._naming: dict[str, list[Sentence]] = defaultdict(list)
        for sentence in sentences:
            for entity in {named.entity for named in sentence.named}:
                self._naming[entity].append(sentence)
        self._links: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._subjects: dict[str, set[str]] = defaultdict(set)
        for claim in self.claims:
            self._links[claim.subject.value, claim.predicate.value].append(claim.object.value)
            if isinstance(claim.object, ox.NamedNode):
                self._subjects[claim.object.value].add(claim.subject.value)
        self._cues: dict[str, frozenset[str]] = {}

    def fits(self, claim: Claim) -> Iterator[_Fit]:
        subject, predicate, obj = claim.subject.value, claim.predicate.value, claim.object
        if predicate in _NEVER:
            return
        if predicate == _MENTIONS and self._snapshot.label(subject).casefold() == self._title:
            yield from self._alone(obj.value)
        elif predicate in (_MEMBER, _AT, _VALUE, _INDICATOR, _MONEY, _AMOUNT):
            yield from self._of_record(subject, predicate, obj.value)
        elif isinstance(obj, ox.NamedNode):
            yield from self._pairs(subject, obj.value, self._cue(predicate))
        else:
            yield from self._values(subject, predicate, obj.value)

    def _of_record(self, subject: str, predicate: str, obj: str) -> Iterator[_Fit]:
        """Offices, figures and amounts are not named in a text: their parts are."""
        if predicate in (_MEMBER, _AT):
            for other in self._links[subject, _AT if predicate == _MEMBER else _MEMBER]:
                yield from self._pairs(obj, other, frozenset())
        elif predicate in (_VALUE, _INDICATOR):
            yield from self._figures(subject)
        elif predicate == _MONEY:
            for payer in sorted(self._subjects[subject]):
                yield from self._amounts(payer, obj)
        else:
            for value in self._links[obj, _MONEY]:
                yield from self._amounts(subject, value)

    def _alone(self, entity: str) -> Iterator[_Fit]:
        for sentence in self._naming[entity]:
            named = sentence.of(entity)[0]
            yield _Fit(False, 0, sentence, ((named.start, named.end),))

    def _pairs(self, subject: str, obj: str, cue: frozenset[str]) -> Iterator[_Fit]:
        if subject == obj:
            return
        for sentence in self._naming[subject]:
            near = _nearest(sentence, [(n.start, n.end) for n in sentence.of(subject)], _spans(sentence, obj))
            if near is None or _denied(sentence, near):
                continue
            gap = _gap(*near)
            rivals = self._subjects[obj] - {subject}
            others = [(n.start, n.end) for n in sentence.named if n.entity in rivals]
            nearer = _nearest(sentence, others, _spans(sentence, obj))
            if nearer is None or _gap(*nearer) >= gap:
                yield _Fit(not cue & sentence.stems, gap, sentence, near)

    def _figures(self, figure: str) -> Iterator[_Fit]:
        unit = next(iter(self._links[figure, _UNIT]), "")
        for value in self._links[figure, _VALUE]:
            for indicator in self._links[figure, _INDICATOR]:
                wanted = stems(self._snapshot.label(indicator))
                for sentence in self._sentences:
                    held = len(wanted & sentence.stems) / len(wanted) if wanted else 0.0
                    place = find_number(sentence.text, value, unit) if held >= _MOST else None
                    if place is not None:
                        yield _Fit(False, -int(held * 100), sentence, (_moved(sentence, place),))

    def _amounts(self, payer: str, value: str) -> Iterator[_Fit]:
        for sentence in self._naming[payer]:
            place = find_number(sentence.text, value, "GBP")
            if place is not None:
                yield from _with(sentence, payer, _moved(sentence, place), uncued=False)

    def _values(self, subject: str, predicate: str, value: str) -> Iterator[_Fit]:
        cue = self._cue(predicate)
        pattern = re.compile(rf"(?<![\w.,]){re.escape(value)}(?![\w%]|[.,]\d)")
        for sentence in self._naming[subject]:
            match = pattern.search(sentence.text) if cue & sentence.stems else None
            if match is not None:
                yield from _with(sentence, subject, _moved(sentence, match.span()), uncued=False)

    def _cue(self, predicate: str) -> frozenset[str]:
        """Words for the relation, from either end."""
        if predicate not in self._cues:
            ways = [predicate, *(obj.value for obj in self._snapshot.objects(predicate, "owl:inverseOf"))]
            ways += self._snapshot.subjects("owl:inverseOf", predicate)
            said = [obj.value for way in ways for obj in self._snapshot.objects(way, "skos:altLabel")]
            self._cues[predicate] = stems(" ".join([*said, *map(self._snapshot.label, ways)]))
        return self._cues[predicate]


def _with(sentence: Sentence, subject: str, place: Span, *, uncued: bool) -> Iterator[_Fit]:
    near = _nearest(sentence, _spans(sentence, subject), [place])
    if near is not None and not _denied(sentence, near):
        yield _Fit(uncued, _gap(*near), sentence, near)


def _spans(sentence: Sentence, entity: str) -> list[Span]:
    return [(named.start, named.end) for named in sentence.of(entity)]


def _moved(sentence: Sentence, place: Span) -> Span:
    return sentence.start + place[0], sentence.start + place[1]


def _gap(first: Span, second: Span) -> int:
    return max(second[0] - first[1], first[0] - second[1], 0)


def _nearest(sentence: Sentence, ones: list[Span], others: list[Span]) -> tuple[Span, Span] | None:
    """The closest two that do not overlap."""
    pairs = [(one, other) for one in ones for other in others if one[1] <= other[0] or other[1] <= one[0]]
    return min(pairs, key=lambda pair: (_gap(*pair), pair), default=None)


def _denied(sentence: Sentence, ends: tuple[Span, Span]) -> bool:
    first, second = sorted(ends)
    return bool(_NOT.search(sentence.text[first[1] - sentence.start : second[0] - sentence.start]))


def _quote(fit: _Fit) -> Quote:
    sentence = fit.sentence
    start, end = sentence.start, sentence.end
    if end - start > _LONGEST:
        first = min(span[0] for span in fit.ends) - start
        last = max(span[1] for span in fit.ends) - start
        breaks = [match.end() for match in _CLAUSE.finditer(sentence.text)]
        begin = max((at for at in breaks if at <= first), default=0)
        begin += len(sentence.text[begin:]) - len(sentence.text[begin:].lstrip())
        stops = [match.start() for match in _CLAUSE.finditer(sentence.text) if match.start() >= last]
        start, end = sentence.start + begin, sentence.start + min(stops, default=len(sentence.text))
    text = sentence.text[start - sentence.start : end - sentence.start]
    marks = tuple(sorted((first - start, last - start) for first, last in fit.ends))
    return Quote(sentence.passage, start, end, text, marks)
