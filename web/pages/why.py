"""“Why?”: the claims behind one edge, or behind all that ties a few entries together."""

from __future__ import annotations

from typing import Final

from flask import render_template, request

from graph.claims.evidence import CLAIMS_QUERY
from graph.errors import InputError
from graph.model import Value
from web.pages.links import with_query
from web.read_model.reader import Atlas, Backed

__all__ = ["among_address", "edge_address", "why"]

_LONGEST: Final = 4_000
"""Characters of an address: longer ones are not linked to, for servers and proxies cut them off."""


def why(atlas: Atlas) -> str:
    """GET /why?s=&p=&o= (`v=`, with `datatype=` or `lang=`, for a literal), or ?among=IRI&among=IRI…

    `among` takes literals too, as N-Triples writes them.
    """
    asked = request.args
    ends = tuple(asked.getlist("among"))
    subject, predicate = asked.get("s", ""), asked.get("p", "")
    obj = _object()
    if len(ends) >= 2:
        found = atlas.among(ends)
    elif subject and predicate and obj:
        found = atlas.why(subject, predicate, obj)
    else:
        raise InputError(
            "No edge was given.",
            "Write it as /why?s=…&p=…&o=… with three IRIs (v=… for a literal), or as /why?among=…&among=….",
        )
    return render_template("why.html", edges=found, details={}, query_of=_query_of)


def _object() -> Value | None:
    asked = request.args
    if asked.get("o"):
        return Value("iri", asked["o"], asked["o"])
    if "v" in asked:
        return Value("literal", asked["v"], asked["v"], asked.get("datatype") or None, asked.get("lang") or None)
    return None


def edge_address(subject: Value, predicate: Value, obj: Value) -> str | None:
    """Where the claims behind a triple are; None where it is no edge of entries, or too long for an address."""
    if subject.kind != "iri" or predicate.kind != "iri":
        return None
    literal = {"v": obj.value, "datatype": None if obj.language else obj.datatype, "lang": obj.language}
    ends = {"o": obj.value} if obj.kind == "iri" else literal
    address = with_query("/why", s=subject.value, p=predicate.value, **ends)
    return address if len(address) <= _LONGEST and (obj.kind == "iri" or obj.value) else None


def among_address(ends: tuple[str, ...]) -> str | None:
    """Where the claims between entries and literals are; None for fewer than two."""
    address = with_query("/why", among=ends)
    return address if len(ends) > 1 and len(address) <= _LONGEST else None


def _query_of(edge: Backed) -> str:
    """The same question as a query on the workbench."""
    terms = {"s": f"<{edge.subject.iri}>", "p": f"<{edge.predicate.iri}>"}
    if edge.value.kind == "iri":
        terms["o"] = f"<{edge.value.value}>"
    text = CLAIMS_QUERY
    for name, written in terms.items():
        text = text.replace(f"?{name} ", f"{written} ", 1)
    return with_query("/sparql", query=text)
