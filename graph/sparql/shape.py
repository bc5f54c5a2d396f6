"""The shape of a look-up: one triple pattern about a named thing, `SELECT ?a … { s p o }` and nothing else.

IRIs in full or variables, each variable once, subject or object given: what such a query means leaves no choice, and
in no reading of its text is there anything to refuse, whatever its IRIs say. Whatever differs from that by a sign is a
query as any other.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["look_up_in"]

_SPACE: Final = r"[ \t\r\n]*+"
_VARIABLE: Final = r"[?$][A-Za-z0-9_]++"
_TERM: Final = rf"""(<[A-Za-z][A-Za-z0-9+.-]*+:[^\x00-\x20<>"{{}}|^`\\]++>|{_VARIABLE}){_SPACE}"""
_LOOK_UP: Final = re.compile(
    rf"{_SPACE}(?i:SELECT){_SPACE}((?:{_VARIABLE}{_SPACE})++)(?:(?i:WHERE){_SPACE})?+"
    rf"\{{{_SPACE}{_TERM}{_TERM}{_TERM}(?:\.{_SPACE})?+\}}{_SPACE}"
)
_VARIABLES: Final = re.compile(r"[?$]([A-Za-z0-9_]++)")


def look_up_in(text: str) -> str | None:
    """The look-up that a query is, as `graph.sparql.lookup` takes it: lines with the IRIs of subject, predicate and
    object, empty for a variable, then for each column the place of its variable (0, 1, 2) and its name. None where it
    is none."""
    found = _LOOK_UP.fullmatch(text)
    if found is None or "/." in text or ":." in text:  # a base would take dot segments out of an IRI
        return None
    terms = found.group(2, 3, 4)
    subject, _, about = terms
    if subject[0] != "<" and about[0] != "<":
        return None
    asked: list[str] = _VARIABLES.findall(found[1])
    places = {term[1:]: place for place, term in enumerate(terms) if term[0] != "<"}
    given = [term[1:-1] if term[0] == "<" else "" for term in terms]
    if len(places) != given.count("") or len(set(asked)) != len(asked) or not places.keys() >= set(asked):
        return None
    return "\n".join((*given, *[f"{places[name]}{name}" for name in asked]))
