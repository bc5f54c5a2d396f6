"""The body of the API has the same content as the plain values."""

from __future__ import annotations

import json

from search.results.serialise import answer, results_json
from search.types import DocumentRef, EntityRef, Explain, FacetValue, Hit, Results, SearchSuggestion, Snippet, TermScore

HIT = Hit(
    iri="x:1",
    kind="passage",
    score=0.123456789,
    title="“Tŵr” & <b>",
    snippet=Snippet("one two", ((0, 3),)),
    document=DocumentRef("x:d", title="A report"),
    page=3,
    entities=(EntityRef("x:e", "Éire & co", "place"),),
    types=(),
    reliability=None,
    explain=Explain(0.5, terms=(TermScore("fund", "text", 1.5),), boosts=(("recent", 0.25),)),
)


def test_the_body_has_the_content_of_the_plain_values() -> None:
    results = Results("funds 🎮", 1, 1.23456, (HIT,), {"kind": (FacetValue("passage", 1),)}, words={"fund": "funds"})
    body = json.loads(answer(results))
    assert body == json.loads(json.dumps(results_json(results)))
    assert body["hits"][0]["explain"]["terms"] == [{"word": "funds", "term": "fund", "field": "text", "score": 1.5}]
    assert body["hits"][0]["snippet"] == {"text": "one two", "highlights": [[0, 3]]}
    assert body["hits"][0]["entities"] == [{"iri": "x:e", "label": "Éire & co", "kind": "place"}]
    assert body["facets"] == {"kind": [{"value": "passage", "count": 1}]}


def test_half_of_a_surrogate_pair_is_serialised_too() -> None:
    results = Results("\ud83c", 0, 0.0, (), hint="Nothing.", ways=(SearchSuggestion("dates", "x", 2),))
    assert json.loads(answer(results))["query"] == "\ud83c"
