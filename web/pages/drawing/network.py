"""The rows of an answer as a graph: two columns of IRIs make an edge, with a third between them as its name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from graph.model import Value
from web.pages.links import href
from web.read_model.formatting import short
from web.read_model.reader import QueryTable

__all__ = ["EDGES", "EDGE_COLUMNS", "NODES", "Graph", "graph_of"]

NODES: Final = 300
EDGES: Final = 900

EDGE_COLUMNS: Final = (("subject", "predicate", "object"), ("subject", "relation", "object"), ("s", "p", "o"))
"""Columns that make a row an edge."""

Edge = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """`nodes`: IRI, label and address of each; `edges`: the numbers of both ends, and a name. `rows`: those drawn."""

    nodes: tuple[tuple[str, str, str], ...]
    edges: tuple[Edge, ...]
    rows: int


def graph_of(table: QueryTable, base: str) -> Graph | None:
    """None where no row ties two entries."""
    nodes: dict[str, tuple[int, Value]] = {}
    edges: dict[Edge, None] = {}
    drawn = 0
    named = table.columns[:3] in EDGE_COLUMNS
    for row in table.drawn:
        cells = [cell for cell in (row[:3] if named else row) if cell is not None and cell.kind == "iri"]
        name, ends = "", cells
        if named:
            name, ends = (cells[1].label, cells[::2]) if len(cells) == 3 else ("", [])
        pairs = [pair for pair in pairwise(ends) if pair[0].value != pair[1].value]
        fresh = {cell.value for pair in pairs for cell in pair if cell.value not in nodes}
        if not pairs or len(nodes) + len(fresh) > NODES or len(edges) + len(pairs) > EDGES:
            continue
        drawn += 1
        for pair in pairs:
            start, end = (nodes.setdefault(cell.value, (len(nodes), cell))[0] for cell in pair)
            edges[start, end, short(name, 80)] = None
    told = tuple((iri, short(cell.label, 80), href(iri, base)) for iri, (_, cell) in nodes.items())
    return Graph(told, tuple(edges), drawn) if edges else None
