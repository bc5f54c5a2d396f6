"""Taking an entity out of a graph altogether, with whatever only makes sense together with it.

Every write ends with this for the entities on the suppression list (see `graph.write.suppression`), so none of them
comes back by a build, an ingest, a load or an update.
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
"""Things that are known only as something of another: an office held, an amount paid, a figure."""

_WHOLE: Final = tuple(term(name) for name in ("rdf:subject", "rdf:object", "oa:hasBody", "ca:quoteOf"))
"""Who points to the entity by one of these (a claim, a mention, a quote) goes as a whole."""


@dataclass(slots=True)
class Purged:
    """What was taken out: the documents that mentioned it, and all entities whose facts have changed."""

    documents: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)


def purge(store: ox.Store, iris: Iterable[str]) -> Purged:
    """Remove the entities: their names, facts, claims and mentions, in every graph, at either end.

    With a person go the offices that they hold; with any entity the amounts and figures that bear its name, and the
    disagreements that are about nothing else. Texts keep their words.
    """
    done = Purged()
    for iri in sorted(set(iris)):
        found = node(iri)
        if found is None:
            continue
        for gone in [*_dependents(store, found), *_disagreements(store, found), found]:
            _remove(store, gone, done)
    return done


def _dependents(store: ox.Store, entity: ox.NamedNode) -> list[ox.NamedNode]:
    names = {
        quad.object.value.casefold()
        for name in _NAMES
        for quad in store.quads_for_pattern(entity, term(name), None, None)
        if isinstance(quad.object, ox.Literal) and len(quad.object.value) > 2
    }
    found = []
    for other in sorted(_around(store, entity), key=str):
        if _DEPENDENT.isdisjoint(_types(store, other)):
            continue
        held = any(True for _ in store.quads_for_pattern(other, term("org:member"), entity, None))
        label = " ".join(_labels(store, other)).casefold()
        if held or any(name in label for name in names):
            found.append(other)
    return found


def _around(store: ox.Store, entity: ox.NamedNode) -> set[ox.NamedNode]:
    """Whatever is linked with the entity, by a fact or by a claim alone."""
    found: set[ox.NamedNode | ox.Literal | ox.BlankNode | ox.Triple] = set()
    for quad in store.quads_for_pattern(entity, None, None, None):
        found.add(quad.object)
    for quad in store.quads_for_pattern(None, None, entity, None):
        found.add(quad.subject)
        if quad.predicate in _WHOLE[:2]:
            for part in _WHOLE[:2]:
                found.update(end.object for end in store.quads_for_pattern(quad.subject, part, None, quad.graph_name))
    return {other for other in found if isinstance(other, ox.NamedNode)} - {entity}


def _types(store: ox.Store, entity: ox.NamedNode) -> set[str]:
    return {obj.value for obj in _said(store, entity, "rdf:type") if isinstance(obj, ox.NamedNode)}


def _labels(store: ox.Store, entity: ox.NamedNode) -> set[str]:
    return {obj.value for obj in _said(store, entity, "rdfs:label") if isinstance(obj, ox.Literal)}


def _said(store: ox.Store, entity: ox.NamedNode, name: str) -> Iterator[object]:
    """Values of a property, asserted or only claimed."""
    for quad in store.quads_for_pattern(entity, term(name), None, None):
        yield quad.object
    for quad in store.quads_for_pattern(None, term("rdf:subject"), entity, None):
        claim, graph = quad.subject, quad.graph_name
        if any(True for _ in store.quads_for_pattern(claim, term("rdf:predicate"), term(name), graph)):
            for value in store.quads_for_pattern(claim, term("rdf:object"), None, graph):
                yield value.object


def _disagreements(store: ox.Store, entity: ox.NamedNode) -> list[ox.NamedNode]:
    """Those about the entity alone, after their positions."""
    found: list[ox.NamedNode] = []
    for quad in list(store.quads_for_pattern(None, term("ca:about"), entity, DEFAULT)):
        about = {other.object for other in store.quads_for_pattern(quad.subject, term("ca:about"), None, DEFAULT)}
        if about == {entity} and isinstance(quad.subject, ox.NamedNode):
            positions = store.quads_for_pattern(quad.subject, term("ca:position"), None, DEFAULT)
            found += [each.object for each in positions if isinstance(each.object, ox.NamedNode)]
            found.append(quad.subject)
    return found


def _remove(store: ox.Store, gone: ox.NamedNode | ox.BlankNode, done: Purged) -> None:
    if isinstance(gone, ox.NamedNode):
        done.entities.add(gone.value)
    for quad in list(store.quads_for_pattern(None, None, gone, None)):
        if quad.predicate in _WHOLE:
            _remove_record(store, quad.subject, done)
        elif isinstance(quad.subject, ox.NamedNode):
            document = next(iter(store.quads_for_pattern(quad.subject, term("dcterms:isPartOf"), None, DEFAULT)), None)
            if document is not None and quad.predicate == term("schema:mentions"):
                done.documents.add(getattr(document.object, "value", ""))
            else:
                done.entities.add(quad.subject.value)
        store.remove(quad)
    for quad in list(store.quads_for_pattern(gone, None, None, None)):
        store.remove(quad)
        if isinstance(quad.object, ox.NamedNode):
            done.entities.add(quad.object.value)
        elif isinstance(quad.object, ox.BlankNode) and not _referred(store, quad.object):
            _remove(store, quad.object, done)


def _remove_record(store: ox.Store, record: object, done: Purged) -> None:
    """A claim with its quotes, or a mention."""
    if not isinstance(record, (ox.NamedNode, ox.BlankNode)):
        return
    for quad in list(store.quads_for_pattern(record, None, None, None)):
        store.remove(quad)
    for quad in list(store.quads_for_pattern(None, term("ca:quoteOf"), record, None)):
        _remove_record(store, quad.subject, done)


def _referred(store: ox.Store, blank: ox.BlankNode) -> bool:
    return any(True for _ in store.quads_for_pattern(None, None, blank, None))
