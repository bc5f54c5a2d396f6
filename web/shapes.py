"""The JSON that the API and the command line give: one shape for both."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from graph.model import EntityView, Evidence, Fact
from search.types import Explain, Hit, Results

__all__ = ["results_json", "view_json"]


def results_json(results: Results) -> dict[str, Any]:
    """The body of `/api/v1/search`, which `creative-atlas search --json` prints too."""
    body: dict[str, Any] = {
        "query": results.query,
        "total": results.total,
        "took_ms": round(results.took_ms, 3),
        "hits": [_hit(hit) for hit in results.hits],
    }
    if results.corrected:
        body["corrected"] = results.corrected
    if results.hint:
        body["hint"] = results.hint
    if results.reranker:
        body["reranker"] = results.reranker
    if results.facets:
        body["facets"] = {name: [asdict(value) for value in values] for name, values in results.facets.items()}
    return body


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "iri": hit.iri,
        "kind": hit.kind,
        "score": round(hit.score, 6),
        "title": hit.title,
        "snippet": {"text": hit.snippet.text, "highlights": [list(span) for span in hit.snippet.highlights]},
        "document": asdict(hit.document) if hit.document else None,
        "page": hit.page,
        "entities": list(hit.entities),
        "types": list(hit.types),
        "reliability": hit.reliability,
        "explain": _explain(hit.explain),
    }


def _explain(explain: Explain) -> dict[str, Any]:
    return asdict(replace(explain, terms=())) | {"terms": [asdict(term) for term in explain.terms]}


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
