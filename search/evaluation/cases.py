"""Relevance cases: which documents a query must find, which it must not, which before which. Each failure says why."""

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
    """`within`: how many documents count. `must`, `must_not`: documents; `before`: pairs, the first ranked above."""

    id: str
    query: str
    within: int
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    before: tuple[tuple[str, str], ...] = ()
    why: str = ""

    def failures(self, ranked: Sequence[str]) -> list[str]:
        """What is wrong with these documents (best first, any number of times each), in words; [] = nothing."""
        documents = list(dict.fromkeys(ranked))
        places = {name: place for place, name in enumerate(documents, 1)}
        far = len(documents) + 1

        def place(name: str) -> str:
            return f"in place {places[name]}" if name in places else "not found"

        wrong = [
            f"{name} is {place(name)}, not among the first {self.within}: ahead of it {', '.join(documents[:3])}"
            for name in self.must
            if places.get(name, far) > self.within
        ]
        wrong += [
            f"{name} is {place(name)}, and should not be among the first {self.within}"
            for name in self.must_not
            if places.get(name, far) <= self.within and name in places
        ]
        wrong += [
            f"{first} ({place(first)}) is not above {second} ({place(second)})"
            for first, second in self.before
            if first not in places or places[first] >= places.get(second, far)
        ]
        return wrong


def read_cases(path: Path) -> list[Case]:
    """From a JSON lines file with the fields of Case. Raises InputError, which names the line that is no case."""
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
    """What asks for nothing may be left out."""
    for name in ("id", "query"):
        if not isinstance(raw.get(name), str):
            raise InputError(f"it has no {name}.")
    parse(Query(raw["query"]).text)  # that it can be asked
    within = raw.get("within")
    if not isinstance(within, int) or within < 1:
        raise InputError("“within” is no number of documents.")
    must, must_not = (_strings(raw, name) for name in ("must", "must_not"))
    before = raw.get("before", [])
    if not isinstance(before, list) or any(not _is_pair(pair) for pair in before):
        raise InputError("“before” is no list of pairs of documents.")
    return Case(
        raw["id"], raw["query"], within, must, must_not, tuple((a, b) for a, b in before), str(raw.get("why", ""))
    )


def _strings(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    held = raw.get(name, [])
    if not isinstance(held, list) or not all(isinstance(each, str) for each in held):
        raise InputError(f"“{name}” is no list of documents.")
    return tuple(held)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
