"""`GET /api/v1/terms`: classes, relations and entities by label, for the SPARQL page and for other editors.

`?q=` gives the terms that match a typed text, by label, other labels or prefixed name; `?iri=` describes one IRI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from graph.errors import IndexUnusable, InputError
from graph.vocabulary import PREFIXES
from web.http.request_deadline import request_deadline
from web.read_model.reader import Atlas, Term
from web.read_model.schema_terms import query_name

__all__ = ["blueprint", "matching"]

MAX_TERMS: Final = 200
MAX_NOTE_CHARS: Final = 300


def blueprint(now: Callable[[], Atlas]) -> Blueprint:
    """`now` gives the live generation; each request calls it once."""
    routes = Blueprint("terms", __name__, url_prefix="/api/v1")

    @routes.get("/terms")
    def terms() -> ResponseReturnValue:
        atlas = now()
        iri = request.args.get("iri", "").strip()
        if iri:
            return jsonify(_about(atlas, iri))
        text, limit = request.args.get("q", "").strip(), _limit()
        matches = matching(atlas.terms(), text)[:limit]
        return jsonify(
            terms=[_json(term) for term in matches], entities=_entities(atlas, text, limit), prefixes=PREFIXES
        )

    return routes


def _json(term: Term) -> dict[str, Any]:
    return {
        "iri": term.iri,
        "name": term.name,
        "label": term.label,
        "kind": term.kind,
        "count": term.count,
        "note": term.note[:MAX_NOTE_CHARS],
    }


def _entities(atlas: Atlas, text: str, limit: int) -> list[dict[str, str]]:
    """Entities with a name that starts with the text; none where the index cannot be used: terms still help then."""
    if len(text) < 2 or ":" in text:
        return []
    try:
        completions = atlas.complete(text, limit, request_deadline(request.environ))
    except IndexUnusable:
        return []
    refs = atlas.refs(tuple(completion.iri for completion in completions))
    return [
        {
            "iri": completion.iri,
            "name": f"<{completion.iri}>",
            "label": completion.label,
            "kind": refs[completion.iri].kind,
            "matched": completion.matched,
        }
        for completion in completions
    ]


def _about(atlas: Atlas, iri: str) -> dict[str, Any]:
    known = next((term for term in atlas.terms() if term.iri == iri), None)
    if known is not None:
        return _json(known)
    ref = atlas.refs((iri,))[iri]
    return {"iri": iri, "name": query_name(iri), "label": ref.label, "kind": ref.kind, "count": None, "note": ""}


def _limit() -> int:
    raw = request.args.get("limit", "20")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 6 and 1 <= int(raw) <= MAX_TERMS):
        raise InputError(f"“limit” is {raw[:40]}.", f"Give a whole number from 1 to {MAX_TERMS}.")
    return int(raw)


def matching(terms: Iterable[Term], text: str) -> list[Term]:
    """Terms that match a text, best first, among equals the most used; unused terms last. Empty text matches all.

    >>> funded = Term("x:a", "ca:fundedBy", "funded by", kind="property", count=2)
    >>> partner = Term("x:b", "ca:partner", "partner", kind="property", count=9)
    >>> [term.label for term in matching((funded, partner), "fund")]
    ['funded by']
    """
    typed = text.casefold()
    ranked = ((_rank(term, typed), term) for term in terms)
    matches = [(rank, term) for rank, term in ranked if rank is not None]
    return [term for _, term in sorted(matches, key=_order)]


def _order(pair: tuple[int, Term]) -> tuple[bool, int, int, str]:
    rank, term = pair
    return not term.count, rank, -term.count, term.label.casefold()


def _rank(term: Term, typed: str) -> int | None:
    """0 is best; None where the term does not match.

    The label goes before other labels, the start of a label before the start of one of its words.
    """
    if not typed:
        return 0
    name, label = term.name.casefold(), term.label.casefold()
    others = [other.casefold() for other in term.words]
    if ":" in typed:
        return 0 if name.startswith(typed) else None
    local = name.rpartition(":")[2]
    if label.startswith(typed) or local.startswith(typed):
        return 0
    if any(other.startswith(typed) for other in others):
        return 1
    if _starts_word(label, typed):
        return 2
    if any(_starts_word(other, typed) for other in others):
        return 3
    return 4 if typed in local else None


def _starts_word(text: str, typed: str) -> bool:
    """Whether a word of the text, but not the first, starts with what was typed."""
    return f" {typed}" in text
