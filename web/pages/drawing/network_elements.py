"""A query result as a graph: neighbouring IRIs of a row are an edge; of a triple, the predicate is its name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from graph.model import Value
from web.pages.links import href
from web.read_model.formatting import short
from web.read_model.reader import QueryTable

__all__ = ["EDGE_COLUMNS", "MAX_EDGES", "MAX_NODES", "Graph", "graph_of"]

MAX_NODES: Final = 300
MAX_EDGES: Final = 900

EDGE_COLUMNS: Final = (("subject", "predicate", "object"), ("subject", "relation", "object"), ("s", "p", "o"))
"""Columns whose rows are triples."""

Edge = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """`nodes`: IRI, label and address; `edges`: indexes of both nodes, and a name. `rows`: how many are drawn."""

    nodes: tuple[tuple[str, str, str], ...]
    edges: tuple[Edge, ...]
    rows: int


def graph_of(table: QueryTable, base: str) -> Graph | None:
    """None where no row holds two different IRIs."""
    nodes: dict[str, tuple[int, Value]] = {}
    edges: dict[Edge, None] = {}
    rows = 0
    are_triples = table.columns[:3] in EDGE_COLUMNS
    for row in table.drawing_rows:
        cells = [cell for cell in (row[:3] if are_triples else row) if cell is not None and cell.kind == "iri"]
        name, ends = "", cells
        if are_triples:
            name, ends = (cells[1].label, cells[::2]) if len(cells) == 3 else ("", [])
        pairs = [pair for pair in pairwise(ends) if pair[0].value != pair[1].value]
        new = {cell.value for pair in pairs for cell in pair if cell.value not in nodes}
        if not pairs or len(nodes) + len(new) > MAX_NODES or len(edges) + len(pairs) > MAX_EDGES:
            continue
        rows += 1
        for pair in pairs:
            start, end = (nodes.setdefault(cell.value, (len(nodes), cell))[0] for cell in pair)
            edges[start, end, short(name, 80)] = None
    described = tuple((iri, short(cell.label, 80), href(iri, base)) for iri, (_, cell) in nodes.items())
    return Graph(described, tuple(edges), rows) if edges else None
