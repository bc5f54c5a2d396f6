"""Relevance cases: documents that a query must find, must not find, or must rank before others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import InputError
from search.evaluation.measures import json_lines
from search.query.parser import parse
from search.types import Query

__all__ = ["Case", "read_cases"]

_REMEDY: Final = "A case has id, query and within, and may have must, must_not, before and why."


@dataclass(frozen=True, slots=True)
class Case:
    """A query and what its first `within` documents must be.

    `must` and `must_not`: documents among them. `before`: pairs, of which the first must rank above the second.
    """

    id: str
    query: str
    within: int
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    before: tuple[tuple[str, str], ...] = ()
    why: str = ""

    def failures(self, ranked: Sequence[str]) -> list[str]:
        """What is wrong with a ranking, in words; [] if nothing is. `ranked`: documents, best first; may repeat."""
        documents = list(dict.fromkeys(ranked))
        places = {name: place for place, name in enumerate(documents, 1)}
        last = len(documents) + 1

        def place(name: str) -> str:
            return f"in place {places[name]}" if name in places else "not found"

        failures = [
            f"{name} is {place(name)}, not among the first {self.within}: ahead of it {', '.join(documents[:3])}"
            for name in self.must
            if places.get(name, last) > self.within
        ]
        failures += [
            f"{name} is {place(name)}, and should not be among the first {self.within}"
            for name in self.must_not
            if places.get(name, last) <= self.within and name in places
        ]
        failures += [
            f"{first} ({place(first)}) is not above {second} ({place(second)})"
            for first, second in self.before
            if first not in places or places[first] >= places.get(second, last)
        ]
        return failures


def read_cases(path: Path) -> list[Case]:
    """The cases of a JSON lines file, whose rows have the fields of Case. Raises InputError, naming the wrong line.

    >>> _ = (folder / "cases.jsonl").write_text('{"id": "a", "query": "film crews", "within": 3, "must": ["d1"]}')
    >>> read_cases(folder / "cases.jsonl")[0].failures(["d2", "d3"])
    ['d1 is not found, not among the first 3: ahead of it d2, d3']
    """
    cases: dict[str, Case] = {}
    for number, raw in json_lines(path, _REMEDY):
        try:
            case = _case(raw)
        except InputError as error:
            raise InputError(f"Line {number} of {path.name} is no case: {error.message}", _REMEDY) from error
        if case.id in cases:
            raise InputError(f"Line {number} of {path.name} has the id “{case.id}” of an earlier one.", _REMEDY)
        cases[case.id] = case
    if not cases:
        raise InputError(f"{path.name} holds no case.", _REMEDY)
    return list(cases.values())


def _case(raw: Mapping[str, Any]) -> Case:
    """Raises InputError if the fields are wrong."""
    for name in ("id", "query"):
        if not isinstance(raw.get(name), str):
            raise InputError(f"it has no {name}.")
    parse(Query(raw["query"]).text)  # raises InputError for a query without a word
    within = raw.get("within")
    if not isinstance(within, int) or within < 1:
        raise InputError("“within” is no number of documents.")
    must, must_not = (_strings(raw, name) for name in ("must", "must_not"))
    before = raw.get("before", [])
    if not isinstance(before, list) or any(not _is_pair(pair) for pair in before):
        raise InputError("“before” is no list of pairs of documents.")
    return Case(
        raw["id"],
        raw["query"],
        within,
        must=must,
        must_not=must_not,
        before=tuple((first, second) for first, second in before),
        why=str(raw.get("why", "")),
    )


def _strings(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    documents = raw.get(name, [])
    if not isinstance(documents, list) or not all(isinstance(document, str) for document in documents):
        raise InputError(f"“{name}” is no list of documents.")
    return tuple(documents)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(document, str) for document in pair)
