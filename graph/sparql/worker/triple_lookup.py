"""A look-up needs no planner: a query of one triple pattern about a named thing is answered from the indexes.

To read and to plan a query takes the engine twice as long as to find the few triples that it asks for. So the worker
asks the store itself for a query of the shape that `graph.sparql.syntax.query_shape` knows. An IRI that is no IRI, a
term or a size that is not usual: the engine has it, as any other query.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Store, Triple

__all__ = ["MOST", "look_up"]

MOST: Final = 1000
"""Rows of an answer that is made here; more are the engine's, which passes them on as it finds them."""

_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

_DEFAULT: Final = DefaultGraph()


def look_up(store: Store, asked: str, rows: int, size: int) -> tuple[bytes, int] | None:
    """The result of a look-up in the store's default graph as SPARQL 1.1 JSON, with its rows; None for what the engine
    is to be asked, which a result of more than `rows` or `size` bytes is too. `asked` is as of `look_up_in`."""
    subject, predicate, about, *columns = asked.split("\n")
    cells = [(f'"{column[1:]}":', int(column[0])) for column in columns]
    made = _rows(store, (subject, predicate, about), cells, min(rows, MOST))
    if made is None:
        return None
    names = ",".join([f'"{column[1:]}"' for column in columns])
    body = f'{{"head":{{"vars":[{names}]}},"results":{{"bindings":[{",".join(made)}]}}}}'.encode()
    return (body, len(made)) if len(body) <= size else None


def _rows(store: Store, terms: tuple[str, str, str], columns: list[tuple[str, int]], most: int) -> list[str] | None:
    """One JSON object for each triple; None for more than `most`, or what only the engine can write."""
    try:
        subject, predicate, about = [NamedNode(term) if term else None for term in terms]
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
