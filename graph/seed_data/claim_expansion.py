"""Expansion of the compact form of a data folder into claims in the graphs of their sources.

An entity's block names its sources once; each of its statements becomes one accepted claim per source.
A claim record names its sources too. It becomes one claim per source, with its dates, note and status.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from graph.claims.acceptance import Object
from graph.iri import DEFAULT_BASE, claim_iri
from graph.seed_data.turtle import Block
from graph.storage.snapshot import DEFAULT, term

__all__ = ["claim_quads", "entity_claims", "plain", "record_claims"]

_SOURCE = term("dcterms:source")
_DETAILS = tuple(
    term(name)
    for name in ("ca:status", "ca:confidence", "ca:note", "ca:validFrom", "ca:validTo", "ca:asOf", "ca:record")
)


def plain(block: Block) -> Iterator[ox.Quad]:
    """Statements of a block, unchanged, in the default graph."""
    for predicate, obj in block.statements:
        yield ox.Quad(block.subject, predicate, obj, DEFAULT)


def claim_quads(
    source: ox.NamedNode,
    subject: ox.NamedNode,
    predicate: ox.NamedNode,
    obj: Object,
    details: tuple[tuple[ox.NamedNode, Object], ...],
    record: str = "",
) -> Iterator[ox.Quad]:
    """Quads of one claim, in the graph of its source. `details` are its other properties, such as its status."""
    name = claim_iri(source.value, subject.value, predicate.value, str(obj), record, DEFAULT_BASE)
    claim = ox.NamedNode(name)
    for property_, value in (
        (term("rdf:type"), term("ca:Claim")),
        (term("rdf:subject"), subject),
        (term("rdf:predicate"), predicate),
        (term("rdf:object"), obj),
        (term("prov:wasDerivedFrom"), source),
        *details,
    ):
        yield ox.Quad(claim, property_, value, source)


def entity_claims(block: Block) -> Iterator[ox.Quad]:
    """Accepted claims for the block of an entity or an observation, and its sources in the default graph.

    Raises BadData for a block without a source.
    """
    accepted = ((term("ca:status"), term("ca:accepted")),)
    for source in _sources(block):
        yield ox.Quad(block.subject, _SOURCE, source, DEFAULT)
        for predicate, obj in block.statements:
            if predicate != _SOURCE:
                yield from claim_quads(source, block.subject, predicate, obj, accepted)


def record_claims(block: Block) -> Iterator[ox.Quad]:
    """Claims for a claim record, one per source. Raises BadData where a part is missing."""
    subject, predicate = block.one(term("rdf:subject")), block.one(term("rdf:predicate"))
    obj = block.one(term("rdf:object"))
    if not isinstance(subject, ox.NamedNode) or not isinstance(predicate, ox.NamedNode):
        raise block.error("The subject and the predicate of a claim must be IRIs.", "Write them as such.")
    block.one(term("ca:status"))
    details = tuple((name, value) for name, value in block.statements if name in _DETAILS)
    for source in _sources(block):
        yield from claim_quads(source, subject, predicate, obj, details, block.subject.value)


def _sources(block: Block) -> list[ox.NamedNode]:
    sources = [obj for obj in block.values(_SOURCE) if isinstance(obj, ox.NamedNode)]
    if not sources:
        raise block.error(
            f"{block.subject.value} names no source.",
            "Add `dcterms:source` with a source that sources.ttl describes.",
        )
    return sources
