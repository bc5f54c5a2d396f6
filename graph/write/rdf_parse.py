"""Parse of RDF that others wrote, within limits: on depth, on one term, on what a text expands to, and on time.

Call it in a sandboxed process only (see `web.writer_process`): the limits spare its caller the time that hostile texts
take, and name the fault; what holds against a fault of the parser itself is the sandbox.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import IO, Final, cast

import pyoxigraph as ox

from graph.errors import BadData, InputTooLarge, QueryTimeout
from graph.storage.snapshot import DEFAULT
from graph.write.nesting import MAX_TRIPLE_TERM_DEPTH, depth_guard
from graph.write.syntax_fault import RdfFault, looks_like, syntax_fault
from graph.write.term_limits import LARGE_TERM_BYTES, MAX_BYTES_PER_CHARACTER, MAX_TERM_BYTES

__all__ = [
    "READ_ERRORS",
    "ParseLimits",
    "ParsedText",
    "check_terms",
    "long_quads",
    "parse_seconds",
    "skip_byte_order_mark",
    "term_too_long",
]

_READ_BYTES: Final = 1 << 16
_HEAD_BYTES: Final = 4096
_BYTES_PER_SECOND: Final = 500_000
"""A text is read at ten times this speed on a slow machine."""
_START_SECONDS: Final = 20.0

_MAX_EXPANSION: Final = 300
"""Times its own length that a text may have in full, without prefixes. A list of digits has 135 times its own."""
_FREE_EXPANSION_BYTES: Final = 64 << 20

READ_ERRORS: Final = (OSError, EOFError, ValueError, zlib.error)
"""Errors that reading a file can raise, plain or gzipped."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | ox.DefaultGraph


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """Limits on one text: `term_bytes` on a term; `unpacked_bytes` on the text, unpacked if it is gzipped."""

    term_bytes: int = MAX_TERM_BYTES
    unpacked_bytes: int = 1 << 30


STANDARD: Final = ParseLimits()


def parse_seconds(size: int) -> float:
    """Time that the parse of a text of so many bytes may take, in seconds.

    >>> parse_seconds(3_400_000)
    26.8
    """
    return _START_SECONDS + size / _BYTES_PER_SECOND


class ParsedText:
    """The quads of a text, once: iterate over them. `name` is the subject of messages ("The body").

    Iteration raises RdfFault for what does not parse or is nested too deeply, InputTooLarge, QueryTimeout, and the
    members of READ_ERRORS. Blank nodes are new ones.

    >>> text = io.BytesIO(b"<urn:a> <urn:b> <urn:c> .")
    >>> [quad.object.value for quad in ParsedText(text, ox.RdfFormat.TURTLE, base="urn:x", name="a.ttl")]
    ['urn:c']
    """

    def __init__(
        self,
        source: IO[bytes],
        rdf_format: ox.RdfFormat,
        *,
        base: str,
        name: str,
        limits: ParseLimits = STANDARD,
    ) -> None:
        self._source = _GuardedSource(source, rdf_format, name, limits)
        self._quads = ox.parse(cast("IO[bytes]", self._source), rdf_format, base_iri=base, rename_blank_nodes=True)
        self._format, self._name, self._limits = rdf_format, name, limits
        self.count = 0
        """Quads so far, repeated ones too."""
        self.holds_large_terms = False
        """Whether a term so far is longer than LARGE_TERM_BYTES."""

    def __iter__(self) -> Iterator[ox.Quad]:
        try:
            yield from self._checked()
        except SyntaxError as error:
            raise self._fault(*syntax_fault(error, self._source.head)) from error
        except RdfFault as error:
            raise self._fault(error.fault, error.line) from error

    def into(self, target: ox.NamedNode | ox.DefaultGraph, remedy: str) -> Iterator[ox.Quad]:
        """The triples as quads of `target`. Raises BadData, with the remedy, where one is in a graph that the text
        names."""
        for quad in self:
            if quad.graph_name != DEFAULT:
                raise BadData(f"{self._name} names a graph of its own.", remedy)
            yield ox.Quad(quad.subject, quad.predicate, quad.object, target)

    def _checked(self) -> Iterator[ox.Quad]:
        expanded, limits = 0, self._limits
        length_to_check = min(limits.term_bytes, LARGE_TERM_BYTES) // MAX_BYTES_PER_CHARACTER
        for quad in self._quads:
            length = len(str(quad))  # one call for all its terms
            expanded += length
            if length > length_to_check or type(quad.object) is ox.Triple:
                longest = check_terms(quad, self._name, limits.term_bytes)
                self.holds_large_terms = self.holds_large_terms or longest > LARGE_TERM_BYTES
            if expanded > _FREE_EXPANSION_BYTES and expanded > _MAX_EXPANSION * self._source.bytes_read:
                raise InputTooLarge(
                    f"{self._name} expands to more than {_MAX_EXPANSION} times its length.",
                    "Write it with shorter prefixes.",
                )
            self.count += 1
            yield quad

    def _fault(self, fault: str, line: int | None) -> RdfFault:
        head = self._source.head
        does_not_parse = fault.startswith("does not parse")
        remark = looks_like(head, self._format) if does_not_parse else ""
        return RdfFault(fault, line, remark=remark, is_empty=does_not_parse and not head.strip())


