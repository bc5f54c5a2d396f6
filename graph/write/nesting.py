"""Depth of RDF texts, watched while they are read: what nests without end exhausts the parser, or ends its process.

The engine's RDF/XML and JSON-LD parsers need time and memory in proportion to the square of the depth, and a triple
term within triple terms overflows the stack. In Turtle, blank nodes and lists within each other cost no more than any
other text, and are not counted.
"""

from __future__ import annotations

import re
from typing import Final, Protocol
from xml.parsers import expat

import pyoxigraph as ox

from graph.write.syntax_fault import RdfFault

__all__ = ["MAX_TRIPLE_TERM_DEPTH", "DepthGuard", "depth_guard"]

MAX_XML_DEPTH: Final = 2_000
"""A list written as `rdf:first` and `rdf:rest` needs two elements an item."""

MAX_JSON_DEPTH: Final = 200
MAX_TRIPLE_TERM_DEPTH: Final = 100

_MAX_OPEN_TRIPLE_TERMS: Final = 1_000
"""Counted without regard to strings, where `<<(` may stand for something else; the parser's stack bears ten times as
many."""

_JSON_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_REST_OF_JSON_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BACKSLASHES: Final = re.compile(rb"\\*\Z")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_OPENING: Final = frozenset(b"[{")
_TRIPLE_TERM: Final = re.compile(rb"<<\(|\)>>|\.[ \t\r]*\n")


class DepthGuard(Protocol):
    """Sees a text piece by piece, before the parser does."""

    def feed(self, data: bytes) -> None:
        """Look at the next piece; an empty one ends the text. Raises RdfFault where it is nested too deeply."""


def depth_guard(rdf_format: ox.RdfFormat) -> DepthGuard:
    """The guard for one text of a syntax.

    >>> depth_guard(ox.RdfFormat.JSON_LD).feed(b"[" * 201)
    Traceback (most recent call last):
    graph.write.syntax_fault.RdfFault: is nested more than 200 levels deep
    """
    if rdf_format == ox.RdfFormat.RDF_XML:
        return _XmlGuard()
    return _JsonGuard() if rdf_format == ox.RdfFormat.JSON_LD else _TripleTermGuard()


def _too_deep(levels: int) -> RdfFault:
    return RdfFault(f"is nested more than {levels:,} levels deep")


class _XmlGuard:
    """Counts open elements, and refuses entities: a few lines of them expand to gigabytes."""

    def __init__(self) -> None:
        self._depth = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._entity
        self._parser.buffer_text = True

    def feed(self, data: bytes) -> None:
        try:
            self._parser.Parse(data, not data)
        except expat.ExpatError as error:
            raise RdfFault(f"does not parse as XML ({error})", error.lineno) from error

    def _start(self, name: str, attributes: object) -> None:
        self._depth += 1
        if self._depth > MAX_XML_DEPTH:
            raise _too_deep(MAX_XML_DEPTH)

    def _end(self, name: str) -> None:
        self._depth -= 1

    def _entity(self, name: str, *declaration: object) -> None:
        raise RdfFault(
            f"declares an entity ({name[:40]!r}), which is never expanded: write out what it stands for",
            self._parser.CurrentLineNumber,
        )


class _JsonGuard:
    """Counts open objects and arrays outside strings."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, data: bytes) -> None:
        outside = self._outside_strings(data)
        for bracket in outside.translate(None, _NOT_BRACKETS):
            if bracket not in _OPENING:
                self._depth -= 1
                continue
            self._depth += 1
            if self._depth > MAX_JSON_DEPTH:
                raise _too_deep(MAX_JSON_DEPTH)

    def _outside_strings(self, data: bytes) -> bytes:
        if self._escaped and data:
            data, self._escaped = data[1:], False
        if self._in_string:
            end = _REST_OF_JSON_STRING.match(data)
            if end is None:
                self._escaped = self._escaped or _ends_in_escape(data)
                return b""
            data, self._in_string = data[end.end() :], False
        rest = _JSON_STRING.sub(b"", data)
        before, quote, string = rest.partition(b'"')
        if quote:
            self._in_string, self._escaped = True, _ends_in_escape(string)
        return before


def _ends_in_escape(string: bytes) -> bool:
    backslashes = _BACKSLASHES.search(string)
    return backslashes is not None and len(backslashes[0]) % 2 == 1


class _TripleTermGuard:
    """Counts open triple terms, from zero in each statement."""

    def __init__(self) -> None:
        self._depth = 0
        self._tail = b""

    def feed(self, data: bytes) -> None:
        data = self._tail + data
        self._tail = data[-2:]
        if not self._depth and b"<<(" not in data:
            return
        for match in _TRIPLE_TERM.finditer(data):
            token = match[0]
            if token == b"<<(":
                self._depth += 1
                if self._depth > _MAX_OPEN_TRIPLE_TERMS:
                    raise _too_deep(MAX_TRIPLE_TERM_DEPTH)
            else:
                self._depth = max(self._depth - 1, 0) if token == b")>>" else 0
