"""A look-up needs no planner: a query of one triple pattern about a named thing is answered from the indexes.

To read and to plan a query takes the engine twice as long as to find the few triples that it asks for. So the worker
asks the store itself where the text is `SELECT ?a … { s p o }` and nothing else: IRIs in full or variables, each
variable once, subject or object given. What such a query means leaves no choice. Whatever differs from that by a
sign, an IRI that is no IRI, a term or a size that is not usual: the engine has it, as any other query.
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Store, Triple

__all__ = ["MOST", "look_up"]

MOST: Final = 1000
"""Rows of an answer that is made here; more are the engine's, which passes them on as it finds them."""

_SPACE: Final = r"[ \t\r\n]*+"
_VARIABLE: Final = r"[?$][A-Za-z0-9_]++"
_TERM: Final = rf"""(<[A-Za-z][A-Za-z0-9+.-]*+:[^\x00-\x20<>"{{}}|^`\\]++>|{_VARIABLE}){_SPACE}"""
_LOOK_UP: Final = re.compile(
    rf"{_SPACE}(?i:SELECT){_SPACE}((?:{_VARIABLE}{_SPACE})++)(?:(?i:WHERE){_SPACE})?+"
    rf"\{{{_SPACE}{_TERM}{_TERM}{_TERM}(?:\.{_SPACE})?+\}}{_SPACE}"
)
_VARIABLES: Final = re.compile(r"[?$]([A-Za-z0-9_]++)")
_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

_DEFAULT: Final = DefaultGraph()


def look_up(store: Store, text: str, rows: int, size: int) -> tuple[bytes, int] | None:
    """The result of a look-up in the store's default graph as SPARQL 1.1 JSON, with its rows; None for what the engine
    is to be asked, which a result of more than `rows` or `size` bytes is too."""
    found = _LOOK_UP.fullmatch(text)
    if found is None or "/." in text or ":." in text:  # a base would take dot segments out of an IRI
        return None
    asked: list[str] = _VARIABLES.findall(found[1])
    terms = found.groups()[1:]
    places = {term[1:]: place for place, term in enumerate(terms) if term[0] != "<"}
    if len(places) != sum(term[0] != "<" for term in terms) or len(set(asked)) != len(asked):
        return None
    if not places.keys() >= set(asked) or (terms[0][0] != "<" and terms[2][0] != "<"):
        return None
    made = _rows(store, terms, [(f'"{name}":', places[name]) for name in asked], min(rows, MOST))
    if made is None:
        return None
    names = ",".join([f'"{name}"' for name in asked])
    body = f'{{"head":{{"vars":[{names}]}},"results":{{"bindings":[{",".join(made)}]}}}}'.encode()
    return (body, len(made)) if len(body) <= size else None


def _rows(store: Store, terms: tuple[str, ...], columns: list[tuple[str, int]], most: int) -> list[str] | None:
    """One JSON object for each triple; None for more than `most`, or what only the engine can write."""
    try:
        subject, predicate, about = [NamedNode(term[1:-1]) if term[0] == "<" else None for term in terms]
    except ValueError:
        return None
    made: list[str] = []
    for quad in store.quads_for_pattern(subject, predicate, about, _DEFAULT):
        cells = []
        for name, place in columns:
            cell = _json(quad[place])
            if cell is None:
                return None
            cells.append(name + cell)
        if len(made) == most:
            return None
        made.append(f"{{{','.join(cells)}}}")
    return made


def _json(term: NamedNode | BlankNode | Literal | Triple) -> str | None:
    if isinstance(term, NamedNode):
        return f'{{"type":"uri","value":{encode_basestring(term.value)}}}'
    if not isinstance(term, Literal) or term.direction is not None:
        return None
    value = f'{{"type":"literal","value":{encode_basestring(term.value)}'
    if term.language is not None:
        return f'{value},"xml:lang":"{term.language}"}}'
    datatype = term.datatype.value
    return f"{value}}}" if datatype == _STRING else f'{value},"datatype":{encode_basestring(datatype)}}}'
