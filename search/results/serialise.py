"""Serialisation of results as JSON, in one shape for the API and the command line, whichever process writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from search.types import DocumentRef, Explain, Hit, Results

__all__ = ["answer", "results_json"]


def answer(results: Results) -> bytes:
    """Results as the body of `/api/v1/search`, in UTF-8.

    >>> answer(Results("film", 0, 1.5, ()))
    b'{"query":"film","total":0,"total_is_floor":false,"took_ms":1.5,"hits":[]}'
    """
    body = results_json(results)
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # a query may hold half of a surrogate pair, which JSON can only escape
        return json.dumps(body).encode()


def results_json(results: Results) -> dict[str, Any]:
    """Results as plain values, for `answer` and `creative-atlas search --json`.

    >>> results_json(Results("film", 0, 1.5, (), hint="No text here has “film”."))["hint"]
    'No text here has “film”.'
    """
    body: dict[str, Any] = {
        "query": results.query,
        "total": results.total,
        "total_is_floor": results.total_is_floor,
        "took_ms": round(results.took_ms, 3),
        "hits": [_hit(hit, results.words) for hit in results.hits],
    }
    if results.corrected:
        body["corrected"] = results.corrected
    if results.suggestion:
        body["suggestion"] = results.suggestion
    if results.hint:
        body["hint"] = results.hint
    if results.ways:
        suggestions = (asdict(suggestion).items() for suggestion in results.ways)
        body["ways"] = [{name: value for name, value in fields if value not in ("", False)} for fields in suggestions]
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
        "entities": [{"iri": ref.iri, "label": ref.label, "kind": ref.kind} for ref in hit.entities],
        "types": list(hit.types),
        "reliability": hit.reliability,
        "explain": _explain(hit.explain, words),
        **({"lowered": {"like": hit.lowered.like}} if hit.lowered else {}),
    }


def _explain(explain: Explain, words: Mapping[str, str]) -> dict[str, Any]:
    """The explanation, each term with the word of the query that it stands for."""
    terms = [
        {"word": words.get(term.term, term.term), "term": term.term, "field": term.field, "score": term.score}
        for term in explain.terms
    ]
    return {**_plain(explain), "terms": terms}


def _plain(record: DocumentRef | Explain) -> dict[str, Any]:
    """As `asdict`, which copies every value and takes 2 ms a page, for a record without records in it."""
    return {name: getattr(record, name) for name in record.__slots__}
