"""Search inside SPARQL: `SERVICE <urn:creative-atlas:search> { … }` becomes VALUES before the query is evaluated.

    SERVICE <urn:creative-atlas:search> { ?hit ca:query "access to finance" ; ca:score ?score ; ca:limit 50 }

is read from its tokens and handed to a `SearchCall` as a `SearchRequest`. The rows are put in the clause's place:

    VALUES (?hit ?score) { (<…/p3> 9.1e-1) … }

The spliced text holds no character that could begin or end anything, however the text around it is read: brackets,
quotes and hashes in literals and IRIs are `\\u` escapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from graph.errors import InputError, QuerySyntax, QueryTooLarge
from graph.sparql.search_request import SearchClauseRows, SearchRequest, SearchRow
from graph.sparql.syntax.guard import Edit, Guarded, SearchClause
from graph.sparql.syntax.lexer import Token, decoded, expanded, position, prefixes
from graph.vocabulary import CA
from graph.vocabulary import expand as expand_name

__all__ = ["MAX_ROWS", "MODES", "SearchCall", "expand", "read_clauses"]

MAX_ROWS: Final = 100
"""Rows that one clause may ask for."""

MODES: Final = ("hybrid", "lexical", "dense")

MAX_CLAUSES: Final = 8
MAX_VALUES_BYTES: Final = 512 << 10
"""Bytes of all VALUES blocks of a query: with the query they stay below the largest frame that a worker reads."""

_OUTPUTS: Final = ("score", "snippet", "rank")
_IRIS: Final = ("type", "theme", "place", "organisation", "programme", "document", "entity")
_TEXTS: Final = ("kind", "publisher", "reliability", "collection")
_DATES: Final = ("from", "to")
_KNOWN: Final = ("query", "similarTo", "limit", "mode", *_OUTPUTS, *_TEXTS, *_IRIS, *_DATES)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_STRING: Final = expand_name("xsd:string")


SearchCall = Callable[[SearchRequest], Sequence[SearchRow]]
"""Runs one search. Raises `InputError` for a request that makes no sense, or `IndexUnusable`."""


def expand(guarded: Guarded, search: SearchCall) -> tuple[Guarded, tuple[SearchClauseRows, ...]]:
    """Run each search clause once: the query with the rows in the clauses' places, and the rows by clause.

    Raises `QuerySyntax` for a clause that makes no sense, `QueryTooLarge` for too many, and what `search` raises.
    """
    edits: list[Edit] = []
    expanded_clauses: list[SearchClauseRows] = []
    size = 0
    for clause, request in zip(guarded.searches, read_clauses(guarded), strict=True):
        try:
            rows = tuple(search(request)[: request.limit])
        except InputError as error:
            line, column = position(guarded.original, clause.start)
            message = f"Line {line}, column {column}: {error.message}"
            raise QuerySyntax(message, error.remedy, line=line, column=column) from error
        values = _values(request, rows)
        size += len(values.encode())
        if size > MAX_VALUES_BYTES:
            raise QueryTooLarge("The search clauses of this query find too much text.", "Ask for fewer snippets.")
        edits.append(Edit(clause.start, clause.end, values))
        expanded_clauses.append(SearchClauseRows(request, rows))
    return guarded.edited(edits), tuple(expanded_clauses)


def read_clauses(guarded: Guarded) -> tuple[SearchRequest, ...]:
    """The requests of the query's search clauses, in order. Raises `QuerySyntax` and `QueryTooLarge`."""
    if len(guarded.searches) > MAX_CLAUSES:
        raise QueryTooLarge(f"A query may hold {MAX_CLAUSES} search clauses.", "Split it into several queries.")
    declared = prefixes(guarded.tokens)
    return tuple(_Reader(guarded.original, clause, declared).read() for clause in guarded.searches)


def _values(request: SearchRequest, rows: Sequence[SearchRow]) -> str:
    lines = []
    for rank, row in enumerate(rows, 1):
        if not _is_iri(row.iri):
            continue
        cells = {
            "hit": f"<{_escaped(row.iri)}>",
            "score": f"{row.score:.6e}",
            "snippet": f'"{_escaped(row.snippet)}"',
            "rank": str(rank),
        }
        lines.append(f"({' '.join(cells[name] for name in request.outputs)})")
    return f" VALUES ({' '.join('?' + name for name in request.outputs.values())}) {{ {' '.join(lines)} }} "


def _is_iri(text: str) -> bool:
    """Whether the engine accepts the text as an absolute IRI. All IRIs of an index should be."""
    from pyoxigraph import NamedNode

    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _escaped(text: str) -> str:
    """The text with a `\\u` escape for each character that has a meaning in SPARQL."""
    return _SPECIAL.sub(lambda match: f"\\u{ord(match.group()):04X}", text.encode("utf-8", "replace").decode())


_SPECIAL: Final = re.compile(r"""[\x00-\x1f\x7f"'\\#<>{}()\[\]?$@^]""")


