"""Syntax errors of the engine, in words for the author of the query and at the place in the author's text."""

from __future__ import annotations

import re
from typing import Final

from graph.errors import QuerySyntax
from graph.sparql.syntax.guard import Guarded
from graph.sparql.syntax.lexer import Token, position

__all__ = ["KEYWORDS", "is_clients_fault", "syntax_error"]

_PLACE: Final = re.compile(r"error at (\d+):(\d+): (?:expected )?(.*)", re.DOTALL)
_SENTENCE: Final = re.compile(r"(?:^|one of |, )((?:[A-Z]|\\u escape)[^,\[\]\"]*(?: [^,\[\]\"]+){2,})")

_WORDS: Final = """
    A ABS ADD ADJUST ALL AS ASC ASK AVG BASE BIND BNODE BOUND BY CEIL CLEAR COALESCE CONCAT CONSTRUCT CONTAINS COPY
    COUNT CREATE DATA DATATYPE DAY DEFAULT DELETE DESC DESCRIBE DISTINCT DROP ENCODE_FOR_URI EXISTS FALSE FILTER
    FLOOR FROM GRAPH GROUP GROUP_CONCAT HASLANG HASLANGDIR HAVING HOURS IF IN INSERT INTO IRI ISBLANK ISIRI
    ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LATERAL LCASE LIMIT LOAD MAX MD5 MIN MINUS MINUTES
    MONTH MOVE NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE PREFIX RAND REDUCED REGEX REPLACE ROUND SAMETERM
    SAMPLE SECONDS SELECT SEPARATOR SERVICE SHA1 SHA256 SHA384 SHA512 SILENT STR STRAFTER STRBEFORE STRDT STRENDS
    STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM TIMEZONE TO TRIPLE TRUE TZ UCASE UNDEF UNION URI
    USING UUID VALUES VERSION WHERE WITH YEAR
"""

_CLIENTS_FAULT: Final = re.compile(
    r"The graph .+ (?:already exists|does not exist)"
    r"|The .+ is not supported.*"
    r"|The variable encoding the service name is unbound"
    r"|Invalid base IRI .+",
    re.DOTALL,
)

KEYWORDS: Final = frozenset(_WORDS.split())
"""The words of SPARQL 1.1 and of the engine's extensions, in capitals."""


def syntax_error(message: str, guarded: Guarded) -> QuerySyntax:
    """The error for the engine's `message` about `guarded.text`.

    The engine reports the furthest place that any of its rules reached, and what that rule would have accepted there.
    So a word that SPARQL does not have is reported first, then a whole sentence of the engine, then the word at that
    place.
    """
    unknown = next((token for token in guarded.tokens if _unknown(token)), None)
    if unknown is not None:
        line, column = position(guarded.original, unknown.start)
        return _at(line, column, f"SPARQL has no word ‘{_short(unknown)}’.")
    match = _PLACE.match(message)
    if match is None:
        return QuerySyntax(f"The query is not valid SPARQL: {message}", line=1, column=1)
    line, column = guarded.original_position(int(match[1]), max(int(match[2]) - 1, 1))
    token = _token_at(guarded, line, column)
    if token is not None:
        line, column = position(guarded.original, token.start)
    sentence = _SENTENCE.search(match[3])
    if "IRI parsing failed" in match[3]:
        return _at(line, column, "This IRI is not valid; a relative one needs a BASE.")
    if sentence is not None:
        return _at(line, column, f"{sentence[1].strip().rstrip('.')}.")
    if token is None or (token.text == "}" and token is guarded.tokens[-1] and _open(guarded)):
        return _at(line, column, "The query ends too early; perhaps a bracket is not closed.")
    return _at(line, column, f"Unexpected ‘{_short(token)}’.")


def is_clients_fault(message: str) -> bool:
    """Whether the engine's message about a request that it had begun blames the request. For a store that it cannot
    read or write it raises the same kind of exception, and the client can do nothing about that.

    >>> is_clients_fault("The graph <http://example.org/g> already exists"), is_clients_fault("IO error")
    (True, False)
    """
    return _CLIENTS_FAULT.fullmatch(message) is not None


def _at(line: int, column: int, message: str) -> QuerySyntax:
    return QuerySyntax(f"Line {line}, column {column}: {message}", line=line, column=column)


def _unknown(token: Token) -> bool:
    return token.kind == "word" and token.text.upper() not in KEYWORDS


def _short(token: Token) -> str:
    return token.text if len(token.text) <= 40 else token.text[:39] + "…"


def _open(guarded: Guarded) -> bool:
    return sum(1 if token.text in "([{" else -1 for token in guarded.tokens if token.text in set("()[]{}")) > 0


def _token_at(guarded: Guarded, line: int, column: int) -> Token | None:
    """The token at a place, or the one after it; None where the text ends there."""
    lines = guarded.original.split("\n")
    offset = sum(len(text) + 1 for text in lines[: line - 1]) + column - 1
    at_end = offset >= len(guarded.original.rstrip()) - 1 and _open(guarded)
    return None if at_end else next((token for token in guarded.tokens if token.end > offset), None)
