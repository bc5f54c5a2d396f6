"""The JSON that the API and the command line give: one shape for both."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from graph.model import EntityView, Evidence, Fact
from web.read_model.reader import Similar

__all__ = ["similar_json", "view_json"]


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
