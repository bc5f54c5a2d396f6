"""Properties of a query that its text alone shows: is it a look-up, is it brief, does the row order or the base matter?

A look-up is `SELECT ?a … { s p o }`: one triple pattern about a named thing, and nothing else. Its IRIs are written in
full and each variable occurs once, so there is one reading of the text, and that reading holds nothing to refuse.

The other three are safe guesses. A wrong `is_brief` only lets a query go first until its quantum has passed; for the
other two, a doubt counts as the answer that is always correct: the order matters, the base is used.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_brief", "is_unordered", "look_up_in", "uses_base"]

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
    """The look-up that a query amounts to, in the form that `graph.sparql.worker.triple_lookup` reads; else None.

    Its lines are the IRIs of subject, predicate and object, empty for a variable; then for each column the position
    of its variable in the triple (0, 1, 2) and its name.

    >>> look_up_in("SELECT ?name { <http://example.org/a> <http://example.org/name> ?name }")
    'http://example.org/a\\nhttp://example.org/name\\n\\n2name'
    >>> look_up_in("SELECT * { ?s ?p ?o }") is None
    True
    """
    match = _LOOK_UP.fullmatch(text)
    if match is None or _has_dot_segments(text):
        return None
    terms = match.group(2, 3, 4)
    subject, _, obj = terms
    if subject[0] != "<" and obj[0] != "<":
        return None
    columns: list[str] = _VARIABLES.findall(match[1])
    positions = {term[1:]: position for position, term in enumerate(terms) if term[0] != "<"}
    iris = [term[1:-1] if term[0] == "<" else "" for term in terms]
    repeated = len(positions) != iris.count("") or len(set(columns)) != len(columns)
    if repeated or not positions.keys() >= set(columns):
        return None
    return "\n".join((*iris, *[f"{positions[name]}{name}" for name in columns]))


def is_brief(text: str) -> bool:
    """Whether the query looks as if it takes no time: one triple pattern with a constant, however it is written."""
    return _BRIEF.fullmatch(text) is not None


_ORDER_MATTERS: Final = ("limit", "offset", "sum", "avg", "sample", "group_concat", "\\u")


def is_unordered(query: str) -> bool:
    """Whether the rows of a SELECT or ASK query mean the same in any order.

    The order matters for one page of many, which must follow the page before it, and where it shows in a value: a sum
    of fractions, texts joined in a row. The words are searched anywhere in the text: a keyword needs no boundary, and
    may be escaped.
    """
    lowered = query.lower()
    return not any(word in lowered for word in _ORDER_MATTERS)


_RELATIVE: Final = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]*+:|[\s=])|<=[^\s<>]*+>")
_BASE_MATTERS: Final = ("iri", "uri", "\\u")


def uses_base(query: str) -> bool:
    """Whether the result may depend on the base IRI of the request; False only where it certainly does not.

    A base matters to a relative IRI, to the functions IRI and URI, and to dot segments, which are removed from an
    absolute IRI as well once there is a base.

    >>> uses_base("SELECT * { ?s <p> ?o }"), uses_base("SELECT * { ?s <http://example.org/p> ?o }")
    (True, False)
    """
    lowered = query.lower()
    return (
        any(word in lowered for word in _BASE_MATTERS)
        or _RELATIVE.search(query) is not None
        or _has_dot_segments(query)
    )


def _has_dot_segments(text: str) -> bool:
    return "/." in text or ":." in text
