"""Writer of reproducible Turtle: sorted subjects and statements, relative IRIs, one value a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from graph.iri import DEFAULT_BASE
from graph.vocabulary import PREFIXES

__all__ = ["Blocks", "boolean", "date", "iri", "link", "number", "text", "whole", "write"]

Blocks = dict[str, set[tuple[str, str]]]
"""Subject → its (predicate, object) pairs, every term spelt as Turtle."""

_FIRST = ("a", "rdfs:label", "skos:altLabel", "rdf:subject", "rdf:predicate", "rdf:object")
_LAST = ("dcterms:source",)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_DATES = (
    (re.compile(r"\d{4}"), "xsd:gYear"),
    (re.compile(r"\d{4}-\d{2}"), "xsd:gYearMonth"),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "xsd:date"),
)
_PREFIXED = re.compile(r"(?:^|[\s^])([a-z0-9]+):(?=[\w-])")


def iri(path: str) -> str:
    """IRI below the base, as Turtle: `organisation/nesta` → `<organisation/nesta>`."""
    return f"<{path}>"


def link(address: str) -> str:
    """Absolute IRI as Turtle; characters that an IRI may not hold are percent-encoded."""
    return "<" + re.sub(r'[\x00-\x20<>"{}|\\^`]', lambda m: f"%{ord(m.group()):02X}", address) + ">"


def text(value: str) -> str:
    """String literal as Turtle."""
    return '"' + "".join(_ESCAPES.get(char, char) for char in value) + '"'


def date(value: str) -> str:
    """Year, month or day as a typed literal. Raises ValueError on any other form."""
    for pattern, datatype in _DATES:
        if pattern.fullmatch(value):
            return f'"{value}"^^{datatype}'
    raise ValueError(f"not a year, month or day: {value!r}")


def number(value: float | int | str) -> str:
    """Decimal literal, with the digits of the value: 124.0, 52.50075."""
    plain = format(Decimal(str(value)), "f")
    return f'"{plain}"^^xsd:decimal'


def whole(value: int) -> str:
    """Integer literal."""
    return f'"{value}"^^xsd:integer'


def boolean(value: bool) -> str:
    """Boolean literal."""
    return f'"{str(value).lower()}"^^xsd:boolean'


def write(path: Path, blocks: Mapping[str, Iterable[tuple[str, str]]], heading: str) -> None:
    """Replace the file by the blocks, subjects in alphabetical order, below the comment `heading`."""
    parts = [_block(subject, set(pairs)) for subject, pairs in sorted(blocks.items())]
    body = "\n".join(parts)
    used = sorted({prefix for prefix in _PREFIXED.findall(body) if prefix in PREFIXES})
    head = [f"# {heading}", f"@base <{DEFAULT_BASE}> ."]
    head += [f"@prefix {prefix}: <{PREFIXES[prefix]}> ." for prefix in used]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(head) + "\n\n" + body, encoding="utf-8")


def _block(subject: str, pairs: set[tuple[str, str]]) -> str:
    grouped: dict[str, list[str]] = {}
    for predicate, obj in sorted(pairs):
        grouped.setdefault(predicate, []).append(obj)
    lines = [subject]
    for predicate in sorted(grouped, key=_order):
        lines.append(f"    {predicate} " + ",\n        ".join(grouped[predicate]) + " ;")
    return "\n".join(lines) + "\n    .\n"


def _order(predicate: str) -> tuple[int, str]:
    if predicate in _FIRST:
        return (_FIRST.index(predicate), predicate)
    return (len(_FIRST) + (predicate in _LAST), predicate)
