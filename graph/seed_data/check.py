"""Checks of a data folder before it is built. Each error names file, line and remedy."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
from rapidfuzz import process

from graph.claims.acceptance import Object
from graph.seed_data.turtle import Block
from graph.storage.snapshot import term
from graph.vocabulary import PREFIXES, compact

__all__ = ["check_identity", "check_properties", "check_sources"]

_CORE = tuple(PREFIXES[prefix] for prefix in ("rdf", "rdfs", "owl", "sh"))


def check_properties(blocks: Iterable[Block], defined: set[str]) -> None:
    """Raise BadData for a property (or a claimed predicate) that the ontology does not define."""
    for block in blocks:
        claimed: list[Object] = block.values(term("rdf:predicate"))
        for name in [predicate for predicate, _ in block.statements] + claimed:
            if name.value in defined or name.value.startswith(_CORE):
                continue
            nearest = process.extractOne(name.value, sorted(defined))
            hint = f"Did you mean {compact(nearest[0])}? " if nearest and nearest[1] > 80 else ""
            raise block.error(
                f"{compact(name.value)} is not a property of the ontology.",
                f"{hint}Use one that ontology.ttl defines, or define it there.",
            )


def check_sources(blocks: Iterable[Block], known: set[ox.NamedNode]) -> None:
    """Raise BadData for a source that sources.ttl does not describe."""
    for block in blocks:
        for source in block.values(term("dcterms:source")):
            if source not in known:
                raise block.error(
                    f"{compact(source.value)} is not a known source.",
                    "Describe it in sources.ttl, or correct its name.",
                )


def check_identity(blocks: Iterable[Block]) -> None:
    """Raise BadData for a subject that is described twice, and for an identifier that two subjects have."""
    subjects: dict[ox.NamedNode, Block] = {}
    identifiers: dict[str, Block] = {}
    for block in blocks:
        earlier = subjects.setdefault(block.subject, block)
        if earlier is not block:
            raise block.error(
                f"{compact(block.subject.value)} is described in {earlier.path.name} already.",
                "Merge the two blocks, or give this one another IRI.",
            )
        for identifier in block.values(term("dcterms:identifier")):
            other = identifiers.setdefault(identifier.value, block)
            if other is not block:
                raise block.error(
                    f"The identifier {identifier.value!r} belongs to {compact(other.subject.value)} already.",
                    "Give each entity an identifier of its own.",
                )
