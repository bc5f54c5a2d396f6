"""Match of a source's claims with the sentences of its text that support them.

No quote is better than a wrong one. A sentence fits a claim that links two entities if it names both, has no negation
between them, and has no nearer subject of which the source claims the same. A statistic needs its number, its unit and
most words of its indicator; an amount its number and what it pays for; any other value the subject, the value as
written, and a word for the relation.
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

MAX_QUOTE_CHARS: Final = 320
"""Longer sentences are cut to the clauses that hold both ends of the claim."""

MIN_INDICATOR_SHARE: Final = 0.6
"""Share of an indicator's words that the sentence must have."""

_NOT_MATCHED: Final = frozenset(
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
    """Words of a passage that support a claim. `start` and `end` are offsets into the passage, `marks` into `text`."""

    passage: str
    start: int
    end: int
    text: str
    marks: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A sentence that fits a claim, with the spans of the claim's ends. `uncued`: without a word for the relation."""

    uncued: bool
    gap: int
    sentence: Sentence
    ends: tuple[Span, ...]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Sort key; lower is better."""
        return self.uncued, self.gap, self.sentence.number


def match_claims(
    snapshot: Snapshot, source: str, claims: Iterable[Claim], sentences: list[Sentence]
) -> Iterator[tuple[Claim, Quote]]:
    """Claims that have a fitting sentence, each with its best quote; of equal ones, the earlier."""
    matcher = _Matcher(snapshot, source, list(claims), sentences)
    for claim in matcher.claims:
        best = min(matcher.fits(claim), key=lambda fit: fit.rank, default=None)
        if best is not None:
            yield claim, _quote(best)


class _Matcher:
    """Claims and sentences of one source, indexed for matching."""

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
        """Sentences that support the claim, in any order."""
        subject, predicate, obj = claim.subject.value, claim.predicate.value, claim.object
        if predicate in _NOT_MATCHED:
            return
        if predicate == _MENTIONS and self._snapshot.label(subject).casefold() == self._title:
            yield from self._mentions(obj.value)
        elif predicate in (_MEMBER, _AT, _VALUE, _INDICATOR, _MONEY, _AMOUNT):
            yield from self._of_record(subject, predicate, obj.value)
        elif isinstance(obj, ox.NamedNode):
            yield from self._pairs(subject, obj.value, self._cue(predicate))
        else:
            yield from self._values(subject, predicate, obj.value)

    def _of_record(self, subject: str, predicate: str, obj: str) -> Iterator[_Fit]:
        """Fits of offices, statistics and amounts: texts do not name these, only their parts."""
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

    def _mentions(self, entity: str) -> Iterator[_Fit]:
        """Fits of the claim that the source itself mentions the entity."""
        for sentence in self._naming[entity]:
            named = sentence.of(entity)[0]
            yield _Fit(False, 0, sentence, ends=((named.start, named.end),))

    def _pairs(self, subject: str, obj: str, cue: frozenset[str]) -> Iterator[_Fit]:
        """Fits of a claim that links two entities; a sentence with a stem of `cue` ranks before one without."""
        if subject == obj:
            return
        for sentence in self._naming[subject]:
            pair = _nearest(_spans(sentence, subject), _spans(sentence, obj))
            if pair is None or _negated(sentence, pair):
                continue
            gap = _gap(*pair)
            rivals = self._subjects[obj] - {subject}
            rival_spans = [(named.start, named.end) for named in sentence.named if named.entity in rivals]
            rival_pair = _nearest(rival_spans, _spans(sentence, obj))
            if rival_pair is None or _gap(*rival_pair) >= gap:
                yield _Fit(not cue & sentence.stems, gap, sentence, ends=pair)

    def _figures(self, figure: str) -> Iterator[_Fit]:
        """Fits of a statistic: its number with the unit, and most words of its indicator."""
        unit = next(iter(self._links[figure, _UNIT]), "")
        for value in self._links[figure, _VALUE]:
            for indicator in self._links[figure, _INDICATOR]:
                wanted = stems(self._snapshot.label(indicator))
                for sentence in self._sentences:
                    share = len(wanted & sentence.stems) / len(wanted) if wanted else 0.0
                    place = find_number(sentence.text, value, unit) if share >= MIN_INDICATOR_SHARE else None
                    if place is not None:
                        yield _Fit(False, -int(share * 100), sentence, ends=(_in_passage(sentence, place),))

    def _amounts(self, payer: str, value: str) -> Iterator[_Fit]:
        """Fits of an amount in pounds, in the sentences that name what it pays for."""
        for sentence in self._naming[payer]:
            place = find_number(sentence.text, value, "GBP")
            if place is not None:
                yield from _near(sentence, payer, _in_passage(sentence, place))

    def _values(self, subject: str, predicate: str, value: str) -> Iterator[_Fit]:
        """Fits of any other value, in sentences that name the subject and have a word for the relation."""
        cue = self._cue(predicate)
        pattern = re.compile(rf"(?<![\w.,]){re.escape(value)}(?![\w%]|[.,]\d)")
        for sentence in self._naming[subject]:
            match = pattern.search(sentence.text) if cue & sentence.stems else None
            if match is not None:
                yield from _near(sentence, subject, _in_passage(sentence, match.span()))

    def _cue(self, predicate: str) -> frozenset[str]:
        """Stems of the words for a relation and its inverse."""
        if predicate not in self._cues:
            relations = [predicate, *(obj.value for obj in self._snapshot.objects(predicate, "owl:inverseOf"))]
            relations += self._snapshot.subjects("owl:inverseOf", predicate)
            names = [obj.value for name in relations for obj in self._snapshot.objects(name, "skos:altLabel")]
            self._cues[predicate] = stems(" ".join([*names, *map(self._snapshot.label, relations)]))
        return self._cues[predicate]


def _near(sentence: Sentence, subject: str, place: Span) -> Iterator[_Fit]:
    """The fit of a value at `place` with the nearest mention of its subject."""
    pair = _nearest(_spans(sentence, subject), [place])
    if pair is not None and not _negated(sentence, pair):
        yield _Fit(False, _gap(*pair), sentence, ends=pair)


def _spans(sentence: Sentence, entity: str) -> list[Span]:
    return [(named.start, named.end) for named in sentence.of(entity)]


def _in_passage(sentence: Sentence, place: Span) -> Span:
    """Span in the passage of a span in the sentence."""
    return sentence.start + place[0], sentence.start + place[1]


def _gap(first: Span, second: Span) -> int:
    """Number of characters between two spans; 0 where they overlap."""
    return max(second[0] - first[1], first[0] - second[1], 0)


def _nearest(ones: list[Span], others: list[Span]) -> tuple[Span, Span] | None:
    """The closest pair of spans that do not overlap."""
    pairs = [(first, second) for first in ones for second in others if first[1] <= second[0] or second[1] <= first[0]]
    return min(pairs, key=lambda pair: (_gap(*pair), pair), default=None)


def _negated(sentence: Sentence, ends: tuple[Span, Span]) -> bool:
    """Whether a negation stands between the two ends."""
    first, second = sorted(ends)
    return bool(_NOT.search(sentence.text[first[1] - sentence.start : second[0] - sentence.start]))


def _quote(fit: _Fit) -> Quote:
    """The sentence, or of a long one the clauses that hold the ends of the claim."""
    sentence = fit.sentence
    start, end = sentence.start, sentence.end
    if end - start > MAX_QUOTE_CHARS:
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
