"""Protection of claims from writes that clear or replace whole graphs.

Protected are the graphs that hold claims, and the default graph of an atlas that holds any. Without this rule a write
could leave accepted facts without their claims, or claims without their facts."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from graph.errors import ClaimsHeld
from graph.storage.snapshot import DEFAULT, term

__all__ = ["holds_claims", "refuse_claims", "refuse_emptied"]

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
