"""Description of the SPARQL endpoint by itself (https://www.w3.org/TR/sparql11-service-description/)."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from graph.serialisation import serialised
from graph.sparql.formats import GRAPHS, RESULTS, Format
from graph.sparql.syntax.guard import SEARCH_SERVICE
from graph.vocabulary import PREFIXES

__all__ = ["describe_service"]

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_FORMAT_NAMES: Final = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV", "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle", "ntriples": "N-Triples", "jsonld": "JSON-LD", "rdfxml": "RDF_XML",
}  # fmt: skip


def describe_service(endpoint: str, wanted: Format, *, search: bool = False) -> bytes:
    """The description in one of the graph formats. `endpoint` is the absolute address; no blank nodes."""
    service = ox.NamedNode(endpoint)
    dataset = ox.NamedNode(f"{endpoint}#dataset")
    graph = ox.NamedNode(f"{endpoint}#default-graph")
    triples = [
        (service, "endpoint", service),
        (service, "supportedLanguage", ox.NamedNode(_SD + "SPARQL11Query")),
        (service, "defaultDataset", dataset),
        (dataset, "defaultGraph", graph),
        *(
            (service, "resultFormat", ox.NamedNode(_FORMATS + _FORMAT_NAMES[syntax.name]))
            for syntax in RESULTS + GRAPHS
        ),
    ]
    if search:
        triples.append((service, "languageExtension", ox.NamedNode(SEARCH_SERVICE)))
    kinds = ((service, "Service"), (dataset, "Dataset"), (graph, "Graph"))
    is_a = ox.NamedNode(PREFIXES["rdf"] + "type")
    statements = [ox.Triple(node, is_a, ox.NamedNode(_SD + kind)) for node, kind in kinds]
    statements += [ox.Triple(subject, ox.NamedNode(_SD + name), value) for subject, name, value in triples]
    form = ox.RdfFormat.from_media_type(wanted.media_type)
    prefixes = {"sd": _SD, "formats": _FORMATS}
    assert form is not None  # noqa: S101  the graph formats are those of the engine
    return serialised(statements, form, prefixes=prefixes if wanted.name != "ntriples" else None)
