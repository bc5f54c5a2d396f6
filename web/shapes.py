"""The JSON that the API and the command line give: one shape for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from graph.model import EntityView, Evidence, Fact
from search.types import DocumentRef, Explain, Hit, Results
from web.reads import Similar

__all__ = ["results_json", "similar_json", "view_json"]


def results_json(results: Results) -> dict[str, Any]:
    """The body of `/api/v1/search`, which `creative-atlas search --json` prints too."""
    body: dict[str, Any] = {
        "query": results.query,
        "total": results.total,
        "total_is_floor": results.total_is_floor,
        "took_ms": round(results.took_ms, 3),
        "hits": [_hit(hit, results.words) for hit in results.hits],
    }
    if results.corrected:
        body["corrected"] = results.corrected
    if results.hint:
        body["hint"] = results.hint
    if results.ways:
        ways = (asdict(way).items() for way in results.ways)
        body["ways"] = [{key: held for key, held in way if held not in ("", False)} for way in ways]
    if results.reranker:
        body["reranker"] = results.reranker
    if results.facets:
        body["facets"] = {name: [asdict(value) for value in values] for name, values in results.facets.items()}
    return body


def _hit(hit: Hit, words: Mapping[str, str]) -> dict[str, Any]:
    return {
        "iri": hit.iri,
        "kind": hit.kind,
        "score": round(hit.score, 6),
        "title": hit.title,
        "snippet": {"text": hit.snippet.text, "highlights": [list(span) for span in hit.snippet.highlights]},
        "document": _plain(hit.document) if hit.document else None,
        "page": hit.page,
        "entities": list(hit.entities),
        "types": list(hit.types),
        "reliability": hit.reliability,
        "explain": _explain(hit.explain, words),
    }


def _explain(explain: Explain, words: Mapping[str, str]) -> dict[str, Any]:
    """Each term with the word of the query that it stands for."""
    terms = [
        {"word": words.get(term.term, term.term), "term": term.term, "field": term.field, "score": term.score}
        for term in explain.terms
    ]
    return {**_plain(explain), "terms": terms}


def _plain(record: DocumentRef | Explain) -> dict[str, Any]:
    """As `asdict`, for a record without records in it: that one copies every value, and takes 2 ms a page."""
    return {name: getattr(record, name) for name in record.__slots__}


def similar_json(found: tuple[Similar, ...]) -> list[dict[str, Any]]:
    """The body of `/api/v1/similar`. `text`: cosine of the two texts; `shared`: what ties both to it."""
    return [
        {
            "iri": each.ref.iri,
            "label": each.ref.label,
            "kind": each.ref.kind,
            "basis": each.basis,
            "text": None if each.text is None else round(each.text, 4),
            "shared": [{"iri": ref.iri, "label": ref.label} for ref in each.shared],
            "snippet": each.snippet or None,
        }
        for each in found
    ]


def view_json(view: EntityView) -> dict[str, Any]:
    """The body of `/api/v1/entity`, which `creative-atlas entity --json` prints too."""
    return {
        "iri": view.iri,
        "label": view.label,
        "alt_labels": list(view.alt_labels),
        "identifier": view.identifier,
        "types": [{"iri": value.value, "label": value.label} for value in view.types],
        "description": view.description,
        "groups": [
            {
                "predicate": group.predicate,
                "label": group.label,
                "direction": group.direction,
                "total": group.total,
                "facts": [_fact(fact) for fact in group.facts],
            }
            for group in view.groups
        ],
        "disputed": [_fact(fact) for fact in view.disputed],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "predicate": fact.predicate,
        "label": fact.predicate_label,
        "direction": fact.direction,
        "value": {key: held for key, held in asdict(fact.value).items() if held is not None},
        "asserted": fact.asserted,
        "strength": fact.strength,
        "evidence": [_evidence(evidence) for evidence in fact.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {key: held for key, held in asdict(evidence).items() if held not in (None, ())}
