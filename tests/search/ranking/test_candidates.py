"""Which candidates have their words counted: the first by score, and the first by words, however far in meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.encoders.protocol import Encoder
from search.index.index import Index, build
from search.item import Item
from search.ranking.boosts import COVERED
from search.ranking.candidates import Pool, likely
from search.searcher import Searcher
from search.types import Query


def pool(scores: list[float], raw: list[float] | None) -> Pool:
    fused = np.array(scores, np.float32)
    words = None if raw is None else np.array(raw, np.float32)
    return Pool(np.arange(len(scores), dtype=np.int64), words, None, words, None, fused)


def test_the_best_by_words_are_among_them_wherever_their_score_puts_them() -> None:
    scores = [1 - n / 1000 for n in range(400)]
    raw = [0.0] * 399 + [9.0]
    assert 399 in likely(pool(scores, raw))
    assert 399 not in likely(pool(scores, None))


scored = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=400)


@given(scored)
def test_each_row_is_named_once_and_none_that_is_left_out_is_better(candidates: list[tuple[int, int]]) -> None:
    scores, raw = [float(score) for score, _ in candidates], [float(words) for _, words in candidates]
    rows = likely(pool(scores, raw)).tolist()
    assert len(set(rows)) == len(rows)
    for row in set(range(len(candidates))) - set(rows):
        assert sum(scores[kept] >= scores[row] for kept in rows) >= 100
        assert sum(raw[kept] >= raw[row] for kept in rows) >= 50


def test_the_one_text_with_all_words_is_found_among_many_that_lie_nearer(tmp_path: Path, words: Encoder) -> None:
    near = [Item(f"p/{n}", "passage", "Sample", f"sample of sample {n}") for n in range(300)]
    said = " ".join(f"thing{n}" for n in range(60))
    odd = Item("p/odd", "passage", "Minutes", f"{said} qv99 {said} sample {said}")
    build([*near, odd], tmp_path, words)
    hits = Searcher(Index.open(tmp_path), lambda: words).search(Query("sample qv99", limit=100)).hits
    found = next(hit for hit in hits if hit.iri == "p/odd")
    assert dict(found.explain.boosts)["words covered"] > COVERED
    assert hits.index(found) < 10
