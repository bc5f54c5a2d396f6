"""A small atlas of some facts about publications, without a search index."""

from __future__ import annotations

import pyoxigraph as ox

from graph.claims.acceptance import Object, accept_graph
from graph.seed_data.claim_expansion import claim_quads
from graph.storage.snapshot import DEFAULT, term
from graph.write.writer import Changes, NoIndex

__all__ = ["EX", "ID", "NoIndex", "claim", "describe_source", "ex", "few_facts"]

EX = "https://example.org/"

ID = "https://w3id.org/creative-atlas/id/"


def ex(name: str) -> ox.NamedNode:
    """Node of the example namespace."""
    return ox.NamedNode(EX + name)


def claim(
    source: str, subject: ox.NamedNode, predicate: ox.NamedNode, obj: Object, status: str = "accepted"
) -> list[ox.Quad]:
    return list(claim_quads(ex(source), subject, predicate, obj, ((term("ca:status"), term(f"ca:{status}")),)))


def describe_source(name: str, reliability: str) -> list[ox.Quad]:
    return [
        ox.Quad(ex(name), term("rdf:type"), term("ca:Source"), DEFAULT),
        ox.Quad(ex(name), term("dcterms:title"), ox.Literal(f"Source {name}"), DEFAULT),
        ox.Quad(ex(name), term("ca:reliability"), ox.Literal(reliability), DEFAULT),
    ]


def few_facts(store: ox.Store) -> Changes:
    """Facts about Nesta and PEC. The publisher of the Radar report is disputed; one of its claims has two sources."""
    store.extend(
        [
            *describe_source("official", "official"),
            *describe_source("blog", "low"),
            *describe_source("memory", "memory"),
            *claim("official", ex("radar"), term("rdfs:label"), ox.Literal("Creative Radar")),
            *claim("official", ex("radar"), term("rdf:type"), term("ca:Report")),
            *claim("official", ex("pec"), term("rdfs:label"), ox.Literal("Creative PEC")),
            *claim("official", ex("nesta"), term("rdfs:label"), ox.Literal("Nesta")),
            *claim("official", ex("radar"), term("dcterms:publisher"), ex("pec")),
            *claim("blog", ex("radar"), term("dcterms:publisher"), ex("pec")),
            *claim("blog", ex("radar"), term("dcterms:publisher"), ex("nesta"), "proposed"),
            *claim("memory", ex("nesta"), term("schema:location"), ex("london")),
            *claim("memory", ex("london"), term("rdfs:label"), ox.Literal("London")),
        ]
    )
    for name in ("official", "blog", "memory"):
        accept_graph(store, ex(name))
    return Changes(everything=True)
