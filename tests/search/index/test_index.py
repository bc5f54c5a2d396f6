"""An index is built, updated, damaged and opened. The encoder needs no model, so there can be many texts."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import IndexUnusable
from search.encoders.protocol import Encoder
from search.index.index import Index, build, update
from search.index.lexical import open_read_only
from search.item import Item
from search.searcher import Searcher
from search.types import Query

VOCABULARY = ["film", "music", "games", "funding", "cluster", "museum", "£25 million", "R&D", "export", "skills"]
texts = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6).map(" ".join)
collections = st.dictionaries(st.integers(0, 12), texts, max_size=10)


def item(number: int, text: str, **more: Any) -> Item:
    return Item(f"u/{number}", "passage", f"Unit {number}", text, **more)


def items(texts: dict[int, str]) -> list[Item]:
    return [item(number, text) for number, text in texts.items()]


def cosines(generation: Path, encoder: Encoder, text: str) -> dict[str, float]:
    """IRI of each result of a search → its cosine."""
    results = Searcher(Index.open(generation), lambda: encoder).search(Query(text, limit=100))
    return {hit.iri: hit.explain.dense_raw or 0.0 for hit in results.hits}


@settings(max_examples=15, deadline=None)
@given(before=collections, after=collections)
def test_an_update_equals_a_rebuild(
    word_encoder: Callable[[], Encoder], before: dict[int, str], after: dict[int, str]
) -> None:
    encoder = word_encoder()
    with tempfile.TemporaryDirectory() as folder:
        old, updated, rebuilt = (Path(folder) / name for name in ("old", "updated", "rebuilt"))
        build(items(before), old, encoder)
        gone = [f"u/{number}" for number in before.keys() - after.keys()]
        entry = update(old, updated, items(after), remove=gone, encoder=encoder)
        fresh = build(items(after), rebuilt, encoder)
        assert entry["digest"] == fresh["digest"] and entry["units"] == fresh["units"] == len(after)
        for word in VOCABULARY:
            assert cosines(updated, encoder, word) == pytest.approx(cosines(rebuilt, encoder, word))


@pytest.fixture
def old(tmp_path: Path, words: Encoder) -> Path:
    build([item(number, f"text {number} on film") for number in range(20)], tmp_path / "old", words)
    return tmp_path / "old"


def test_unchanged_texts_are_not_encoded_again(old: Path, tmp_path: Path, words: Any) -> None:
    words.read = 0
    same = [item(number, f"text {number} on film") for number in range(18)]
    retagged, rewritten = item(18, "text 18 on film", themes=("t/film",)), item(19, "text 19 on music")
    update(old, tmp_path / "new", [*same, retagged, rewritten], remove=[], encoder=words)
    assert words.read == 1
    assert "u/19" in cosines(tmp_path / "new", words, "music")


def test_removed_items_are_gone(old: Path, tmp_path: Path, words: Encoder) -> None:
    entries = update(old, tmp_path / "new", [], remove=["u/3", "u/4", "u/99"], encoder=words)
    assert entries["units"] == 18
    index = Index.open(tmp_path / "new", entries)
    assert len(index.lexical) == len(index.dense) == 18
    assert not {"u/3", "u/4"} & cosines(tmp_path / "new", words, "film text").keys()


def test_many_small_updates_in_a_row(tmp_path: Path, words: Encoder) -> None:
    build([], tmp_path / "0", words)
    for step in range(1, 26):
        changes = [item(step, f"film number {step}"), item(0, f"music version {step}")]
        entries = update(tmp_path / str(step - 1), tmp_path / str(step), changes, remove=[], encoder=words)
    assert entries["units"] == 26
    assert len(cosines(tmp_path / "25", words, "film")) >= 25
    assert set(cosines(tmp_path / "25", words, '"version 25"')) == {"u/0"}
    assert not cosines(tmp_path / "25", words, '"version 24"')


def test_the_source_stays_as_it_was_and_open_readers_go_on(old: Path, tmp_path: Path, words: Encoder) -> None:
    before = {file: file.read_bytes() for file in old.rglob("*") if file.is_file()}
    reader = Searcher(Index.open(old), lambda: words)
    update(old, tmp_path / "new", [item(1, "changed")], remove=["u/2"], encoder=words)
    assert {file: file.read_bytes() for file in old.rglob("*") if file.is_file()} == before
    shutil.rmtree(old)
    assert reader.search(Query("film")).total == 20


def test_the_source_may_be_read_only(old: Path, tmp_path: Path, words: Encoder) -> None:
    for file in old.rglob("*"):
        file.chmod(0o555 if file.is_dir() else 0o444)
    assert update(old, tmp_path / "new", [item(1, "changed")], remove=[], encoder=words)["units"] == 20


def test_two_items_with_one_iri_are_refused(tmp_path: Path, words: Encoder) -> None:
    with pytest.raises(ValueError, match="u/1"):
        build([item(1, "a"), item(1, "b")], tmp_path / "new", words)


def test_the_entry_is_json_and_opens_the_index(old: Path, tmp_path: Path, words: Encoder) -> None:
    entries = json.loads(json.dumps(update(old, tmp_path / "new", [], remove=[], encoder=words)))
    assert entries["encoder"] == words.id and entries["encoder_sha256"] == words.sha256
    assert Index.open(tmp_path / "new", entries, encoder=words.id).record.items == 20


def _cut(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("harm", [Path.unlink, _cut, _flip], ids=["missing", "cut", "flipped"])
@pytest.mark.parametrize(
    "pattern", ["lexical/meta.json", "lexical/*.store", "dense/*.i16", "dense/dense.json", "dense/index.json"]
)
def test_damage_is_noticed(
    pattern: str, harm: Callable[[Path], None], old: Path, tmp_path: Path, words: Encoder
) -> None:
    entries = json.loads((old / "dense/index.json").read_text("utf-8"))
    harm(next(old.glob(pattern)))
    with pytest.raises(IndexUnusable) as error:
        Index.open(old, entries)
    assert error.value.remedy
    if pattern != "dense/index.json" or harm is not _flip:
        with pytest.raises(IndexUnusable):
            update(old, tmp_path / "new", [], remove=[], encoder=words)


def test_the_index_of_another_generation_is_noticed(old: Path, tmp_path: Path, words: Encoder) -> None:
    entries = update(old, tmp_path / "new", [item(1, "changed")], remove=[], encoder=words)
    with pytest.raises(IndexUnusable, match="manifest"):
        Index.open(old, entries)


def test_another_encoder_or_format_is_noticed(old: Path, tmp_path: Path, words: Any) -> None:
    words.id = "words/2"
    with pytest.raises(IndexUnusable, match="words/2"):
        Index.open(old, encoder="words/2")
    with pytest.raises(IndexUnusable, match="encoder"):
        update(old, tmp_path / "new", [], remove=[], encoder=words)
    with pytest.raises(IndexUnusable, match="encoder"):
        Searcher(Index.open(old), lambda: words).search(Query("film"))
    record = old / "dense/index.json"
    record.write_text(record.read_text("utf-8").replace('"format": "', '"format": "9'), "utf-8")
    with pytest.raises(IndexUnusable, match="format"):
        Index.open(old)


def test_a_missing_index_is_an_error_and_an_empty_one_is_not(tmp_path: Path, words: Encoder) -> None:
    with pytest.raises(IndexUnusable, match="no search index"):
        Index.open(tmp_path)
    build([], tmp_path / "empty", words)
    assert Searcher(Index.open(tmp_path / "empty"), lambda: words).search(Query("film")).total == 0


def test_a_small_change_writes_little(tmp_path: Path, words: Encoder) -> None:
    many = [item(number, f"{VOCABULARY[number % 10]} text {number} " * 20) for number in range(2_000)]
    build(many, tmp_path / "old", words)
    update(tmp_path / "old", tmp_path / "new", [replace(many[5], text="changed")], remove=[], encoder=words)
    size = sum(file.stat().st_size for file in (tmp_path / "old").rglob("*") if file.is_file())
    own = [file for file in (tmp_path / "new").rglob("*") if file.is_file() and file.stat().st_nlink == 1]
    assert sum(file.stat().st_size for file in own) < size / 10


def test_a_read_only_index_is_opened_through_links(generation: Path) -> None:
    import tantivy

    searcher = open_read_only(generation / "lexical").searcher()
    hits = searcher.search(tantivy.Query.all_query(), 3).hits
    assert searcher.num_docs == len(Index.open(generation).lexical)
    assert len(set(searcher.fast_field_values("slot", [address for _, address in hits]))) == 3