class _Reader:
    """Reader of one clause: statements about one variable, with `;` and `,` as in Turtle, and constants as objects."""

    def __init__(self, text: str, clause: SearchClause, prefixes: Mapping[str, str]) -> None:
        self._text, self._tokens, self._prefixes = text, clause.body, prefixes
        self._start = clause.start
        self._position = 0
        self._subject = ""
        self._properties: dict[str, list[tuple[Token, str]]] = {}

    def read(self) -> SearchRequest:
        while self._position < len(self._tokens):
            self._statement()
        texts, similar = self._properties.get("query", []), self._properties.get("similarTo", [])
        if not texts and not similar:
            raise self._wrong(None, "A search clause needs ca:query or ca:similarTo.")
        if texts and similar:
            raise self._wrong(similar[0][0], "A search clause has either ca:query or ca:similarTo, not both.")
        filters = {
            name: tuple(value for _, value in self._properties[name]) for name in self._properties if _filters(name)
        }
        if similar:
            self._check_similar()
        return SearchRequest(
            text=texts[0][1] if texts else None,
            similar_to=similar[0][1] if similar else None,
            limit=int(self._one("limit", "10")),
            mode=self._one("mode", "hybrid"),
            filters=filters,
            outputs={"hit": self._subject}
            | {name: self._one(name, "") for name in _OUTPUTS if name in self._properties},
        )

    def _one(self, name: str, default: str) -> str:
        return self._properties[name][0][1] if name in self._properties else default

    def _check_similar(self) -> None:
        for name, values in self._properties.items():
            if name == "mode" or (_filters(name) and name != "kind"):
                remedy = "State it in the pattern around the clause instead."
                raise self._wrong(values[0][0], f"ca:{name} does not go with ca:similarTo.", remedy)

    def _statement(self) -> None:
        subject = self._next("a variable for the hit")
        if subject.kind != "var":
            raise self._wrong(subject, "A search clause speaks about a variable, such as ?hit.")
        if self._subject and subject.text[1:] != self._subject:
            message = f"A search clause speaks about one variable, ?{self._subject}."
            raise self._wrong(subject, message, "Use a clause of its own for another.")
        self._subject = subject.text[1:]
        self._property()
        while self._peek() == ";":
            self._position += 1
            if self._peek() not in (";", ".", ""):
                self._property()
        if self._peek():
            token = self._next("")
            if token.text != ".":
                raise self._wrong(token, f"Unexpected ‘{token.text[:40]}’ in a search clause.", "Part it by ‘;’.")

    def _property(self) -> None:
        token = self._next("a property, such as ca:query")
        name = self._iri(token).removeprefix(CA) if token.kind in ("iri", "pname") else ""
        if name not in _KNOWN:
            known = ", ".join(f"ca:{name}" for name in _KNOWN)
            message = f"‘{token.text[:60]}’ is not a property of a search clause."
            raise self._wrong(token, message, f"There are: {known}. Put other patterns outside the braces.")
        while True:
            self._object(name, token)
            if self._peek() != ",":
                return
            self._position += 1

    def _object(self, name: str, verb: Token) -> None:
        token = self._next(f"a value for ca:{name}")
        values = self._properties.setdefault(name, [])
        if values and not (_filters(name) and name not in _DATES):
            raise self._wrong(verb, f"ca:{name} stands twice in this search clause.", "Use a clause for each search.")
        values.append((token, self._value(name, token)))

    def _value(self, name: str, token: Token) -> str:
        if name in _OUTPUTS:
            return self._variable(name, token)
        if token.kind == "var":
            raise self._wrong(token, f"ca:{name} needs a constant; {token.text} is a variable.")
        if name == "similarTo" or name in _IRIS:
            if token.kind not in ("iri", "pname"):
                raise self._wrong(token, f"ca:{name} needs an IRI.")
            return self._iri(token)
        if name == "limit":
            if not (
                token.kind == "number" and re.fullmatch("[0-9]{1,4}", token.text) and 1 <= int(token.text) <= MAX_ROWS
            ):
                raise self._wrong(token, f"ca:limit is a whole number from 1 to {MAX_ROWS}.")
            return token.text
        if name in _DATES and token.kind == "number" and token.text.isdigit():
            return token.text
        return self._string(name, token)

    def _variable(self, name: str, token: Token) -> str:
        if token.kind != "var":
            raise self._wrong(token, f"ca:{name} is given back, so it needs a variable.")
        used = [self._subject, *(value for output in _OUTPUTS for _, value in self._properties.get(output, []))]
        if token.text[1:] in used:
            raise self._wrong(token, f"{token.text} is used twice in this search clause.")
        return token.text[1:]

    def _string(self, name: str, token: Token) -> str:
        if token.kind != "string":
            raise self._wrong(token, f"ca:{name} needs a text in quotes.")
        if self._position < len(self._tokens):
            after = self._tokens[self._position]
            if after.kind == "lang":
                self._position += 1
            elif after.text == "^^":
                self._position += 1
                datatype = self._next("a datatype")
                if datatype.kind not in ("iri", "pname") or expanded(datatype, self._prefixes) != _STRING:
                    raise self._wrong(after, f"ca:{name} needs a plain text.")
        value = decoded(token)
        allowed = {"mode": MODES, "kind": ("passage", "entity")}.get(name)
        if allowed is not None and value not in allowed:
            raise self._wrong(token, f"ca:{name} is one of: {', '.join(allowed)}.")
        return value

    def _iri(self, token: Token) -> str:
        iri = expanded(token, self._prefixes)
        if not _ABSOLUTE.match(iri):
            raise self._wrong(token, "A search clause needs absolute IRIs.")
        return iri

    def _peek(self) -> str:
        return self._tokens[self._position].text if self._position < len(self._tokens) else ""

    def _next(self, expected: str) -> Token:
        if self._position >= len(self._tokens):
            raise self._wrong(None, f"The search clause ends where {expected} should stand.")
        self._position += 1
        return self._tokens[self._position - 1]

    def _wrong(self, token: Token | None, message: str, remedy: str = "") -> QuerySyntax:
        line, column = position(self._text, self._start if token is None else token.start)
        return QuerySyntax(f"Line {line}, column {column}: {message}", remedy, line=line, column=column)


def _filters(name: str) -> bool:
    return name in _IRIS or name in _TEXTS or name in _DATES
