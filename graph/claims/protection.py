"""Graphs that writes from outside may not clear or replace as a whole: those that hold claims, and the default graph
of an atlas that holds any. The facts that rest on the claims would stay without ground, or be gone beside them."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from graph.errors import ClaimsHeld
from graph.storage.snapshot import DEFAULT, term

__all__ = ["holds_claims", "refuse_claims", "refuse_emptied"]

_SINGLY: Final = "Change single triples instead."


def holds_claims(store: ox.Store, graph: ox.NamedNode | None = None) -> bool:
    """Whether a claim is in the graph; in any, where none is given."""
    return any(True for _ in store.quads_for_pattern(None, term("rdf:type"), term("ca:Claim"), graph))


def refuse_claims(store: ox.Store, target: ox.NamedNode | ox.DefaultGraph, done: str) -> None:
    """A source's graph is looked at alone; for the default graph a claim anywhere counts. Raises ClaimsHeld."""
    if isinstance(target, ox.DefaultGraph):
        if holds_claims(store):
            raise ClaimsHeld(
                f"The default graph cannot be {done}: its facts rest on claims in the graphs of their sources.",
                f"Put your data into a graph of its own. {_SINGLY}",
            )
    elif holds_claims(store, target):
        raise ClaimsHeld(
            f"The graph <{target.value[:200]}> holds the claims of a source and cannot be {done}: accepted facts rest "
            "on them.",
            f"Ingest the source again or forget it. {_SINGLY}",
        )


def refuse_emptied(store: ox.Store, *, facts: bool, claims: bool) -> None:
    """After an update, by whatever pattern it did it: what was there (`facts`, `claims`) may not be gone to the last.

    Raises ClaimsHeld.
    """
    if facts and not any(True for _ in store.quads_for_pattern(None, None, None, DEFAULT)):
        raise ClaimsHeld("This would take out every accepted fact, and leave the claims that they rest on.", _SINGLY)
    if claims and not holds_claims(store):
        raise ClaimsHeld("This would take out every claim, and leave the accepted facts that rest on them.", _SINGLY)
