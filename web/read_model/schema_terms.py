"""The words of the graph: its classes and relations by label. Worked out once per generation, kept with the view."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import pyoxigraph as ox

from graph.storage.snapshot import Snapshot, term
from graph.vocabulary import compact
from web.read_model.live_generation import View
from web.read_model.reader import Term, TermKind
from web.read_model.statistics import figures

__all__ = ["terms", "written"]

_KINDS: Final[dict[str, TermKind]] = {
    "owl:Class": "class",
    "rdfs:Class": "class",
    "owl:ObjectProperty": "property",
    "owl:DatatypeProperty": "property",
    "rdf:Property": "property",
}
_NAMES: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?", re.ASCII)
"""Local names that can be written after a prefix as they are."""


def terms(view: View) -> tuple[Term, ...]:
    """Every class and relation that the ontology names or the facts use, the most used first."""
    return view.once("terms", _terms)


def _terms(view: View) -> tuple[Term, ...]:
    snapshot = view.snapshot
    kinds: dict[str, TermKind] = {}
    for name, kind in _KINDS.items():
        for iri in snapshot.subjects("rdf:type", term(name).value):
            kinds.setdefault(iri, kind)
    held = figures(view)
    used, classes = Counter(held.properties), held.kinds
    kinds = {**dict.fromkeys(used, "property"), **dict.fromkeys(classes, "class"), **kinds}
    made = (_term(snapshot, iri, kind, used[iri] if kind == "property" else classes.get(iri, 0))
            for iri, kind in kinds.items())  # fmt: skip
    return tuple(sorted(made, key=lambda each: (-each.count, each.label.casefold(), each.iri)))


def _term(snapshot: Snapshot, iri: str, kind: TermKind, count: int) -> Term:
    others = {obj.value for obj in snapshot.objects(iri, "skos:altLabel") if isinstance(obj, ox.Literal)}
    note = snapshot.value(iri, "skos:definition") or snapshot.value(iri, "rdfs:comment") or ""
    return Term(iri, written(iri), snapshot.label(iri), kind, count, tuple(sorted(others)), note)


def written(iri: str) -> str:
    """The IRI as a query would have it: a prefixed name where one can be written, else in angle brackets."""
    short = compact(iri)
    return short if short != iri and _NAMES.fullmatch(short.partition(":")[2]) else f"<{iri}>"
