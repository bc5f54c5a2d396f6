"""Likely rows: the best by score, and the best by words, however far they lie in meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.item import Item
from search.ranking.boosts import COVER_BOOST
from search.ranking.candidates import Candidates, likely_rows
from search.searcher import Searcher
from search.types import Query


def candidates(scores: list[float], raw: list[float] | None) -> Candidates:
    fused = np.array(scores, np.float32)
    words = None if raw is None else np.array(raw, np.float32)
    slots = np.arange(len(scores), dtype=np.int64)
    return Candidates(slots, words, None, lexical=words, dense=None, scores=fused)


def test_the_best_by_words_are_among_them_wherever_their_score_puts_them() -> None:
    scores = [1 - n / 1000 for n in range(400)]
    raw = [0.0] * 399 + [9.0]
    assert 399 in likely_rows(candidates(scores, raw))
    assert 399 not in likely_rows(candidates(scores, None))


scored = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=400)


@given(scored)
def test_no_row_that_is_left_out_is_better_than_the_likely_ones(pairs: list[tuple[int, int]]) -> None:
    scores, raw = [float(score) for score, _ in pairs], [float(words) for _, words in pairs]
    rows = likely_rows(candidates(scores, raw)).tolist()
    assert len(set(rows)) == len(rows)
    for row in set(range(len(pairs))) - set(rows):
        assert sum(scores[likely] >= scores[row] for likely in rows) >= 100
        assert sum(raw[likely] >= raw[row] for likely in rows) >= 50


def test_the_one_text_with_all_words_is_found_among_many_that_lie_nearer(tmp_path: Path, words: Encoder) -> None:
    near = [Item(f"p/{n}", "passage", "Sample", f"sample of sample {n}") for n in range(300)]
    filler = " ".join(f"thing{n}" for n in range(60))
    odd = Item("p/odd", "passage", "Minutes", f"{filler} qv99 {filler} sample {filler}")
    build([*near, odd], tmp_path, words)
    hits = Searcher(Index.open(tmp_path), lambda: words).search(Query("sample qv99", limit=100)).hits
    hit = next(hit for hit in hits if hit.iri == "p/odd")
    assert dict(hit.explain.boosts)["words covered"] > COVER_BOOST
    assert hits.index(hit) < 10
