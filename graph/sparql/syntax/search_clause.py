"""Search inside SPARQL: `SERVICE <urn:creative-atlas:search> { … }` becomes VALUES before the query is evaluated.

    SERVICE <urn:creative-atlas:search> { ?hit ca:query "access to finance" ; ca:score ?score ; ca:limit 50 }

is read from its tokens, handed to a `SearchCall` as a `SearchRequest`, and its rows are put in its place:

    VALUES (?hit ?score) { (<…/p3> 9.1e-1) … }

What is spliced holds no sign that could begin or end anything, however the text around it is read: literals and IRIs
carry their brackets, quotes and hashes as `\\u` escapes.
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
"""Runs one search. Raises `InputError` for what cannot be searched for, or `IndexUnusable`."""


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
    """What the query's search clauses ask for, in order. Raises `QuerySyntax` and `QueryTooLarge`."""
    if len(guarded.searches) > MAX_CLAUSES:
        raise QueryTooLarge(f"A query may hold {MAX_CLAUSES} search clauses.", "Split it into several queries.")
    declared = prefixes(guarded.tokens)
    return tuple(_Reader(guarded.original, clause, declared).read() for clause in guarded.searches)


def _values(asked: SearchRequest, rows: Sequence[SearchRow]) -> str:
    lines = []
    for rank, row in enumerate(rows, 1):
        if not _is_iri(row.iri):
            continue
        cells = {
            "hit": f"<{_harmless(row.iri)}>",
            "score": f"{row.score:.6e}",
            "snippet": f'"{_harmless(row.snippet)}"',
            "rank": str(rank),
        }
        lines.append(f"({' '.join(cells[name] for name in asked.outputs)})")
    return f" VALUES ({' '.join('?' + name for name in asked.outputs.values())}) {{ {' '.join(lines)} }} "


def _is_iri(text: str) -> bool:
    """Whether the engine would read it as an absolute IRI; of an index, all should be."""
    from pyoxigraph import NamedNode

    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _harmless(text: str) -> str:
    """With a `\\u` escape for whatever means something in SPARQL; letters, digits and most signs stay."""
    return _MEANING.sub(lambda found: f"\\u{ord(found.group()):04X}", text.encode("utf-8", "replace").decode())


_MEANING: Final = re.compile(r"""[\x00-\x1f\x7f"'\\#<>{}()\[\]?$@^]""")


class _Reader:
    """Reads one clause: sentences about one variable, with `;` and `,` as in Turtle, and constants for objects."""

    def __init__(self, text: str, clause: SearchClause, prefixes: Mapping[str, str]) -> None:
        self._text, self._tokens, self._prefixes = text, clause.body, prefixes
        self._start = clause.start
        self._at = 0
        self._subject = ""
        self._given: dict[str, list[tuple[Token, str]]] = {}

    def read(self) -> SearchRequest:
        while self._at < len(self._tokens):
            self._sentence()
        texts, similar = self._given.get("query", []), self._given.get("similarTo", [])
        if not texts and not similar:
            raise self._wrong(None, "A search clause needs ca:query or ca:similarTo.")
        if texts and similar:
            raise self._wrong(similar[0][0], "A search clause has either ca:query or ca:similarTo, not both.")
        filters = {name: tuple(value for _, value in self._given[name]) for name in self._given if _filters(name)}
        if similar:
            self._check_similar()
        return SearchRequest(
            text=texts[0][1] if texts else None,
            similar_to=similar[0][1] if similar else None,
            limit=int(self._one("limit", "10")),
            mode=self._one("mode", "hybrid"),
            filters=filters,
            outputs={"hit": self._subject} | {name: self._one(name, "") for name in _OUTPUTS if name in self._given},
        )

    def _one(self, name: str, default: str) -> str:
        return self._given[name][0][1] if name in self._given else default

    def _check_similar(self) -> None:
        for name, values in self._given.items():
            if name == "mode" or (_filters(name) and name != "kind"):
                remedy = "State it in the pattern around the clause instead."
                raise self._wrong(values[0][0], f"ca:{name} does not go with ca:similarTo.", remedy)

    def _sentence(self) -> None:
        subject = self._next("a variable for the hit")
        if subject.kind != "var":
            raise self._wrong(subject, "A search clause speaks about a variable, such as ?hit.")
        if self._subject and subject.text[1:] != self._subject:
            said = f"A search clause speaks about one variable, ?{self._subject}."
            raise self._wrong(subject, said, "Use a clause of its own for another.")
        self._subject = subject.text[1:]
        self._property()
        while self._peek() == ";":
            self._at += 1
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
            known = ", ".join(f"ca:{each}" for each in _KNOWN)
            said = f"‘{token.text[:60]}’ is not a property of a search clause."
            raise self._wrong(token, said, f"There are: {known}. Put other patterns outside the braces.")
        while True:
            self._object(name, token)
            if self._peek() != ",":
                return
            self._at += 1

    def _object(self, name: str, said: Token) -> None:
        token = self._next(f"a value for ca:{name}")
        held = self._given.setdefault(name, [])
        if held and not (_filters(name) and name not in _DATES):
            raise self._wrong(said, f"ca:{name} stands twice in this search clause.", "Use a clause for each search.")
        held.append((token, self._value(name, token)))

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
        used = [self._subject, *(value for one in _OUTPUTS for _, value in self._given.get(one, []))]
        if token.text[1:] in used:
            raise self._wrong(token, f"{token.text} is used twice in this search clause.")
        return token.text[1:]

    def _string(self, name: str, token: Token) -> str:
        if token.kind != "string":
            raise self._wrong(token, f"ca:{name} needs a text in quotes.")
        if self._at < len(self._tokens):
            after = self._tokens[self._at]
            if after.kind == "lang":
                self._at += 1
            elif after.text == "^^":
                self._at += 1
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
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _next(self, expected: str) -> Token:
        if self._at >= len(self._tokens):
            raise self._wrong(None, f"The search clause ends where {expected} should stand.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _wrong(self, token: Token | None, message: str, remedy: str = "") -> QuerySyntax:
        line, column = position(self._text, self._start if token is None else token.start)
        return QuerySyntax(f"Line {line}, column {column}: {message}", remedy, line=line, column=column)


def _filters(name: str) -> bool:
    return name in _IRIS or name in _TEXTS or name in _DATES
