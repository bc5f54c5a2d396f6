"""`GET /api/v1/terms`: classes, relations and entities by label, for the SPARQL page and for any other editor.

`?q=` offers terms for what is being typed, `?iri=` says what one IRI is called.

Which terms fit what is being typed: by label, by the other words for them, by prefixed name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from graph.errors import IndexUnusable, InputError
from graph.vocabulary import PREFIXES
from web.read_model.reader import Atlas, Term
from web.read_model.schema_terms import query_name

__all__ = ["blueprint", "matching"]

_LONGEST: Final = 200


def blueprint(now: Callable[[], Atlas]) -> Blueprint:
    """`now` gives the live generation; each request calls it once."""
    routes = Blueprint("terms", __name__, url_prefix="/api/v1")

    @routes.get("/terms")
    def offered() -> ResponseReturnValue:
        atlas = now()
        iri = request.args.get("iri", "").strip()
        if iri:
            return jsonify(_about(atlas, iri))
        text, limit = request.args.get("q", "").strip(), _limit()
        found = [_json(each) for each in matching(atlas.terms(), text)[:limit]]
        return jsonify(terms=found, entities=_entities(atlas, text, limit), prefixes=PREFIXES)

    return routes


def _json(found: Term) -> dict[str, Any]:
    return {
        "iri": found.iri,
        "name": found.name,
        "label": found.label,
        "kind": found.kind,
        "count": found.count,
        "note": found.note[:300],
    }


def _entities(atlas: Atlas, text: str, limit: int) -> list[dict[str, str]]:
    """Entities whose name goes on from the text; none where the index cannot be used, for terms still help then."""
    if len(text) < 2 or ":" in text:
        return []
    try:
        found = atlas.complete(text, limit)
    except IndexUnusable:
        return []
    refs = atlas.refs(tuple(each.iri for each in found))
    return [
        {
            "iri": each.iri,
            "name": f"<{each.iri}>",
            "label": each.label,
            "kind": refs[each.iri].kind,
            "matched": each.matched,
        }
        for each in found
    ]


def _about(atlas: Atlas, iri: str) -> dict[str, Any]:
    known = next((each for each in atlas.terms() if each.iri == iri), None)
    if known is not None:
        return _json(known)
    ref = atlas.refs((iri,))[iri]
    return {"iri": iri, "name": query_name(iri), "label": ref.label, "kind": ref.kind, "count": None, "note": ""}


def _limit() -> int:
    raw = request.args.get("limit", "20")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 6 and 1 <= int(raw) <= _LONGEST):
        raise InputError(f"“limit” is {raw[:40]}.", f"Give a whole number from 1 to {_LONGEST}.")
    return int(raw)


def matching(terms: Iterable[Term], text: str) -> list[Term]:
    """Best first, and among equals the most used; what no fact uses comes last. An empty text fits all."""
    asked = text.casefold()
    ranked = ((_rank(each, asked), each) for each in terms)
    found = [(rank, each) for rank, each in ranked if rank is not None]
    return [each for _, each in sorted(found, key=_order)]


def _order(pair: tuple[int, Term]) -> tuple[bool, int, int, str]:
    rank, term = pair
    return not term.count, rank, -term.count, term.label.casefold()


def _rank(term: Term, asked: str) -> int | None:
    """0 best; None where the term does not fit.

    The label goes before other words for it, the start of a name before the start of one of its words.
    """
    if not asked:
        return 0
    name, label = term.name.casefold(), term.label.casefold()
    others = [each.casefold() for each in term.words]
    if ":" in asked:
        return 0 if name.startswith(asked) else None
    local = name.rpartition(":")[2]
    if label.startswith(asked) or local.startswith(asked):
        return 0
    if any(each.startswith(asked) for each in others):
        return 1
    if _inside(label, asked):
        return 2
    if any(_inside(each, asked) for each in others):
        return 3
    return 4 if asked in local else None


def _inside(text: str, asked: str) -> bool:
    return f" {asked}" in text
