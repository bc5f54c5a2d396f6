"""Nearest vectors over segments: exact in small ones, rescored in large ones, and never a dead row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from search.index.dense import EXACT_ROWS, DenseIndex
from search.index.faiss_cache import FaissCache
from search.index.segment_writer import DenseWriter
from search.index.segments import read_layout

Floats = npt.NDArray[np.float32]


def unit_rows(rows: int, dimension: int = 32, seed: int = 0) -> Floats:
    raw = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    scaled: Floats = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return scaled


def write(
    source: Path | None,
    target: Path,
    first: int,
    vectors: Floats,
    *,
    dead: list[int] | None = None,
    exact_rows: int = EXACT_ROWS,
    max_dead_share: float = 0.05,
    cache: FaissCache | None = None,
) -> DenseIndex:
    """The index of `vectors` under slots from `first` on, after those of `source`, without the `dead` slots."""
    writer = DenseWriter(source, target, vectors.shape[1], exact_rows=exact_rows, max_dead_share=max_dead_share)
    writer.add(np.arange(first, first + len(vectors), dtype=np.int64), vectors)
    writer.remove(dead or [])
    writer.commit()
    return DenseIndex(target, exact_rows=exact_rows, cache=FaissCache() if cache is None else cache)


def test_a_small_segment_is_searched_exactly(tmp_path: Path) -> None:
    vectors = unit_rows(500).astype(np.float16).astype(np.float32)
    index = write(None, tmp_path / "1", 0, vectors)
    for vector in unit_rows(5, seed=1):
        slots, cosines = index.query(vector).search(10)
        assert slots.tolist() == np.argsort(-(vectors @ vector), kind="stable")[:10].tolist()
        np.testing.assert_allclose(cosines, np.sort(vectors @ vector)[::-1][:10], atol=2e-3)


def test_a_small_change_writes_small_files_and_leaves_the_source(tmp_path: Path) -> None:
    index = write(None, tmp_path / "1", 0, unit_rows(500))
    before = {file.name: file.read_bytes() for file in (tmp_path / "1").iterdir()}
    changed = write(tmp_path / "1", tmp_path / "2", 500, unit_rows(3, seed=2), dead=[7, 8])
    assert {file.name: file.read_bytes() for file in (tmp_path / "1").iterdir()} == before
    fresh = [file for file in (tmp_path / "2").iterdir() if file.stat().st_nlink == 1]
    assert sum(file.stat().st_size for file in fresh) < 1_500
    assert (len(index), len(changed)) == (500, 501)


def test_dead_slots_are_never_found_and_new_ones_are(tmp_path: Path) -> None:
    vectors, more = unit_rows(300), unit_rows(2, seed=3)
    write(None, tmp_path / "1", 0, vectors)
    index = write(tmp_path / "1", tmp_path / "2", 300, more, dead=[4])
    assert 4 not in index.query(vectors[4]).search(300)[0]
    assert index.query(more[1]).search(1)[0].tolist() == [301]


def test_segments_are_merged_as_they_grow(tmp_path: Path) -> None:
    index = write(None, tmp_path / "0", 0, unit_rows(100))
    vectors = [unit_rows(100)]
    for step in range(1, 30):
        vectors.append(unit_rows(10, seed=step))
        source, target = tmp_path / str(step - 1), tmp_path / str(step)
        index = write(source, target, 100 + 10 * (step - 1), vectors[-1])
    sizes = [segment.rows for segment in read_layout(tmp_path / "29")[1]]
    assert sum(sizes) == len(index) == 390 and len(sizes) <= 5
    everything = np.concatenate(vectors)
    np.testing.assert_allclose(index.vectors(np.arange(390)), everything, atol=1e-3)


def test_a_segment_with_many_dead_rows_is_rewritten(tmp_path: Path) -> None:
    vectors = unit_rows(100)
    write(None, tmp_path / "1", 0, vectors)
    index = write(tmp_path / "1", tmp_path / "2", 100, vectors[:0], dead=list(range(10)))
    assert [segment.rows for segment in read_layout(tmp_path / "2")[1]] == [90]
    np.testing.assert_allclose(index.vectors(np.array([10, 99])), vectors[[10, 99]], atol=1e-3)
    empty = write(tmp_path / "2", tmp_path / "3", 100, vectors[:0], dead=list(range(100)))
    assert len(empty) == 0 and empty.query(vectors[0]).search(5)[0].tolist() == []


def test_scores_and_filters_are_exact(tmp_path: Path) -> None:
    vectors = unit_rows(200)
    index = write(None, tmp_path / "1", 1000, vectors)
    slots = np.array([1003, 1150, 1199, 5000, 2], np.int64)
    scores = index.query(vectors[3]).scores(slots)
    np.testing.assert_allclose(scores[:3], vectors[[3, 150, 199]] @ vectors[3], atol=2e-3)
    assert np.isnan(scores[3:]).all()
    assert index.query(vectors[3]).search_among(slots, 2)[0][0] == 1003
    with pytest.raises(KeyError):
        index.vectors(np.array([1000, 9], np.int64))


@pytest.mark.parametrize("dimension", [32, 33], ids=["pairs", "odd"])
def test_large_segments_are_compressed_and_rescored(dimension: int, tmp_path: Path) -> None:
    centres = unit_rows(40, dimension, seed=9)
    raw = centres[np.arange(4_000) % 40] + 0.35 * unit_rows(4_000, dimension, seed=4)
    vectors: Floats = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    write(None, tmp_path / "1", 0, vectors, exact_rows=1_000)
    dead = list(range(150))
    more = unit_rows(5, dimension, seed=5)
    index = write(tmp_path / "1", tmp_path / "2", 4_000, more, dead=dead, exact_rows=1_000)
    assert list((tmp_path / "2").glob("*.faiss"))
    total = right = 0
    for vector in vectors[200:230]:
        slots, cosines = index.query(vector).search(10)
        exact = np.argsort(-(vectors @ vector)[150:], kind="stable")[:10] + 150
        right += len(set(slots.tolist()) & set(exact.tolist()))
        total += 10
        assert not set(slots.tolist()) & set(dead) and np.all(np.diff(cosines) <= 0)
        np.testing.assert_allclose(cosines, index.query(vector).scores(slots), atol=1e-6)
    assert right / total >= 0.97


def test_many_dead_rows_do_not_hide_the_live_ones(tmp_path: Path) -> None:
    vectors = unit_rows(3_000)
    write(None, tmp_path / "1", 0, vectors, exact_rows=1_000)
    near = np.argsort(-(vectors @ vectors[7]))
    dead = near[:900].tolist()
    index = write(tmp_path / "1", tmp_path / "2", 3_000, vectors[:0], dead=dead, exact_rows=1_000, max_dead_share=0.5)
    slots, _ = index.query(vectors[7]).search(10)
    assert len(slots) == 10 and not set(slots.tolist()) & set(near[:900].tolist())
    assert set(slots.tolist()) & set(near[900:910].tolist())


def test_generations_share_the_opened_index_of_a_large_segment(tmp_path: Path) -> None:
    cache = FaissCache()
    vectors = unit_rows(2_000)
    first = write(None, tmp_path / "1", 0, vectors, exact_rows=1_000, cache=cache)
    second = write(tmp_path / "1", tmp_path / "2", 2_000, unit_rows(3, seed=2), exact_rows=1_000, cache=cache)
    assert first.query(vectors[5]).search(1)[0].tolist() == second.query(vectors[5]).search(1)[0].tolist() == [5]
    assert len(cache) == 1
    del first, second
    assert len(cache) == 0


def test_no_vectors_at_all(tmp_path: Path) -> None:
    index = write(None, tmp_path / "1", 0, unit_rows(0))
    assert index.query(unit_rows(1)[0]).search(5)[0].tolist() == []
    assert np.isnan(index.query(unit_rows(1)[0]).scores(np.array([1], np.int64))).all()