def check_terms(quad: ox.Quad, name: str, max_bytes: int) -> int:
    """Length of the longest term of a quad in bytes. Raises InputTooLarge, RdfFault for triple terms nested deeply.

    >>> quad = ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("text"))
    >>> check_terms(quad, "The body", 10)
    5
    """
    longest = 0
    for term, depth in _terms(quad):
        if depth > MAX_TRIPLE_TERM_DEPTH:
            raise RdfFault(f"is nested more than {MAX_TRIPLE_TERM_DEPTH:,} levels deep")
        longest = max((longest, *map(len, _parts(term))))
    if longest > max_bytes:
        raise term_too_long(name, longest, max_bytes, f" about {str(quad.subject)[:200]}")
    return longest


def term_too_long(name: str, length: int, max_bytes: int, place: str = "") -> InputTooLarge:
    """The error for a term of this length in bytes."""
    return InputTooLarge(
        f"{name} holds a term of {length:,} bytes{place}; {max_bytes:,} are allowed.",
        "Shorten it, keep the text as a document, or raise CREATIVE_ATLAS_MAX_TERM_BYTES.",
    )


def long_quads(quads: Iterable[ox.Quad], name: str, max_bytes: int, earlier: ox.Store) -> bool:
    """Whether a quad that is not in `earlier` holds a large term. Raises InputTooLarge for a term past the limit.

    >>> quad = ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("x" * 70_000))
    >>> long_quads([quad], "update", 1 << 20, ox.Store())
    True
    """
    length_to_check = min(max_bytes, LARGE_TERM_BYTES) // MAX_BYTES_PER_CHARACTER
    has_large_term = False
    for quad in quads:
        if len(str(quad)) > length_to_check and quad not in earlier:
            has_large_term = check_terms(quad, name, max_bytes) > LARGE_TERM_BYTES or has_large_term
    return has_large_term


def _terms(quad: ox.Quad) -> Iterator[tuple[_Term, int]]:
    """The terms of a quad, those in triple terms too, and how many triple terms each is in."""
    waiting: list[tuple[_Term, int]] = [(term, 0) for term in quad]
    while waiting:
        term, depth = waiting.pop()
        if isinstance(term, ox.Triple):
            if depth > MAX_TRIPLE_TERM_DEPTH:
                yield term.predicate, depth
                return
            waiting += [(part, depth + 1) for part in term]
        else:
            yield term, depth


def _parts(term: _Term) -> tuple[bytes, ...]:
    if isinstance(term, ox.Literal):
        return term.value.encode(), term.datatype.value.encode(), (term.language or "").encode()
    return () if isinstance(term, ox.DefaultGraph) else (str(getattr(term, "value", "")).encode(),)


class _GuardedSource:
    """Reader of a text that stops at the limits."""

    def __init__(self, source: IO[bytes], rdf_format: ox.RdfFormat, name: str, limits: ParseLimits) -> None:
        self._source, self._name, self._limits = source, name, limits
        self._guard = depth_guard(rdf_format)
        self._began = time.monotonic()
        self.bytes_read = 0
        self.head = b""
        """The beginning of the text."""

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(_READ_BYTES if size < 0 else min(size, _READ_BYTES))
        self.bytes_read += len(data)
        if len(self.head) < _HEAD_BYTES:
            self.head += data[:_HEAD_BYTES]
        if self.bytes_read > self._limits.unpacked_bytes:
            raise InputTooLarge(
                f"{self._name} unpacks to more than {self._limits.unpacked_bytes:,} bytes.", "Send it in parts."
            )
        seconds = parse_seconds(self.bytes_read)
        if time.monotonic() - self._began > seconds:
            raise QueryTimeout(
                f"{self._name} took longer than {seconds:.0f} seconds to parse.", "Send it in parts.", seconds=seconds
            )
        self._guard.feed(data)
        return data


def skip_byte_order_mark(source: BufferedReader | gzip.GzipFile) -> None:
    """Move past a byte order mark, which editors on Windows write and no RDF syntax has."""
    if source.peek(len(_BYTE_ORDER_MARK)).startswith(_BYTE_ORDER_MARK):
        source.read(len(_BYTE_ORDER_MARK))
