"""“Why?”: the claims behind one edge, or behind all edges that connect a few terms."""

from __future__ import annotations

from typing import Final

from flask import render_template, request

from graph.claims.evidence import CLAIMS_QUERY
from graph.errors import InputError
from graph.model import Value
from web.pages.links import MAX_ADDRESS_CHARS, with_query
from web.read_model.reader import Atlas, EdgeEvidence

__all__ = ["between_address", "edge_address", "why"]

MIN_TERMS: Final = 2


def why(atlas: Atlas) -> str:
    """GET /why?s=&p=&o= (`v=`, with `datatype=` or `lang=`, for a literal), or ?among=IRI&among=IRI…

    `among` takes literals too, as N-Triples writes them.
    """
    arguments = request.args
    terms = tuple(arguments.getlist("among"))
    subject, predicate = arguments.get("s", ""), arguments.get("p", "")
    obj = _object()
    if len(terms) >= MIN_TERMS:
        edges = atlas.evidence_between(terms)
    elif subject and predicate and obj:
        edge = atlas.edge_evidence(subject, predicate, obj)
        edges = (edge,) if edge else ()
    else:
        raise InputError(
            "No edge was given.",
            "Write it as /why?s=…&p=…&o=… with three IRIs (v=… for a literal), or as /why?among=…&among=….",
        )
    return render_template("why.html", edges=edges, details={}, query_of=_query_address)


def _object() -> Value | None:
    arguments = request.args
    if arguments.get("o"):
        return Value("iri", arguments["o"], arguments["o"])
    if "v" in arguments:
        text = arguments["v"]
        return Value(
            "literal", text, text, datatype=arguments.get("datatype") or None, language=arguments.get("lang") or None
        )
    return None


def edge_address(subject: Value, predicate: Value, obj: Value) -> str | None:
    """The page on the claims behind a triple; None where it is no edge of an entity, or too long for an address."""
    if subject.kind != "iri" or predicate.kind != "iri":
        return None
    literal = {"v": obj.value, "datatype": None if obj.language else obj.datatype, "lang": obj.language}
    target = {"o": obj.value} if obj.kind == "iri" else literal
    address = with_query("/why", s=subject.value, p=predicate.value, **target)
    return address if len(address) <= MAX_ADDRESS_CHARS and (obj.kind == "iri" or obj.value) else None


def between_address(terms: tuple[str, ...]) -> str | None:
    """The page on the claims between terms; None for fewer than two, or where it is too long for an address."""
    address = with_query("/why", among=terms)
    return address if len(terms) >= MIN_TERMS and len(address) <= MAX_ADDRESS_CHARS else None


def _query_address(edge: EdgeEvidence) -> str:
    """The same question as a query on the SPARQL page."""
    terms = {"s": f"<{edge.subject.iri}>", "p": f"<{edge.predicate.iri}>"}
    if edge.value.kind == "iri":
        terms["o"] = f"<{edge.value.value}>"
    query = CLAIMS_QUERY
    for variable, term in terms.items():
        query = query.replace(f"?{variable} ", f"{term} ", 1)
    return with_query("/sparql", query=query)
