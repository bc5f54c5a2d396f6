"""JSON of entities and similar entries, the same for the API and the command line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from graph.model import EntityView, Evidence, Fact
from web.read_model.reader import Similar

__all__ = ["similar_json", "view_json"]


def similar_json(similar: tuple[Similar, ...]) -> list[dict[str, Any]]:
    """The body of `/api/v1/similar`. `text`: cosine of the two texts; `shared`: entries linked to both."""
    return [
        {
            "iri": entry.ref.iri,
            "label": entry.ref.label,
            "kind": entry.ref.kind,
            "basis": entry.basis,
            "text": None if entry.text is None else round(entry.text, 4),
            "shared": [{"iri": ref.iri, "label": ref.label, "kind": ref.kind} for ref in entry.shared],
            "snippet": entry.snippet or None,
        }
        for entry in similar
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
        "value": {key: value for key, value in asdict(fact.value).items() if value is not None},
        "asserted": fact.asserted,
        "strength": fact.strength,
        "evidence": [_evidence(evidence) for evidence in fact.evidence],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {key: value for key, value in asdict(evidence).items() if value not in (None, ())}
