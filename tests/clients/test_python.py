"""The clients that people use, against a running server: SPARQLWrapper, rdflib's SPARQLStore, pandas through CSV."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support.server_process import server_process
from web.services import Services

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
LABELS = f"SELECT ?s ?label {{ ?s <{LABEL}> ?label }} ORDER BY ?s ?label"


@pytest.fixture(scope="module")
def endpoint(services: Services) -> Iterator[str]:
    """The address of `/sparql` of `creative-atlas serve` on the small atlas, in a process of its own."""
    with server_process(services.settings.home, services.settings.cache) as address:
        yield f"{address}/sparql"


@pytest.fixture(scope="module")
def labels(services: Services) -> set[tuple[str, str]]:
    """What every client must get."""
    rows = services.live.view().snapshot.store.query(LABELS)
    return {(row["s"].value, row["label"].value) for row in rows}  # type: ignore[union-attr]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_sparqlwrapper(endpoint: str, labels: set[tuple[str, str]], method: str, direct: bool, form: str) -> None:
    sparqlwrapper = pytest.importorskip("SPARQLWrapper")
    client = sparqlwrapper.SPARQLWrapper2(endpoint) if form == "json" else sparqlwrapper.SPARQLWrapper(endpoint)
    client.setQuery(LABELS)
    client.setMethod(method)
    if direct and method == "POST":
        client.setRequestMethod(sparqlwrapper.POSTDIRECTLY)
    if form == "json":
        rows = {(row["s"].value, row["label"].value) for row in client.query().bindings}
    else:
        client.setReturnFormat(sparqlwrapper.XML)
        document = client.queryAndConvert()
        cells = [[binding.firstChild.firstChild.data for binding in row.getElementsByTagName("binding")]
                 for row in document.getElementsByTagName("result")]  # fmt: skip
        rows = {(subject, label) for subject, label in cells}
    assert rows == labels


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # the client's own use of rdflib
@pytest.mark.parametrize("name", ["TURTLE", "N3", "RDFXML", "JSONLD"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper_constructs(endpoint: str, labels: set[tuple[str, str]], name: str, method: str) -> None:
    sparqlwrapper = pytest.importorskip("SPARQLWrapper")
    client = sparqlwrapper.SPARQLWrapper(endpoint)
    client.setQuery(f"CONSTRUCT WHERE {{ ?s <{LABEL}> ?label }}")
    client.setReturnFormat(getattr(sparqlwrapper, name))
    client.setMethod(method)
    import rdflib

    results = client.queryAndConvert()
    graph = results if isinstance(results, rdflib.Graph) else rdflib.Graph().parse(data=results, format="turtle")
    assert {(str(s), str(label)) for s, _, label in graph} == labels


def test_sparqlwrapper_asks(endpoint: str) -> None:
    sparqlwrapper = pytest.importorskip("SPARQLWrapper")
    client = sparqlwrapper.SPARQLWrapper(endpoint)
    client.setQuery("ASK {}")
    client.setReturnFormat(sparqlwrapper.JSON)
    assert client.queryAndConvert()["boolean"] is True


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_rdflib_sparqlstore(endpoint: str, labels: set[tuple[str, str]], method: str, form: str) -> None:
    import rdflib
    from rdflib.plugins.stores.sparqlstore import SPARQLStore

    store = SPARQLStore(endpoint, method=method, returnFormat=form)
    graph = rdflib.Graph(store)
    assert {(str(s), str(label)) for s, label in graph.subject_objects(rdflib.URIRef(LABEL))} == labels
    some, label = next(iter(labels))
    assert str(graph.value(rdflib.URIRef(some), rdflib.URIRef(LABEL))) in {one for iri, one in labels if iri == some}
    assert (rdflib.URIRef(some), rdflib.URIRef(LABEL), None) in graph
    assert label


def test_pandas(endpoint: str, labels: set[tuple[str, str]]) -> None:
    pandas = pytest.importorskip("pandas")
    address = f"{endpoint}?{urllib.parse.urlencode({'query': LABELS, 'format': 'csv'})}"
    table = pandas.read_csv(address)
    assert list(table.columns) == ["s", "label"]
    assert set(table.itertuples(index=False, name=None)) == labels


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_compressed_by_httpx(endpoint: str, coding: str) -> None:
    """A client that undoes the coding by itself gets what one without it gets."""
    httpx = pytest.importorskip("httpx")
    with httpx.Client() as client:
        parameters = {"query": "SELECT * { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g ?s ?p ?o LIMIT 1000"}
        plain = client.get(endpoint, params=parameters, headers={"Accept-Encoding": "identity"})
        packed = client.get(endpoint, params=parameters, headers={"Accept-Encoding": coding})
    assert packed.headers["Content-Encoding"] == coding
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2


def test_an_update_is_refused_here(endpoint: str) -> None:
    """rdflib's update store sends its updates elsewhere; to the query endpoint they are an error, not a silent no."""
    body = urllib.parse.urlencode({"update": "CLEAR ALL"}).encode()
    with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(endpoint, body):
        pass
    with caught.value as answer:
        assert answer.code == 400
