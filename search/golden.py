"""Relevance cases: which documents a query must find, which it must not, which before which. Each failure says why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Case", "read_cases"]


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
    """From a JSON lines file with the fields of Case."""
    cases = []
    for line in path.read_text("utf-8").splitlines():
        raw = json.loads(line)
        before = tuple((str(first), str(second)) for first, second in raw["before"])
        names = (tuple(raw["must"]), tuple(raw["must_not"]))
        cases.append(Case(raw["id"], raw["query"], int(raw["within"]), *names, before, raw["why"]))
    return cases
