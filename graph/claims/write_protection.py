"""Protection of claims from writes that clear or replace whole graphs, or take most facts out.

Protected are the graphs that hold claims, and the default graph of an atlas that holds any. Without this rule a write
could leave accepted facts without their claims, or claims without their facts. How much a write takes out is judged by
what was accepted before it; what it puts in does not count."""

from __future__ import annotations

import random
from itertools import count
from typing import Final, Literal

import pyoxigraph as ox

from graph.errors import ClaimsHeld
from graph.storage.snapshot import DEFAULT, term

__all__ = ["MAX_REMOVED", "ProtectedClaims", "holds_claims", "refuse_claims", "refuse_emptied"]

MAX_REMOVED: Final = 0.5
"""Share of the accepted facts, or claims, that one write may take out."""

_SAMPLE: Final = 10_000
"""Claims that are looked at; where there are more, the share is known to a per cent."""

_REMEDY: Final = "Change single triples instead."


def holds_claims(store: ox.Store, graph: ox.NamedNode | None = None) -> bool:
    """Whether the graph holds a claim; without `graph`, whether any does."""
    return any(True for _ in store.quads_for_pattern(None, term("rdf:type"), term("ca:Claim"), graph))


def refuse_claims(store: ox.Store, target: ox.NamedNode | ox.DefaultGraph, operation: str) -> None:
    """Raise ClaimsHeld where the target is protected; `operation`: participle of what the write would do to it.

    For the default graph a claim in any graph counts, for a source's graph only its own claims.
    """
    if isinstance(target, ox.DefaultGraph):
        if holds_claims(store):
            raise ClaimsHeld(
                f"The default graph cannot be {operation}: its facts rest on claims in the graphs of their sources.",
                f"Put your data into a graph of its own. {_REMEDY}",
            )
    elif holds_claims(store, target):
        raise ClaimsHeld(
            f"The graph <{target.value[:200]}> holds the claims of a source and cannot be {operation}: accepted "
            "facts rest on them.",
            f"Ingest the source again or forget it. {_REMEDY}",
        )


def refuse_emptied(store: ox.Store, *, facts: bool, claims: bool) -> None:
    """Raise ClaimsHeld where an update has removed the last fact or the last claim.

    `facts`, `claims`: whether the store had any before the update.
    """
    if facts and not any(True for _ in store.quads_for_pattern(None, None, None, DEFAULT)):
        raise ClaimsHeld("This would remove every accepted fact, and leave the claims that they rest on.", _REMEDY)
    if claims and not holds_claims(store):
        raise ClaimsHeld("This would remove every claim, and leave the accepted facts that rest on them.", _REMEDY)


class ProtectedClaims:
    """The accepted claims of `claims`, and their facts in `facts`, as they are before a write; a random sample of so
    many where there are more.

    >>> store = ox.Store()
    >>> ProtectedClaims(store, store).share_gone("facts")
    0.0
    """

    def __init__(self, claims: ox.Store, facts: ox.Store, *, sample: int = _SAMPLE) -> None:
        self._claims, self._facts = claims, facts
        statuses = _sampled(claims, sample)
        stated = (fact for status in statuses for fact in _facts_of(claims, status))
        self._before: dict[str, list[tuple[ox.Quad, ...]]] = {
            "claims": [(status, *_type_of(claims, status)) for status in statuses],
            "facts": [(fact,) for fact in dict.fromkeys(stated) if fact in facts],
        }

    def share_gone(self, kind: Literal["facts", "claims"]) -> float:
        """Share of them that is there no longer."""
        store, before = self._facts if kind == "facts" else self._claims, self._before[kind]
        gone = sum(any(quad not in store for quad in quads) for quads in before)
        return gone / len(before) if before else 0.0

    def refuse_removed(self, max_removed: float) -> None:
        """Raise ClaimsHeld where the write has taken out a larger share of the facts, or of the claims."""
        for kind in ("facts", "claims"):
            share = self.share_gone(kind)
            if share > max_removed:
                raise ClaimsHeld(
                    f"This would take out {share:.0%} of the accepted {kind}; {max_removed:.0%} are allowed in one "
                    "write, because claims and facts rest on each other.",
                    f"{_REMEDY} CREATIVE_ATLAS_MAX_REMOVED sets the share.",
                )


def _sampled(store: ox.Store, size: int) -> list[ox.Quad]:
    """The statements that a claim is accepted: all, or so many at random (reservoir sampling)."""
    chosen: list[ox.Quad] = []
    chance = random.SystemRandom()
    for number, quad in zip(count(), store.quads_for_pattern(None, term("ca:status"), term("ca:accepted"), None)):
        if number < size:
            chosen.append(quad)
        elif (place := int(chance.random() * (number + 1))) < size:
            chosen[place] = quad
    return chosen


def _type_of(store: ox.Store, status: ox.Quad) -> list[ox.Quad]:
    return list(store.quads_for_pattern(status.subject, term("rdf:type"), term("ca:Claim"), status.graph_name))


def _facts_of(store: ox.Store, status: ox.Quad) -> list[ox.Quad]:
    parts = [
        next(
            (quad.object for quad in store.quads_for_pattern(status.subject, term(name), None, status.graph_name)), None
        )
        for name in ("rdf:subject", "rdf:predicate", "rdf:object")
    ]
    subject, predicate, obj = parts
    if not isinstance(subject, ox.NamedNode) or not isinstance(predicate, ox.NamedNode) or obj is None:
        return []
    return [ox.Quad(subject, predicate, obj, DEFAULT)]
