"""Query results as graphs: which rows are edges, and how many are drawn."""

from __future__ import annotations

from graph.model import Value
from web.pages.drawing.network_elements import MAX_NODES, graph_of
from web.read_model.reader import QueryTable

BASE = "http://e/id/"


def iri(name: str) -> Value:
    return Value("iri", f"http://e/id/{name}", name)


def table(columns: tuple[str, ...], *rows: tuple[Value | None, ...]) -> QueryTable:
    return QueryTable(columns, rows, len(rows), 1.0, 1)


def test_iris_side_by_side_are_edges_and_a_predicate_is_their_name() -> None:
    word = Value("literal", "x", "x")
    graph = graph_of(table(("a", "b"), (iri("x/1"), iri("x/2")), (iri("x/2"), None), (iri("x/2"), iri("x/2"))), BASE)
    assert graph is not None and graph.rows == 1 and graph.edges == ((0, 1, ""),)
    assert graph.nodes[0] == ("http://e/id/x/1", "x/1", "/id/x/1")
    triples = table(("s", "p", "o"), (iri("1"), iri("likes"), iri("2")), (iri("1"), iri("says"), word))
    graph = graph_of(triples, BASE)
    assert graph is not None and graph.rows == 1, "a literal is no end of an edge"
    assert graph.edges == ((0, 1, "likes"),) and [label for _, label, _ in graph.nodes] == ["1", "2"]


def test_rows_without_two_iris_are_no_graph() -> None:
    assert graph_of(table(("a",), (iri("1"),)), BASE) is None
    assert graph_of(table(("a", "b"), (iri("1"), iri("1"))), BASE) is None
    assert graph_of(table(()), BASE) is None


def test_a_graph_is_bounded_and_counts_the_rows_in_it() -> None:
    spokes = [(iri("hub"), iri(str(number))) for number in range(MAX_NODES + 50)]
    graph = graph_of(table(("a", "b"), *spokes, spokes[0]), BASE)
    assert graph is not None and len(graph.nodes) == MAX_NODES
    assert graph.rows == MAX_NODES, "one for each spoke that has room, and the first again"
