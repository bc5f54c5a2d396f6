"""Why an RDF text is not read, in words."""

from __future__ import annotations

import re
from typing import Final

import pyoxigraph as ox

__all__ = ["RdfFault", "looks_like", "syntax_fault"]

_REMOTE_CONTEXT: Final = "remote contexts"
_CONTEXT: Final = re.compile(rb'"@context"\s*:\s*\[?\s*"([^"\s]{1,200})"')
_XML_START: Final = re.compile(rb"<\?xml|<!DOCTYPE|<!--|<[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?\s+xmlns")
_JSON_START: Final = re.compile(rb"\[\s*[\[{\]]|\{\s*[\"}]")
_TURTLE_START: Final = re.compile(
    rb"(?i)@?(?:prefix|base)\s|<[^\s<>]*>\s+(?:<|a\s|[\w-]*:)|_:\S+\s|(?-i:[A-Za-z][\w-]*)?:\S*\s+(?:a|\S*:)"
)
_LINE: Final = re.compile(r"line (\d+)")
_XML_OR_JSON: Final = (ox.RdfFormat.RDF_XML, ox.RdfFormat.JSON_LD)


class RdfFault(Exception):
    """Why a text is not read. `fault`: words that follow "this"; `line` from 1, if it is known.

    `remark` is a sentence more, with a space before it, or empty: which other syntax the text looks like. `is_empty`:
    the text holds nothing at all.
    """

    def __init__(self, fault: str, line: int | None = None, *, remark: str = "", is_empty: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        self.line = line
        self.remark = remark
        self.is_empty = is_empty


def syntax_fault(error: SyntaxError, head: bytes = b"") -> tuple[str, int | None]:
    """What is wrong with a text, to follow "this", and the line if it is known. `head`: the beginning of the text.

    >>> syntax_fault(SyntaxError("Parser error at line 3 column 5: no full stop"))
    ('does not parse (Parser error at line 3 column 5: no full stop)', 3)
    """
    if _REMOTE_CONTEXT in str(error):
        named = _CONTEXT.search(head)
        context = f" <{named[1].decode(errors='replace')}>" if named else ""
        return (
            f"names a JSON-LD context elsewhere{context}, which is never fetched: "
            "write the context itself into the text"
        ), None
    match = _LINE.search(str(error))
    return f"does not parse ({error.msg})", error.lineno or (int(match[1]) if match else None)


def looks_like(head: bytes, rdf_format: ox.RdfFormat) -> str:
    """The syntax that a text begins in, to end a sentence on a text that does not parse as `rdf_format`; may be empty.

    >>> looks_like(b"@prefix : <http://example.org/> .", ox.RdfFormat.RDF_XML)
    ' It looks like Turtle.'
    """
    head = re.sub(rb"\A(?:\s+|#[^\n]*\n)*", b"", head)
    formats: tuple[ox.RdfFormat, ...]
    if _XML_START.match(head):
        name, formats = "RDF/XML", (ox.RdfFormat.RDF_XML,)
    elif _JSON_START.match(head):
        name, formats = "JSON-LD", (ox.RdfFormat.JSON_LD,)
    elif _TURTLE_START.match(head) and rdf_format in _XML_OR_JSON:
        name, formats = "Turtle", ()
    else:
        return ""
    return "" if rdf_format in formats else f" It looks like {name}."
