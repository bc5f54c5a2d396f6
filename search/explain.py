"""tantivy's explanation of a score, read down to what each word added."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, overload

from search.types import TermScore

__all__ = ["LazyTerms", "term_scores"]

_TERM: Final = re.compile(r'Term=Term\(field=(\d+), type=Str, "(.*)"\)')
_FIELDS: Final = {3: "title", 4: "text", 5: "exact"}
"""tantivy numbers fields in the order of `schema.build_schema`."""


class LazyTerms(Sequence[TermScore]):
    """Term scores that are worked out when first looked at: many searches never ask for them."""

    def __init__(self, make: Callable[[], tuple[TermScore, ...]]) -> None:
        self._make = make

    @cached_property
    def _terms(self) -> tuple[TermScore, ...]:
        return self._make()

    @overload
    def __getitem__(self, index: int) -> TermScore: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TermScore]: ...
    def __getitem__(self, index: int | slice) -> TermScore | Sequence[TermScore]:
        return self._terms[index]

    def __len__(self) -> int:
        return len(self._terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._terms == tuple(other)

    def __hash__(self) -> int:
        return hash(self._terms)

    def __repr__(self) -> str:
        return repr(self._terms)


def term_scores(explanation: Mapping[str, Any]) -> tuple[TermScore, ...]:
    """The matched words with what they added to the lexical score, greatest first. They sum up to the score."""
    found = list(_clauses(explanation, 1.0))
    return tuple(sorted(found, key=lambda term: (-term.score, term.term, term.field)))


def _clauses(node: Mapping[str, Any], weight: float) -> Iterator[TermScore]:
    for context in node.get("context") or ():
        match = _TERM.match(context)
        if match and int(match[1]) in _FIELDS:
            yield TermScore(match[2], _FIELDS[int(match[1])], round(float(node["value"]) * weight, 6))
            return
    details = node.get("details") or ()
    if str(node.get("description", "")).startswith("Boost"):
        inner = float(details[-1]["value"]) if details else 0.0
        weight *= float(node["value"]) / inner if inner else 1.0
    for detail in details:
        yield from _clauses(detail, weight)
