"""The one gate to every RDF and result syntax: what is written reads back as the same terms, or is refused.

The engine's serialisers write some terms that their syntax cannot hold. XML 1.0 has no control characters (§2.2), and
its readers turn a raw carriage return into a line feed (§2.11); RDF/XML names properties by element names, and blank
nodes by XML names; JSON-LD 1.1 has no triple terms. A carriage return and the name of a blank node can be written in
another way; the rest raises `UnwritableTerm`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import IO, Final, Protocol, TypeVar, cast
from xml.parsers import expat

import pyoxigraph as ox

from graph.errors import UnwritableTerm

__all__ = ["XmlGate", "serialised", "writable", "write"]

Statement = TypeVar("Statement", ox.Triple, ox.Quad)
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

REMEDY: Final = "Choose another format: those of the Turtle family hold every term, JSON and TSV every result."

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RESERVED: Final = frozenset(
    f"{_RDF}{name}"
    for name in (
        "Description", "RDF", "ID", "about", "aboutEach", "aboutEachPrefix", "bagID", "datatype", "li", "nodeID",
        "parseType", "resource", "annotation", "annotationNodeID", "version",
    )
)  # fmt: skip
"""Terms with a meaning of their own in RDF/XML, which are no property elements (RDF 1.1 XML Syntax §6.1)."""

_TYPE: Final = f"{_RDF}type"
_XMLNS: Final = "http://www.w3.org/2000/xmlns/"
_NAME_START: Final = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME: Final = f"[{_NAME_START}][{_NAME_START}\\-.0-9\u00b7\u0300-\u036f\u203f-\u2040]*"
_LOCAL_NAME: Final = re.compile(f"(?<![{_NAME_START}]){_NAME}\\Z")
_XML_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9.\-]*\Z")
_RENAMED: Final = "_-"

_FORBIDDEN_BYTES: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_CUT_CHARACTER: Final = re.compile(rb"\xef\xbf?\Z")


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int:
        """Takes bytes."""
        ...


class XmlGate:
    """A binary stream for an XML serialiser, in front of `output`: writes carriage returns as character references and
    refuses characters that XML 1.0 does not have.

    A raw carriage return stands only in the text of literals, because the serialisers write none of their own. Chunks
    may be cut anywhere. `refusal` keeps the error, because the engine may wrap the exception.
    """

    def __init__(self, output: _Sink) -> None:
        self.refusal: UnwritableTerm | None = None
        self._output = output
        self._pending = b""

    def write(self, data: bytes) -> int:
        """Raises `UnwritableTerm`."""
        size, data = len(data), self._pending + data
        if wrong := _FORBIDDEN_BYTES.search(data):
            character = f"U+{ord(wrong[0].decode()):04X}"
            self.refusal = UnwritableTerm(f"A text holds the character {character}, which XML cannot hold.", REMEDY)
            raise self.refusal
        # U+FFFE and U+FFFF have three bytes; the first two wait for the third. The document ends with a bracket.
        cut = _CUT_CHARACTER.search(data)
        end = cut.start() if cut else len(data)
        self._pending = data[end:]
        self._output.write(data[:end].replace(b"\r", b"&#xD;"))
        return size

    def flush(self) -> None:
        """Required by the engine; there is nothing to flush."""


def writable(statements: Iterable[Statement], form: ox.RdfFormat) -> Iterator[Statement]:
    """The statements as the syntax can hold them: for RDF/XML some blank nodes have other names.

    Raises UnwritableTerm at a statement that the syntax cannot hold.
    """
    if form == ox.RdfFormat.RDF_XML:
        return map(_for_rdf_xml, statements)
    if form == ox.RdfFormat.JSON_LD:
        return map(_for_json_ld, statements)
    return iter(statements)


def write(
    statements: Iterable[Statement], output: _Sink, form: ox.RdfFormat, *, prefixes: Mapping[str, str] | None = None
) -> None:
    """Serialise the statements. Raises UnwritableTerm; by then some of the output may have been written."""
    checked = cast("Iterator[ox.Triple]", writable(statements, form))
    names = dict(prefixes) if prefixes else None
    if form != ox.RdfFormat.RDF_XML:
        ox.serialize(checked, cast("IO[bytes]", output), form, prefixes=names)
        return
    gate = XmlGate(output)
    try:
        ox.serialize(checked, cast("IO[bytes]", gate), form, prefixes=names)
    except Exception:
        if gate.refusal is not None:
            raise gate.refusal from None
        raise


def serialised(
    statements: Iterable[Statement], form: ox.RdfFormat, *, prefixes: Mapping[str, str] | None = None
) -> bytes:
    """The statements in that syntax. Raises UnwritableTerm.

    >>> triple = ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal("line\\r"))
    >>> b"line&#xD;" in serialised([triple], ox.RdfFormat.RDF_XML)
    True
    """
    output = io.BytesIO()
    write(statements, output, form, prefixes=prefixes)
    return output.getvalue()


def _for_rdf_xml(statement: Statement) -> Statement:
    predicate = statement.predicate.value
    if predicate in _RESERVED or not _has_local_name(predicate):
        raise UnwritableTerm(
            f"RDF/XML cannot name the property <{predicate[:200]}>: its IRI does not end in an XML name of its own.",
            REMEDY,
        )
    if predicate == _TYPE and isinstance(statement.object, ox.NamedNode):
        _check_class(statement.object.value)
    subject, value = _named_for_xml(statement.subject), _named_for_xml(statement.object)
    if subject is statement.subject and value is statement.object:
        return statement
    if isinstance(statement, ox.Quad):
        return ox.Quad(cast("ox.NamedNode", subject), statement.predicate, value, statement.graph_name)
    return ox.Triple(cast("ox.NamedNode", subject), statement.predicate, value)


def _check_class(iri: str) -> None:
    """The serialiser makes an element name of a class."""
    if not _has_local_name(iri):
        raise UnwritableTerm(
            f"RDF/XML cannot name the class <{iri[:200]}>: its IRI does not end in an XML name of its own.", REMEDY
        )


@lru_cache(maxsize=1024)
def _has_local_name(iri: str) -> bool:
    """Whether the IRI ends in a name that readers of XML take. The fourth edition of XML 1.0, which many follow, has
    fewer names than the fifth, so one such reader decides."""
    match = _LOCAL_NAME.search(iri)
    if match is None or iri[: match.start()] in ("", _XMLNS):
        return False
    try:
        expat.ParserCreate("utf-8").Parse(f"<{match[0]}/>".encode(), True)
    except expat.ExpatError:
        return False
    return True


def _named_for_xml(term: Term) -> Term:
    """The term with blank nodes whose names are XML names, different ones for different blank nodes."""
    if isinstance(term, ox.Triple):
        return _for_rdf_xml(term)
    if not isinstance(term, ox.BlankNode):
        return term
    if _XML_NAME.match(term.value) and not term.value.startswith(_RENAMED):
        return term
    return ox.BlankNode(_RENAMED + term.value.encode().hex())


def _for_json_ld(statement: Statement) -> Statement:
    if isinstance(statement.object, ox.Triple):
        raise UnwritableTerm("JSON-LD cannot hold triple terms, which are new in RDF 1.2.", REMEDY)
    return statement
