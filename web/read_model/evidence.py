"""What stands behind the ties of a row of results: the page “why?”.

What in a row of an answer facts tie together: where “why?” beside the row leads.

A query may give an entry by its IRI, by its name, or only by what is said of it (the year and the sum of a statistic).
So the cells are read in that order: what the surer reading explains is not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, islice
from typing import Final

import pyoxigraph as ox

from graph.claims.acceptance import claims_on
from graph.claims.evidence import behind
from graph.entities.view import value_of
from graph.model import Value
from graph.storage.snapshot import DEFAULT, Snapshot, node
from graph.vocabulary import expand
from web.read_model.live_generation import View
from web.read_model.overview import ref
from web.read_model.reader import Backed

__all__ = ["MOST_EDGES", "among", "connected", "literal_of", "why"]

MOST_EDGES: Final = 40
"""Edges that are explained at once."""

_MOST_ENDS: Final = 6
"""Entries that are looked at, and literals."""

_MOST_CLAIMS: Final = 2_000

Object = ox.NamedNode | ox.Literal
Triple = tuple[str, str, Object]


def among(view: View, ends: Iterable[str]) -> tuple[Backed, ...]:
    """Every fact and claim between the entries (IRIs) and literals (N-Triples) of `ends`, each with its evidence."""
    told = list(ends)
    nodes = _nodes(told)
    found = chain(
        (
            triple
            for one, other in combinations(nodes, 2)
            for pair in ((one, other), (other, one))
            for triple in _between(view.snapshot, *pair)
        ),
        (
            (each.value, quad.predicate.value, literal)
            for literal in _literals(told)
            for each in nodes
            for quad in view.snapshot.store.quads_for_pattern(each, None, literal, DEFAULT)
        ),
    )
    return tuple(_backed(view, triple) for triple in islice(dict.fromkeys(found), MOST_EDGES))


def why(view: View, subject: str, predicate: str, obj: Value) -> tuple[Backed, ...]:
    """One edge with its evidence; empty where the graph neither holds nor claims it."""
    ends, relation = node(subject), node(predicate)
    target = node(obj.value) if obj.kind == "iri" else literal_of(obj)
    if ends is None or relation is None or target is None:
        return ()
    found = _backed(view, (subject, predicate, target))
    return (found,) if found.asserted or found.evidence else ()


def _nodes(ends: Iterable[str]) -> list[ox.NamedNode]:
    made = (node(each) for each in dict.fromkeys(ends) if not each.startswith('"'))
    return list(islice((each for each in made if each is not None), _MOST_ENDS))


def _literals(ends: Iterable[str]) -> Iterator[ox.Literal]:
    """Those of the ends that N-Triples takes for one literal."""
    for each in islice((each for each in dict.fromkeys(ends) if each.startswith('"')), _MOST_ENDS):
        try:
            (quad,) = ox.parse(f"<x:s> <x:p> {each} .", ox.RdfFormat.N_TRIPLES)
        except (ValueError, SyntaxError):
            continue
        if isinstance(quad.object, ox.Literal):
            yield quad.object


def _between(snapshot: Snapshot, one: ox.NamedNode, other: ox.NamedNode) -> Iterator[Triple]:
    for quad in snapshot.store.quads_for_pattern(one, None, other, DEFAULT):
        yield one.value, quad.predicate.value, other
    for claim in claims_on(snapshot.store, subject=one, obj=other, limit=_MOST_CLAIMS):
        yield one.value, claim.predicate.value, other


def _backed(view: View, triple: Triple) -> Backed:
    subject, predicate, obj = triple
    snapshot = view.snapshot
    held = snapshot.store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), obj, DEFAULT)
    return Backed(
        subject=ref(view, subject),
        predicate=ref(view, predicate),
        value=value_of(snapshot, obj),
        evidence=behind(snapshot, subject, predicate, obj),
        asserted=next(held, None) is not None,
    )


_MOST_CELLS: Final = 8
_FEW: Final = 3
"""Entries that a name or a value may stand for; one that more have tells none of them."""

_LONGEST: Final = 1_000
"""Characters of a literal that is handed on: it travels in an address."""

_NAMING: Final = {
    expand(name)
    for name in ("rdfs:label", "skos:prefLabel", "skos:altLabel", "schema:name", "foaf:name", "dcterms:title")
}

_SOURCE: Final = ox.NamedNode(expand("dcterms:source"))
"""That an entry has claims from a source is nothing that a claim says."""

Cells = dict[ox.NamedNode, set[int]]
"""The cells of the row that an entry stands for."""


def connected(
    snapshot: Snapshot, rows: Iterable[tuple[Value | None, ...]], known: Mapping[str, Sequence[str]]
) -> list[tuple[str, ...]]:
    """For each row its entries (IRIs) and literals (as N-Triples writes them) that facts tie, in the row's order.

    `known` maps folded names to IRIs. That an entry bears its own name is told only where there is nothing else, and
    the row gives the entry itself.
    """
    facts = _Facts(snapshot.store, known)
    return [_connected(facts, row) for row in rows]


def _connected(facts: _Facts, row: tuple[Value | None, ...]) -> tuple[str, ...]:
    cells = list(islice((value for value in row if value is not None), _MOST_CELLS))
    literals = {at: made for at, value in enumerate(cells) if value.kind != "iri" and (made := literal_of(value))}
    ties = _Ties(facts, literals)
    for at, value in enumerate(cells):
        if value.kind == "iri" and (entry := node(value.value)) is not None:
            ties.offer(entry, at)
    ties.settle()
    for guess in (facts.named, facts.having):
        for at, literal in ties.unexplained():
            for entry in guess(literal):
                ties.offer(entry, at)
        ties.settle()
    return ties.ends(len(cells))


def literal_of(value: Value) -> ox.Literal | None:
    """None where no graph can hold it: a language tag that is none, a datatype that is no IRI."""
    try:
        if value.language:
            return ox.Literal(value.value, language=value.language)
        return ox.Literal(value.value, datatype=ox.NamedNode(value.datatype) if value.datatype else None)
    except ValueError:
        return None


def _few(entries: Iterable[object]) -> list[ox.NamedNode]:
    found = [entry for entry in entries if isinstance(entry, ox.NamedNode)]
    return list(dict.fromkeys(found)) if len(found) <= _FEW else []


class _Facts:
    """Look-ups that the rows of a page have in common, each made once."""

    def __init__(self, store: ox.Store, known: Mapping[str, Sequence[str]]) -> None:
        self._store, self._known = store, known
        self._held: dict[tuple[ox.NamedNode, ox.Literal], set[str]] = {}
        self._tied: dict[tuple[ox.NamedNode, ox.NamedNode], bool] = {}
        self._having: dict[ox.Literal, list[ox.NamedNode]] = {}

    def named(self, name: ox.Literal) -> list[ox.NamedNode]:
        return _few(map(node, self._known.get(name.value.casefold(), ())[: _FEW + 1]))

    def having(self, literal: ox.Literal) -> list[ox.NamedNode]:
        if literal not in self._having:
            quads = islice(self._store.quads_for_pattern(None, None, literal, DEFAULT), _FEW + 1)
            self._having[literal] = _few(quad.subject for quad in quads)
        return self._having[literal]

    def held(self, entry: ox.NamedNode, literal: ox.Literal) -> set[str]:
        """The relations by which the entry has the literal."""
        if (entry, literal) not in self._held:
            quads = self._store.quads_for_pattern(entry, None, literal, DEFAULT)
            self._held[entry, literal] = {quad.predicate.value for quad in quads}
        return self._held[entry, literal]

    def tied(self, one: ox.NamedNode, other: ox.NamedNode) -> bool:
        """Whether a fact leads from either to the other."""
        if (one, other) not in self._tied:
            self._tied[one, other] = any(
                quad.predicate != _SOURCE
                for ends in ((one, None, other), (other, None, one))
                for quad in self._store.quads_for_pattern(*ends, DEFAULT)
            )
        return self._tied[one, other]


class _Ties:
    """Entries that may stand for cells of a row, and those of them that facts tie to another cell."""

    def __init__(self, facts: _Facts, literals: dict[int, ox.Literal]) -> None:
        self._facts = facts
        self._literals = literals
        self._offered: Cells = {}
        self._kept: Cells = {}
        self._linked = False

    def offer(self, entry: ox.NamedNode, at: int) -> None:
        if entry not in self._kept:
            self._offered.setdefault(entry, set()).add(at)

    def settle(self) -> None:
        """Keep those offered that explain most: of two that stand for one cell, that with more cells tied to it."""
        reach = {
            entry: own | {at for at, literal in self._literals.items() if self._facts.held(entry, literal)}
            for entry, own in self._offered.items()
        }
        before = list(self._kept)
        entries = list(self._offered)
        everywhere = {**self._kept, **self._offered}
        for number, entry in enumerate(entries):
            for other in (*before, *entries[number + 1 :]):
                if everywhere[entry] != everywhere[other] and self._facts.tied(entry, other):
                    self._linked = True
                    reach[entry] |= everywhere[other]
                    if other in reach:
                        reach[other] |= everywhere[entry]
        for entry in entries:
            rivals = (each for each in entries if self._offered[each] & self._offered[entry])
            if 1 < len(reach[entry]) == max(len(reach[each]) for each in rivals):
                self._kept[entry] = self._offered[entry]
        for entry in self._kept:
            self._offered.pop(entry, None)

    def unexplained(self) -> Iterator[tuple[int, ox.Literal]]:
        """The literals that no entry so far stands for or holds."""
        stood = {at for own in self._kept.values() for at in own}
        held = self._facts.held
        left = [each for each in self._literals.items() if not any(held(entry, each[1]) for entry in self._kept)]
        return ((at, literal) for at, literal in left if at not in stood)

    def ends(self, cells: int) -> tuple[str, ...]:
        said: dict[int, bool] = {}  # literals that are held, and whether as more than a name
        for at, literal in self._literals.items():
            if len(literal.value) <= _LONGEST:
                held = {name for entry in self._kept for name in self._facts.held(entry, literal)}
                said |= {at: not held <= _NAMING} if held else {}
        more = self._linked or any(said.values())
        if not more and all(own <= self._literals.keys() for own in self._kept.values()):
            return ()
        found: list[str] = []
        for at in range(cells):
            found += [entry.value for entry, own in self._kept.items() if at in own]
            found += [str(self._literals[at])] if at in said and (said[at] or not more) else []
        return tuple(dict.fromkeys(found)) if len(found) > 1 else ()
