"""Damage within any file of an index is noticed, and never gets a valid checksum."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph.errors import IndexUnusable
from search.encoders.protocol import Encoder, Vectors
from search.index.checksums import CHECKSUMS, FileMark, check, read_checksums
from search.index.dense import EXACT_ROWS
from search.index.index import Index, build, update
from search.index.manifest import SMALL_FILE_BYTES, read_record
from search.item import Item

KINDS = (
    "idx", "store", "pos", "term", "fast", "fieldnorm",
    "i16", "slots", "faiss", "facts", "words", "counts", "units", "ends",
)  # fmt: skip


class LengthEncoder:
    """The counts of some letters as the vector of a text: quick, since there are many."""

    id = "letters/1"
    sha256 = "0" * 64
    dimension = 36

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[1 + text.count(letter) for letter in "abcdefghijkl" * 3] for text in texts], np.float32)
        scaled: Vectors = rows.reshape(-1, self.dimension)
        return scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-9)


def make_items(size: int) -> list[Item]:
    rng = random.Random(3)
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    return [
        Item(f"u/{n}", "passage", f"Note {n}", " ".join(rng.choices(words, k=14)), date="2019") for n in range(size)
    ]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with files of all kinds, each larger than those whose content is compared at opening."""
    folder = tmp_path_factory.mktemp("sound") / "generation"
    build(make_items(EXACT_ROWS + 1_000), folder, LengthEncoder())
    return folder


@pytest.fixture
def copy(large: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(large, tmp_path / "copy"))


def flip(file: Path, flips: int = 20) -> None:
    """Change some bytes in the middle; size and time stay the same."""
    status, data = file.stat(), bytearray(file.read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + flips):
        data[at] ^= 0x55
    with file.open("r+b") as stream:
        stream.write(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def largest(generation: Path, kind: str) -> Path:
    """The largest file of a kind."""
    return max(generation.glob(f"*/*.{kind}"), key=lambda file: file.stat().st_size)


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bytes_are_noticed_in_files_of_every_kind(copy: Path, kind: str) -> None:
    record = read_record(copy)
    assert check(copy, record).unchecked == ()
    file = largest(copy, kind)
    flip(file)
    with pytest.raises(IndexUnusable, match=file.name):
        check(copy, record)


def test_every_large_file_has_a_checksum(large: Path) -> None:
    files = {str(f.relative_to(large)) for f in large.glob("*/*") if f.stat().st_size > SMALL_FILE_BYTES}
    assert read_checksums(large).keys() == files
    assert {Path(name).suffix[1:] for name in files} >= {"idx", "units", "i16", "words", "faiss"}


def test_an_index_without_checksums_opens_and_is_unchecked(copy: Path, tmp_path: Path) -> None:
    checksums = copy / "dense" / CHECKSUMS
    record = json.loads((copy / "dense/index.json").read_bytes())
    del record["files"][f"dense/{CHECKSUMS}"]
    (copy / "dense/index.json").write_text(json.dumps(record), "utf-8")
    checksums.unlink()
    assert len(Index.open(copy, record).lexical) == EXACT_ROWS + 1_000
    assert {"idx", "i16"} <= {name.split(".")[-1] for name in check(copy, read_record(copy)).unchecked}
    update(copy, tmp_path / "next", [Item("u/1", "passage", "New", "bal bam")], remove=[], encoder=LengthEncoder())
    assert check(tmp_path / "next", read_record(tmp_path / "next")).unchecked  # shared files stay unchecked
    with pytest.raises(IndexUnusable, match="not known"):
        update(copy, tmp_path / "strict", [], remove=[], encoder=LengthEncoder(), strict=True)


def test_damaged_checksums_are_damage(copy: Path) -> None:
    (copy / "dense" / CHECKSUMS).write_text("{", "utf-8")
    with pytest.raises(IndexUnusable):
        Index.open(copy)


def test_only_new_files_are_read_for_their_checksums(copy: Path, tmp_path: Path) -> None:
    """A shared file keeps its checksum, even if it is damaged by now: the checksum is of what was written."""
    before = read_checksums(copy)
    flip(largest(copy, "i16"))
    update(copy, tmp_path / "next", [Item("u/new", "passage", "New", "bal bam")], remove=[], encoder=LengthEncoder())
    after = read_checksums(tmp_path / "next")
    assert before.items() <= after.items()
    with pytest.raises(IndexUnusable, match="i16"):
        check(tmp_path / "next", read_record(tmp_path / "next"))


@pytest.mark.parametrize("kind", ["i16", "words", "slots"])
def test_damage_does_not_get_a_checksum_by_being_copied(copy: Path, tmp_path: Path, kind: str) -> None:
    """So many items are removed that the segment is rewritten from a damaged file."""
    flip(largest(copy, kind))
    removed = [f"u/{number}" for number in range(EXACT_ROWS // 5)]
    with pytest.raises((IndexUnusable, ValueError, IndexError)):
        update(copy, tmp_path / "next", [], remove=removed, encoder=LengthEncoder())


def test_a_strict_update_reads_the_whole_source(copy: Path, tmp_path: Path) -> None:
    flip(largest(copy, "pos"))
    update(copy, tmp_path / "next", [], remove=[], encoder=LengthEncoder())
    with pytest.raises(IndexUnusable, match="pos"):
        update(copy, tmp_path / "strict", [], remove=[], encoder=LengthEncoder(), strict=True)


def test_sound_files_are_not_read_again(large: Path) -> None:
    read: list[int] = []
    sound: dict[FileMark, bool] = {}
    first = check(large, read_record(large), read.append, sound, lambda mark: sound.update({mark: True}))
    assert sum(read) == sum(f.stat().st_size for f in large.glob("*/*") if f.stat().st_size > SMALL_FILE_BYTES)
    read.clear()
    assert check(large, read_record(large), read.append, sound) == first
    assert read == []


def test_damage_that_stops_reading_is_damage(
    tmp_path: Path, word_encoder: Callable[[], Encoder], capfd: pytest.CaptureFixture[str]
) -> None:
    """The library panics over a broken dictionary of words; that is reported as other damage is."""
    items = [Item(f"u/{n}", "passage", f"Note {n}", f"word{n} " * 3) for n in range(3_000)]
    encoder: Any = word_encoder()
    build(items, tmp_path / "old", encoder)
    file = largest(tmp_path / "old", "term")
    file.write_bytes(bytes(byte ^ 0xFF for byte in file.read_bytes()[:-100]) + file.read_bytes()[-100:])
    with pytest.raises(IndexUnusable):
        update(tmp_path / "old", tmp_path / "new", items[:50], remove=[], encoder=encoder)
