"""Classes and relations of a generation with their labels, for the SPARQL editor. Kept with the view."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import pyoxigraph as ox

from graph.storage.snapshot import Snapshot
from graph.storage.snapshot import term as named_node
from graph.vocabulary import compact
from web.read_model.live_generation import View
from web.read_model.reader import Term, TermKind
from web.read_model.statistics import figures

__all__ = ["query_name", "terms"]

_KINDS: Final[dict[str, TermKind]] = {
    "owl:Class": "class",
    "rdfs:Class": "class",
    "owl:ObjectProperty": "property",
    "owl:DatatypeProperty": "property",
    "rdf:Property": "property",
}
_LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?", re.ASCII)
"""Local names that can be written after a prefix as they are."""


def terms(view: View) -> tuple[Term, ...]:
    """Every class and relation that the ontology names or the facts use, the most used first."""
    return view.once("terms", _terms)


def _terms(view: View) -> tuple[Term, ...]:
    snapshot = view.snapshot
    kinds: dict[str, TermKind] = {}
    for name, kind in _KINDS.items():
        for iri in snapshot.subjects("rdf:type", named_node(name).value):
            kinds.setdefault(iri, kind)
    counts = figures(view)
    facts, members = Counter(counts.properties), counts.kinds
    kinds = {**dict.fromkeys(facts, "property"), **dict.fromkeys(members, "class"), **kinds}
    terms = (
        _term(snapshot, iri, kind, facts[iri] if kind == "property" else members.get(iri, 0))
        for iri, kind in kinds.items()
    )
    return tuple(sorted(terms, key=lambda term: (-term.count, term.label.casefold(), term.iri)))


def _term(snapshot: Snapshot, iri: str, kind: TermKind, count: int) -> Term:
    other_labels = {obj.value for obj in snapshot.objects(iri, "skos:altLabel") if isinstance(obj, ox.Literal)}
    return Term(
        iri=iri,
        name=query_name(iri),
        label=snapshot.label(iri),
        kind=kind,
        count=count,
        words=tuple(sorted(other_labels)),
        note=snapshot.value(iri, "skos:definition") or snapshot.value(iri, "rdfs:comment") or "",
    )


def query_name(iri: str) -> str:
    """The IRI as a query writes it: a prefixed name where there is one, else in angle brackets."""
    short = compact(iri)
    return short if short != iri and _LOCAL_NAME.fullmatch(short.partition(":")[2]) else f"<{iri}>"
