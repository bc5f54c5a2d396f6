"""rdflib's SPARQLUpdateStore against a running server: reads and writes through one store, with the token."""

from __future__ import annotations

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore

from tests.clients.conftest import TOKEN

S, P = URIRef("http://example.org/rdflib"), URIRef("http://example.org/says")
NAMED = URIRef("http://example.org/rdflib-graph")


def opened(site: str, **settings: bool) -> SPARQLUpdateStore:
    return SPARQLUpdateStore(
        f"{site}/sparql", f"{site}/update", headers={"Authorization": f"Bearer {TOKEN}"}, **settings
    )


@pytest.fixture
def store(site: str) -> SPARQLUpdateStore:
    """For the default graph: one that knows contexts would name a graph in each request."""
    return opened(site, context_aware=False)


@pytest.mark.parametrize("direct", [False, True])
def test_what_is_added_is_there_and_what_is_removed_is_not(store: SPARQLUpdateStore, direct: bool) -> None:
    store.postAsEncoded = not direct
    graph = Graph(store)
    graph.add((S, P, Literal("snow ☃", lang="en")))
    assert list(graph.objects(S, P)) == [Literal("snow ☃", lang="en")]
    graph.update("DELETE { ?s ?p ?o } INSERT { ?s ?p 7 } WHERE { ?s ?p ?o FILTER(?s = <http://example.org/rdflib>) }")
    assert graph.value(S, P) == Literal(7)
    graph.remove((S, None, None))
    assert (S, None, None) not in graph


def test_named_graphs(store: SPARQLUpdateStore, site: str) -> None:
    named = Graph(opened(site), identifier=NAMED)
    named.add((S, P, Literal("in a graph")))
    assert [str(o) for o in named.objects(S, P)] == ["in a graph"]
    assert (S, P, None) not in Graph(store)
    named.update(f"DROP GRAPH <{NAMED}>")
    assert len(named) == 0


def test_several_changes_in_one_request(store: SPARQLUpdateStore, site: str) -> None:
    store.autocommit = False
    graph = Graph(store)
    for number in range(3):
        graph.add((S, P, Literal(number)))
    assert not list(Graph(opened(site, context_aware=False)).objects(S, P))
    store.commit()
    assert sorted(int(value) for value in graph.objects(S, P)) == [0, 1, 2]
    graph.remove((S, None, None))
    store.commit()
