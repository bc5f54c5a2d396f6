"""tantivy's explanation of a score, read down to what each word added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from search.types import TermScore

__all__ = ["term_scores"]

_TERM: Final = re.compile(r'Term=Term\(field=(\d+), type=Str, "(.*)"\)')
_FIELDS: Final = {3: "title", 4: "text", 5: "exact"}
"""tantivy numbers fields in the order of `schema.build_schema`."""


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
