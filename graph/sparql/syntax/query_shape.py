"""The shape of a look-up: one triple pattern about a named thing.

`look_up_in` is strict: `SELECT ?a … { s p o }` and nothing else.

IRIs in full or variables, each variable once, subject or object given: what such a query means leaves no choice, and
in no reading of its text is there anything to refuse, whatever its IRIs say. Whatever differs from that by a sign is a
query as any other.

`is_brief` guesses: however it is written, a query of one such pattern should take no time. Where it is wrong, a query
was let go first that should not have been, until it has taken its quantum.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    pass

__all__ = ["is_brief", "is_unordered", "look_up_in"]


_SPACE: Final = r"[ \t\r\n]*+"
_VARIABLE: Final = r"[?$][A-Za-z0-9_]++"
_TERM: Final = rf"""(<[A-Za-z][A-Za-z0-9+.-]*+:[^\x00-\x20<>"{{}}|^`\\]++>|{_VARIABLE}){_SPACE}"""
_LOOK_UP: Final = re.compile(
    rf"{_SPACE}(?i:SELECT){_SPACE}((?:{_VARIABLE}{_SPACE})++)(?:(?i:WHERE){_SPACE})?+"
    rf"\{{{_SPACE}{_TERM}{_TERM}{_TERM}(?:\.{_SPACE})?+\}}{_SPACE}"
)
_GAP: Final = r"(?:[ \t\r\n]++|#[^\r\n]*+)*+"
_IRI: Final = r"(?:<[^\x00-\x20<>]*+>|[A-Za-z][A-Za-z0-9_-]*+:[A-Za-z0-9_-]*+|:[A-Za-z0-9_-]++)"
_VERB: Final = rf"(?:{_IRI}|a(?![A-Za-z0-9_:-])|{_VARIABLE})"
_STRING: Final = r"""\"[^"\\\r\n]*+"(?:@[A-Za-z-]++)?"""
_BRIEF: Final = re.compile(
    rf"{_GAP}(?:(?i:PREFIX){_GAP}[A-Za-z0-9_-]*+:{_GAP}<[^\x00-\x20<>]*+>{_GAP})*+"
    rf"(?:(?i:DESCRIBE){_GAP}{_IRI}{_GAP}"
    rf"|(?:(?i:ASK)|(?i:SELECT){_GAP}(?:(?i:DISTINCT){_GAP})?+(?:\*|(?:{_VARIABLE}{_GAP})++)){_GAP}"
    rf"(?:(?i:WHERE){_GAP})?+\{{{_GAP}"
    rf"(?:{_IRI}{_GAP}{_VERB}{_GAP}(?:{_IRI}|{_VARIABLE}|{_STRING})|{_VARIABLE}{_GAP}{_VERB}{_GAP}(?:{_IRI}|{_STRING}))"
    rf"{_GAP}(?:\.{_GAP})?+\}}{_GAP}(?:(?i:LIMIT){_GAP}[0-9]++{_GAP})?+)"
)
_VARIABLES: Final = re.compile(r"[?$]([A-Za-z0-9_]++)")


def look_up_in(text: str) -> str | None:
    """The look-up that a query is, as `graph.sparql.worker.triple_lookup` takes it: lines with the IRIs of subject,
    predicate and object, empty for a variable, then for each column the place of its variable (0, 1, 2) and its name.
    None where it is none."""
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


def is_brief(text: str) -> bool:
    """Whether it looks as if nobody would notice that the query was let go first."""
    return _BRIEF.fullmatch(text) is not None


_ORDERED: Final = re.compile(r"limit|offset|sum|avg|sample|group_concat|\\u", re.IGNORECASE)


def is_unordered(query: str) -> bool:
    """Whether the rows of a SELECT or ASK query mean the same in any order.

    Not of one page of many, which must follow the page before; nor where the order shows in a value: a sum of
    fractions, texts in a row. By the letters, wherever they stand: a keyword needs no boundary, and may be escaped.
    """
    return _ORDERED.search(query) is None
