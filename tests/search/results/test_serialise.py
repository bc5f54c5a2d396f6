"""The answer of the API, written in one go, says what the plain values say."""

from __future__ import annotations

import json

from search.results.serialise import answer, results_json
from search.types import DocumentRef, Explain, FacetValue, Hit, Results, SearchSuggestion, Snippet, TermScore

HIT = Hit(
    iri="x:1",
    kind="passage",
    score=0.123456789,
    title="“Tŵr” & <b>",
    snippet=Snippet("one two", ((0, 3),)),
    document=DocumentRef("x:d", title="A report"),
    page=3,
    entities=("x:e",),
    types=(),
    reliability=None,
    explain=Explain(0.5, terms=(TermScore("fund", "text", 1.5),), boosts=(("recent", 0.25),)),
)


def test_it_says_what_the_plain_values_say() -> None:
    results = Results("funds 🎮", 1, 1.23456, (HIT,), {"kind": (FacetValue("passage", 1),)}, words={"fund": "funds"})
    told = json.loads(answer(results))
    assert told == json.loads(json.dumps(results_json(results)))
    assert told["hits"][0]["explain"]["terms"] == [{"word": "funds", "term": "fund", "field": "text", "score": 1.5}]
    assert told["hits"][0]["snippet"] == {"text": "one two", "highlights": [[0, 3]]}
    assert told["facets"] == {"kind": [{"value": "passage", "count": 1}]}


def test_half_of_a_pair_is_answered_too() -> None:
    results = Results("\ud83c", 0, 0.0, (), hint="Nothing.", ways=(SearchSuggestion("dates", "x", 2),))
    assert json.loads(answer(results))["query"] == "\ud83c"
