"""Gazetteer: the names that an atlas knows, and their leftmost-longest valid matches in a text.

All forms of all labels are in one Aho-Corasick automaton over normalised words (`graph.linking.normalise`), each with a
blank on either side, so that matches respect word boundaries. The automaton reports every occurrence. Those that break
the capitalisation rule are dropped, and the leftmost-longest of the rest are kept; an article at the start gives no
precedence, so that "the North East" is not read as "the North" and something. Time is linear in the text.
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
    """Tokens `first` to `last` (exclusive) match `forms`, the best one first."""

    first: int
    last: int
    forms: tuple[Form, ...]
    shouted: bool = False
    """The text is all in capitals where the label is not."""

    @property
    def best(self) -> Form:
        """The form that the match most probably means."""
        return self.forms[0]


class Gazetteer:
    """Immutable matcher of labels. Building it takes about 20 µs a label.

    `prefer` orders the kinds of entities that share a label: an earlier kind wins, an unlisted kind comes last; then a
    label before an altLabel, the greater weight, the smaller IRI. `people`: kinds whose entities may be called by their
    last name alone; `places`: kinds whose names are those of places. `skip`: labels that never match, in any case.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        *,
        prefer: Sequence[str] = (),
        people: Iterable[str] = (),
        places: Iterable[str] = (),
        skip: Iterable[str] = (),
    ) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        self.people = frozenset(people)
        self._places = frozenset(places)
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
        """Number of distinct forms."""
        return len(self._forms)

    def is_place(self, match: Match) -> bool:
        """Whether the match most probably means a place."""
        return match.best.entry.kind in self._places

    def _precedence(self, form: Form) -> tuple[bool, bool, int, int, float, str]:
        entry = form.entry
        place = self._order.get(entry.kind, len(self._order))
        return (form.inflected, form.rank == 2, place, form.rank, -entry.weight, entry.iri)

    def matches(self, tokens: Sequence[Word], *, any_case: bool = False, text: str = "") -> list[Match]:
        """Leftmost-longest valid names among the tokens of a text, in order, without overlaps.

        `any_case` switches the rules for capitals and everyday words off, for text such as a search query. `text` is
        what the tokens were read from: it tells where lines, and so sentences, begin.
        """
        chosen: list[Match] = []
        reached = 0

        def precedence(match: Match) -> tuple[int, int, int]:
            article = match.last - match.first > 1 and tokens[match.first].norm in _ARTICLES
            return match.first + article, -match.last, match.first

        for match in sorted(self._valid(tokens, any_case, text), key=precedence):
            if match.first >= reached:
                chosen.append(match)
                reached = match.last
        return chosen

    def _valid(self, tokens: Sequence[Word], any_case: bool, text: str) -> Iterator[Match]:
        starts: list[int] = []
        at = 1
        for word in tokens:
            starts.append(at)
            at += len(word.norm) + 1
        line = " " + " ".join(word.norm for word in tokens) + " "
        for pattern, start, end in self._automaton.find_matches_as_indexes(line, overlapping=True):
            first = bisect_left(starts, start + 1)
            last = bisect_left(starts, end)
            if any_case:
                yield Match(first, last, _distinct(self._forms[pattern]))
                continue
            fitting = [(form, fits(form, tokens, first, last, text)) for form in self._forms[pattern]]
            exact = [form for form, fit in fitting if fit == "exact"]
            shouted = [form for form, fit in fitting if fit == "shouted"]
            if exact or shouted:
                yield Match(first, last, _distinct(exact or shouted), shouted=not exact)


def _distinct(group: Sequence[Form]) -> tuple[Form, ...]:
    """The best form of each entity, in order."""
    if len(group) == 1:
        return tuple(group)
    best: dict[str, Form] = {}
    for form in group:
        best.setdefault(form.entry.iri, form)
    return tuple(best.values())
