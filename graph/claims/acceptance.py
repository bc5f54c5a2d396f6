"""Acceptance: the only code that puts a claimed triple into the default graph or takes it out.

A fact is asserted while at least one claim on it is accepted, in whatever source's graph. A claim that a preferred
reading contradicts is not accepted in the first place (its status says so), so the rule reads only the claims on the
one triple.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from graph.storage.snapshot import DEFAULT, term

__all__ = ["Claim", "accept_graph", "claim_named", "claims_in", "claims_on", "is_supported", "retract_graph"]

Object = ox.NamedNode | ox.Literal

_SUBJECT, _PREDICATE, _OBJECT = term("rdf:subject"), term("rdf:predicate"), term("rdf:object")
_STATUS, _ACCEPTED = term("ca:status"), term("ca:accepted")


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of one source: `iri` is the claim's own name, `graph` the source's graph.

    `details` are its other properties (status, note, dates, quote …) by predicate IRI.
    """

    iri: ox.NamedNode
    graph: ox.NamedNode
    subject: ox.NamedNode
    predicate: ox.NamedNode
    object: Object
    details: tuple[tuple[str, Object], ...]

    @property
    def triple(self) -> tuple[ox.NamedNode, ox.NamedNode, Object]:
        """Subject, predicate and object of the claimed statement."""
        return self.subject, self.predicate, self.object

    @property
    def accepted(self) -> bool:
        """Whether the status is `ca:accepted`."""
        return (_STATUS.value, _ACCEPTED) in self.details

    def detail(self, predicate: ox.NamedNode) -> str | None:
        """The least value of a property, None where it has no value."""
        return min((obj.value for name, obj in self.details if name == predicate.value), default=None)


def _read(store: ox.Store, iri: ox.NamedNode, graph: ox.NamedNode) -> Claim | None:
    """The claim; None for a node without subject, predicate or object (reification of other data, for example)."""
    parts: dict[str, Object] = {}
    details: list[tuple[str, Object]] = []
    for quad in store.quads_for_pattern(iri, None, None, graph):
        obj = quad.object
        if not isinstance(obj, (ox.NamedNode, ox.Literal)):
            continue
        if quad.predicate in (_SUBJECT, _PREDICATE, _OBJECT):
            parts[quad.predicate.value] = obj
        else:
            details.append((quad.predicate.value, obj))
    subject, predicate = parts.get(_SUBJECT.value), parts.get(_PREDICATE.value)
    claimed = parts.get(_OBJECT.value)
    if not isinstance(subject, ox.NamedNode) or not isinstance(predicate, ox.NamedNode) or claimed is None:
        return None
    details.sort(key=lambda detail: (detail[0], str(detail[1])))
    return Claim(iri, graph, subject, predicate=predicate, object=claimed, details=tuple(details))


def _claims(store: ox.Store, quads: Iterable[ox.Quad]) -> Iterator[Claim]:
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.graph_name, ox.NamedNode):
            claim = _read(store, quad.subject, quad.graph_name)
            if claim is not None:
                yield claim


def claim_named(store: ox.Store, iri: ox.NamedNode) -> Claim | None:
    """The claim of this name, in whatever source's graph; None where there is none."""
    return next(_claims(store, store.quads_for_pattern(iri, _SUBJECT, None, None)), None)


def claims_in(store: ox.Store, graph: ox.NamedNode) -> Iterator[Claim]:
    """Every claim that one source makes."""
    return _claims(store, store.quads_for_pattern(None, _SUBJECT, None, graph))


def claims_on(
    store: ox.Store, *, subject: ox.NamedNode | None = None, obj: Object | None = None, limit: int | None = None
) -> Iterator[Claim]:
    """Claims about a subject, with an object, or both, in no order; `limit` at most.

    Raises ValueError without subject and object.

    >>> pec = ox.NamedNode("https://example.org/pec")
    >>> [(claim.object.value, claim.accepted) for claim in claims_on(snapshot.store, subject=pec)]
    [('Creative PEC', True)]
    """
    if subject is None and obj is None:
        raise ValueError("claims_on needs a subject or an object")
    predicate, value = (_SUBJECT, subject) if subject is not None else (_OBJECT, obj)
    for number, claim in enumerate(_claims(store, store.quads_for_pattern(None, predicate, value, None))):
        if limit is not None and number >= limit:
            return
        if obj is None or claim.object == obj:
            yield claim


def is_supported(store: ox.Store, subject: ox.NamedNode, predicate: ox.NamedNode, obj: Object) -> bool:
    """Whether any accepted claim, in any source's graph, says this triple."""
    return any(claim.accepted and claim.predicate == predicate for claim in claims_on(store, subject=subject, obj=obj))


def accept_graph(store: ox.Store, graph: ox.NamedNode) -> set[str]:
    """Assert the triples of a source's accepted claims. Returns the IRIs whose facts may have changed."""
    # Four scans of the graph, not a look-up per claim: a fifth of the time when a whole atlas is built.
    parts = [
        {quad.subject: quad.object for quad in store.quads_for_pattern(None, name, None, graph)}
        for name in (_SUBJECT, _PREDICATE, _OBJECT)
    ]
    touched: set[str] = set()
    facts = []
    for quad in store.quads_for_pattern(None, _STATUS, _ACCEPTED, graph):
        subject, predicate, obj = (part.get(quad.subject) for part in parts)
        if (
            isinstance(subject, ox.NamedNode)
            and isinstance(predicate, ox.NamedNode)
            and isinstance(obj, (ox.NamedNode, ox.Literal))
        ):
            facts.append(ox.Quad(subject, predicate, obj, DEFAULT))
            touched.update(_ends(subject, obj))
    store.extend(facts)
    return touched


def retract_graph(store: ox.Store, graph: ox.NamedNode) -> set[str]:
    """Delete a source's graph, and each fact whose last accepted claim was in it.

    Returns the IRIs whose facts may have changed.
    """
    accepted = [claim for claim in claims_in(store, graph) if claim.accepted]
    store.remove_graph(graph)
    touched: set[str] = set()
    for claim in accepted:
        touched.update(_ends(claim.subject, claim.object))
        if not is_supported(store, *claim.triple):
            store.remove(ox.Quad(*claim.triple, DEFAULT))
    return touched


def _ends(subject: ox.NamedNode, obj: Object) -> set[str]:
    return {subject.value, obj.value} if isinstance(obj, ox.NamedNode) else {subject.value}
