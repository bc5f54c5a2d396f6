"""Cells of a result row that facts connect: “why?” beside the row leads to the evidence for these facts.

A query may give an entity by its IRI, by its name, or only by its values (the year and the sum of a statistic). The
cells are read in this order, the surest reading first: what one reading explains is not left to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import pyoxigraph as ox

from graph.model import Value
from graph.storage.snapshot import DEFAULT, Snapshot, node
from graph.vocabulary import expand
from web.read_model.evidence import literal_of

__all__ = ["connected_cells"]

MAX_CELLS: Final = 8
"""Bound cells of a row that are looked at."""

MAX_NAMESAKES: Final = 3
"""Entities that a name or a value may stand for; what more entities bear identifies none of them."""

MAX_LITERAL_CHARS: Final = 1_000
"""A longer literal is left out: the literals travel in an address."""

_NAMES: Final = {
    expand(name)
    for name in ("rdfs:label", "skos:prefLabel", "skos:altLabel", "schema:name", "foaf:name", "dcterms:title")
}

_SOURCE: Final = ox.NamedNode(expand("dcterms:source"))
"""That an entity has claims from a source is itself not claimed by anyone."""


def connected_cells(
    snapshot: Snapshot, rows: Iterable[tuple[Value | None, ...]], iris_by_name: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """For each row its entities (IRIs) and literals (as N-Triples writes them) that facts connect, in row order.

    `iris_by_name` maps case-folded names to IRIs. The fact that an entity has its own name counts only where there is
    no other, and where the row gives the entity by its IRI.
    """
    facts = _Facts(snapshot.store, iris_by_name)
    return [_connected(facts, row) for row in rows]


def _connected(facts: _Facts, row: tuple[Value | None, ...]) -> tuple[str, ...]:
    cells = list(islice((value for value in row if value is not None), MAX_CELLS))
    literals = {
        index: literal
        for index, value in enumerate(cells)
        if value.kind != "iri" and (literal := literal_of(value)) is not None
    }
    reading = _RowReading(facts, literals)
    for index, value in enumerate(cells):
        if value.kind == "iri" and (entity := node(value.value)) is not None:
            reading.propose(entity, index)
    reading.settle()
    for candidates in (facts.named, facts.having):
        for index, literal in reading.unexplained():
            for entity in candidates(literal):
                reading.propose(entity, index)
        reading.settle()
    return reading.terms(len(cells))


def _unless_many(entities: Iterable[object]) -> list[ox.NamedNode]:
    nodes = [entity for entity in entities if isinstance(entity, ox.NamedNode)]
    return list(dict.fromkeys(nodes)) if len(nodes) <= MAX_NAMESAKES else []


class _Facts:
    """Cache of the look-ups that the rows of a page share."""

    def __init__(self, store: ox.Store, iris_by_name: Mapping[str, Sequence[str]]) -> None:
        self._store, self._iris_by_name = store, iris_by_name
        self._relations: dict[tuple[ox.NamedNode, ox.Literal], set[str]] = {}
        self._linked: dict[tuple[ox.NamedNode, ox.NamedNode], bool] = {}
        self._having: dict[ox.Literal, list[ox.NamedNode]] = {}

    def named(self, name: ox.Literal) -> list[ox.NamedNode]:
        """The entities of this name."""
        return _unless_many(map(node, self._iris_by_name.get(name.value.casefold(), ())[: MAX_NAMESAKES + 1]))

    def having(self, literal: ox.Literal) -> list[ox.NamedNode]:
        """The entities that have the literal as a value."""
        if literal not in self._having:
            quads = islice(self._store.quads_for_pattern(None, None, literal, DEFAULT), MAX_NAMESAKES + 1)
            self._having[literal] = _unless_many(quad.subject for quad in quads)
        return self._having[literal]

    def relations(self, entity: ox.NamedNode, literal: ox.Literal) -> set[str]:
        """The relations by which the entity has the literal."""
        if (entity, literal) not in self._relations:
            quads = self._store.quads_for_pattern(entity, None, literal, DEFAULT)
            self._relations[entity, literal] = {quad.predicate.value for quad in quads}
        return self._relations[entity, literal]

    def are_linked(self, first: ox.NamedNode, second: ox.NamedNode) -> bool:
        """Whether a fact leads from either to the other."""
        if (first, second) not in self._linked:
            self._linked[first, second] = any(
                quad.predicate != _SOURCE
                for start, end in ((first, second), (second, first))
                for quad in self._store.quads_for_pattern(start, None, end, DEFAULT)
            )
        return self._linked[first, second]


class _RowReading:
    """Entities that the cells of one row may stand for; those that a fact connects to another cell are settled.

    Both maps give for each entity the indexes of the cells that it stands for.
    """

    def __init__(self, facts: _Facts, literals: dict[int, ox.Literal]) -> None:
        self._facts = facts
        self._literals = literals
        self._proposed: dict[ox.NamedNode, set[int]] = {}
        self._settled: dict[ox.NamedNode, set[int]] = {}
        self._links_entities = False

    def propose(self, entity: ox.NamedNode, index: int) -> None:
        """Say that the entity may stand for the cell."""
        if entity not in self._settled:
            self._proposed.setdefault(entity, set()).add(index)

    def settle(self) -> None:
        """Settle the proposed entities that reach most cells: of two for one cell, the one with more connections."""
        reach = self._reach()
        entities = list(self._proposed)
        for entity in entities:
            rivals = (other for other in entities if self._proposed[other] & self._proposed[entity])
            if 1 < len(reach[entity]) == max(len(reach[rival]) for rival in rivals):
                self._settled[entity] = self._proposed[entity]
        for entity in self._settled:
            self._proposed.pop(entity, None)

    def _reach(self) -> dict[ox.NamedNode, set[int]]:
        """For each proposed entity the cells that it stands for, has as values, or is linked to."""
        reach = {
            entity: own | {index for index, literal in self._literals.items() if self._facts.relations(entity, literal)}
            for entity, own in self._proposed.items()
        }
        earlier, proposed = list(self._settled), list(self._proposed)
        cells = {**self._settled, **self._proposed}
        for number, entity in enumerate(proposed):
            for other in (*earlier, *proposed[number + 1 :]):
                if cells[entity] != cells[other] and self._facts.are_linked(entity, other):
                    self._links_entities = True
                    reach[entity] |= cells[other]
                    if other in reach:
                        reach[other] |= cells[entity]
        return reach

    def unexplained(self) -> Iterator[tuple[int, ox.Literal]]:
        """The literals that no settled entity stands for or has as a value, with their cells."""
        covered = {index for own in self._settled.values() for index in own}
        literals = [
            (index, literal)
            for index, literal in self._literals.items()
            if not any(self._facts.relations(entity, literal) for entity in self._settled)
        ]
        return ((index, literal) for index, literal in literals if index not in covered)

    def terms(self, cells: int) -> tuple[str, ...]:
        """The connected entities and literals, in the order of the cells; empty where there are fewer than two."""
        says_more: dict[int, bool] = {}  # cells of literals that an entity has: whether as more than its name
        for index, literal in self._literals.items():
            relations = {name for entity in self._settled for name in self._facts.relations(entity, literal)}
            if relations and len(literal.value) <= MAX_LITERAL_CHARS:
                says_more[index] = not relations <= _NAMES
        only_names = not self._links_entities and not any(says_more.values())
        if only_names and all(own <= self._literals.keys() for own in self._settled.values()):
            return ()
        terms: list[str] = []
        for index in range(cells):
            terms += [entity.value for entity, own in self._settled.items() if index in own]
            if index in says_more and (says_more[index] or only_names):
                terms.append(str(self._literals[index]))
        return tuple(dict.fromkeys(terms)) if len(terms) > 1 else ()
