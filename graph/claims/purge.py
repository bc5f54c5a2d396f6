"""Complete removal of an entity, with the things that make sense only together with it.

Every write ends with the removal of the entities on the suppression list (see `graph.write.suppression`), so that no
build, ingest, load or update brings them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from graph.storage.snapshot import DEFAULT, node, term
from graph.vocabulary import expand

__all__ = ["Purged", "purge"]

_NAMES: Final = ("rdfs:label", "skos:prefLabel", "skos:altLabel", "schema:name", "foaf:name")
_DEPENDENT: Final = frozenset(
    expand(name) for name in ("org:Membership", "schema:MonetaryAmount", "ca:Statistic", "qb:Observation")
)
"""Classes of things that exist only as part of another: an office, an amount, a figure."""

_RECORD_LINKS: Final = tuple(term(name) for name in ("rdf:subject", "rdf:object", "oa:hasBody", "ca:quoteOf"))
"""Links from a record (a claim, a mention, a quote) to what it is about; the record is removed with it."""


@dataclass(slots=True)
class Purged:
    """Effects of a removal: the documents that mentioned the entities, and all entities whose facts have changed."""

    documents: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)


def purge(store: ox.Store, iris: Iterable[str]) -> Purged:
    """Remove entities: their names, facts, claims and mentions, as subject or object, in every graph.

    The offices of a person are removed too, and so are the amounts and figures that bear the entity's name, and the
    disagreements that are about nothing else. Texts keep their words.
    """
    purged = Purged()
    for iri in sorted(set(iris)):
        entity = node(iri)
        if entity is None:
            continue
        for target in [*_dependents(store, entity), *_disagreements(store, entity), entity]:
            _remove(store, target, purged)
    return purged


def _dependents(store: ox.Store, entity: ox.NamedNode) -> list[ox.NamedNode]:
    names = {
        quad.object.value.casefold()
        for name in _NAMES
        for quad in store.quads_for_pattern(entity, term(name), None, None)
        if isinstance(quad.object, ox.Literal) and len(quad.object.value) > 2
    }
    dependents = []
    for other in sorted(_neighbours(store, entity), key=str):
        if _DEPENDENT.isdisjoint(_types(store, other)):
            continue
        is_office = any(True for _ in store.quads_for_pattern(other, term("org:member"), entity, None))
        label = " ".join(_labels(store, other)).casefold()
        if is_office or any(name in label for name in names):
            dependents.append(other)
    return dependents


def _neighbours(store: ox.Store, entity: ox.NamedNode) -> set[ox.NamedNode]:
    """Nodes that a fact or a claim links with the entity."""
    ends: set[ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple] = set()
    for quad in store.quads_for_pattern(entity, None, None, None):
        ends.add(quad.object)
    for quad in store.quads_for_pattern(None, None, entity, None):
        ends.add(quad.subject)
        if quad.predicate in _RECORD_LINKS[:2]:
            for part in _RECORD_LINKS[:2]:
                ends.update(end.object for end in store.quads_for_pattern(quad.subject, part, None, quad.graph_name))
    return {other for other in ends if isinstance(other, ox.NamedNode)} - {entity}


def _types(store: ox.Store, entity: ox.NamedNode) -> set[str]:
    return {obj.value for obj in _values(store, entity, "rdf:type") if isinstance(obj, ox.NamedNode)}


def _labels(store: ox.Store, entity: ox.NamedNode) -> set[str]:
    return {obj.value for obj in _values(store, entity, "rdfs:label") if isinstance(obj, ox.Literal)}


def _values(store: ox.Store, entity: ox.NamedNode, name: str) -> Iterator[object]:
    """Values of a property, asserted or claimed."""
    for quad in store.quads_for_pattern(entity, term(name), None, None):
        yield quad.object
    for quad in store.quads_for_pattern(None, term("rdf:subject"), entity, None):
        claim, graph = quad.subject, quad.graph_name
        if any(True for _ in store.quads_for_pattern(claim, term("rdf:predicate"), term(name), graph)):
            for value in store.quads_for_pattern(claim, term("rdf:object"), None, graph):
                yield value.object


def _disagreements(store: ox.Store, entity: ox.NamedNode) -> list[ox.NamedNode]:
    """Disagreements about the entity alone, each after its positions."""
    nodes: list[ox.NamedNode] = []
    for quad in list(store.quads_for_pattern(None, term("ca:about"), entity, DEFAULT)):
        about = {other.object for other in store.quads_for_pattern(quad.subject, term("ca:about"), None, DEFAULT)}
        if about == {entity} and isinstance(quad.subject, ox.NamedNode):
            positions = store.quads_for_pattern(quad.subject, term("ca:position"), None, DEFAULT)
            nodes += [position.object for position in positions if isinstance(position.object, ox.NamedNode)]
            nodes.append(quad.subject)
    return nodes


def _remove(store: ox.Store, target: ox.NamedNode | ox.BlankNode, purged: Purged) -> None:
    if isinstance(target, ox.NamedNode):
        purged.entities.add(target.value)
    for quad in list(store.quads_for_pattern(None, None, target, None)):
        if quad.predicate in _RECORD_LINKS:
            _remove_record(store, quad.subject)
        elif isinstance(quad.subject, ox.NamedNode):
            document = next(iter(store.quads_for_pattern(quad.subject, term("dcterms:isPartOf"), None, DEFAULT)), None)
            if document is not None and quad.predicate == term("schema:mentions"):
                purged.documents.add(getattr(document.object, "value", ""))
            else:
                purged.entities.add(quad.subject.value)
        store.remove(quad)
    for quad in list(store.quads_for_pattern(target, None, None, None)):
        store.remove(quad)
        if isinstance(quad.object, ox.NamedNode):
            purged.entities.add(quad.object.value)
        elif isinstance(quad.object, ox.BlankNode) and not _is_referenced(store, quad.object):
            _remove(store, quad.object, purged)


def _remove_record(store: ox.Store, record: object) -> None:
    """A claim with its quotes, or a mention."""
    if not isinstance(record, (ox.NamedNode, ox.BlankNode)):
        return
    for quad in list(store.quads_for_pattern(record, None, None, None)):
        store.remove(quad)
    for quad in list(store.quads_for_pattern(None, term("ca:quoteOf"), record, None)):
        _remove_record(store, quad.subject)


def _is_referenced(store: ox.Store, blank: ox.BlankNode) -> bool:
    return any(True for _ in store.quads_for_pattern(None, None, blank, None))
