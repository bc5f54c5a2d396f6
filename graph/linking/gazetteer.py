"""The names that an atlas knows, and where they stand in a text: the longest valid one at each place.

All forms of all labels go into one Aho-Corasick automaton over normalised words (`graph.linking.normalise`), each
with a blank on either side, so that word boundaries hold by construction. It reports every occurrence; those that
break the capitals rule are thrown out, and of the rest the leftmost-longest are kept, where an article at the start
gives no lead: "the North East" is not "the North" and something. Time is linear in the text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from graph.linking.capitalisation import fits
from graph.linking.label_forms import Entry, Form, forms
from graph.linking.normalise import Word

__all__ = ["Gazetteer", "Match"]

_ARTICLES: Final = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True)
class Match:
    """Words `first` to `last` (exclusive) are a form of `forms[0]`, the best; the others are runners-up."""

    first: int
    last: int
    forms: tuple[Form, ...]
    shouted: bool = False
    """Written in capitals where the label is not."""

    @property
    def best(self) -> Form:
        return self.forms[0]


class Gazetteer:
    """Labels ready for matching. Building takes about 20 µs a label; it is never changed afterwards.

    `prefer` orders kinds for labels that several entities share: an earlier kind wins, one that is not listed comes
    last; then a label before an altLabel, then the greater weight, then the smaller IRI. `people` are the kinds
    whose entities may be called by their last name alone. `skip` holds further labels never to match, any case.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        *,
        prefer: Sequence[str] = (),
        people: Iterable[str] = (),
        skip: Iterable[str] = (),
    ) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        self.people = frozenset(people)
        self._order = {kind: place for place, kind in enumerate(prefer)}
        skipped = {label.casefold() for label in skip}
        by_key: dict[str, list[Form]] = defaultdict(list)
        for entry in entries:
            if entry.label.casefold() not in skipped:
                for form in forms(entry):
                    by_key[form.key].append(form)
        self._forms = [tuple(sorted(group, key=self._precedence)) for group in by_key.values()]
        self._automaton = AhoCorasick(
            [f" {key} " for key in by_key], matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA
        )

    def __len__(self) -> int:
        """The number of distinct forms."""
        return len(self._forms)

    def _precedence(self, form: Form) -> tuple[bool, bool, int, int, float, str]:
        entry = form.entry
        place = self._order.get(entry.kind, len(self._order))
        return (form.inflected, form.rank == 2, place, form.rank, -entry.weight, entry.iri)

    def matches(self, found: Sequence[Word], *, any_case: bool = False, text: str = "") -> list[Match]:
        """The leftmost-longest valid names among the words of a text, in order, without overlaps.

        `any_case` drops the capitals rule and the everyday-word rule, for text typed in haste such as a search query.
        `text` is what the words were read from: it tells where lines, and so sentences, begin.
        """
        chosen: list[Match] = []
        reached = 0

        def precedence(match: Match) -> tuple[int, int, int]:
            article = match.last - match.first > 1 and found[match.first].norm in _ARTICLES
            return match.first + article, -match.last, match.first

        for match in sorted(self._valid(found, any_case, text), key=precedence):
            if match.first >= reached:
                chosen.append(match)
                reached = match.last
        return chosen

    def _valid(self, found: Sequence[Word], any_case: bool, text: str) -> Iterator[Match]:
        starts: list[int] = []
        at = 1
        for word in found:
            starts.append(at)
            at += len(word.norm) + 1
        line = " " + " ".join(word.norm for word in found) + " "
        for pattern, start, end in self._automaton.find_matches_as_indexes(line, overlapping=True):
            first = bisect_left(starts, start + 1)
            last = bisect_left(starts, end)
            if any_case:
                yield Match(first, last, _distinct(self._forms[pattern]))
                continue
            fitting = [(form, fits(form, found, first, last, text)) for form in self._forms[pattern]]
            good = [form for form, fit in fitting if fit == "exact"]
            loud = [form for form, fit in fitting if fit == "shouted"]
            if good or loud:
                yield Match(first, last, _distinct(good or loud), shouted=not good)


def _distinct(group: Sequence[Form]) -> tuple[Form, ...]:
    """The best form of each entity, in order."""
    if len(group) == 1:
        return tuple(group)
    best: dict[str, Form] = {}
    for form in group:
        best.setdefault(form.entry.iri, form)
    return tuple(best.values())
