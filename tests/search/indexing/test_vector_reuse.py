"""A rebuilt index reuses the sound vectors of the old one, and no others."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graph.seed_data.build import build as build_graph
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.write.writer import Changes, Writer
from search.encoders.protocol import Encoder
from search.index.index import Index, build, update
from search.indexing.indexer import SearchIndexer
from search.indexing.vector_reuse import ReusingEncoder, with_known_vectors
from search.item import Item
from tests.search.conftest import WordEncoder
from tests.support.folder import write_folder

MANY = 1_200
"""Items whose vectors take more than 64 kB: larger files are compared by their recorded checksum."""


def items(count: int, word: str = "film") -> list[Item]:
    return [Item(f"u:{n}", "passage", f"Title {n}", f"{word} number {n} of many") for n in range(count)]


@pytest.fixture(params=[60, MANY], ids=["small files", "large files"])
def generation(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An index of two segments."""
    size: int = request.param
    build(items(size), tmp_path / "one", WordEncoder())
    extra = [Item(f"v:{n}", "passage", "Note", f"music number {n}") for n in range(size // 20)]
    update(tmp_path / "one", tmp_path / "two", extra, remove=["u:3"], encoder=WordEncoder())
    return tmp_path / "two"


def largest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda file: file.stat().st_size)


def flip(folder: Path, pattern: str) -> None:
    """Change a byte in the middle of the largest such file; its size and time stay the same."""
    file = largest(folder, pattern)
    data, status = bytearray(file.read_bytes()), file.stat()
    data[len(data) // 2] ^= 0x10
    file.unlink()  # other generations share it
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def texts_of_the_floor(tmp_path: Path) -> int:
    """Number of texts that every build encodes for the relevance floor."""
    encoder = WordEncoder()
    build([], tmp_path / "none", encoder)
    return encoder.read


def test_all_vectors_of_a_sound_index_are_reused(generation: Path, tmp_path: Path) -> None:
    index = Index.open(generation)
    slots = np.array([index.lexical.by_iri([f"u:{n}"])[f"u:{n}"].slot for n in (0, 4, 59)], np.int64)
    texts = [index.lexical.stored_at(int(slot)).item.embedding_text for slot in slots]
    encoder = WordEncoder()
    reusing = with_known_vectors(encoder, generation)
    assert isinstance(reusing, ReusingEncoder)
    vectors = reusing.encode([*texts, "something new"])
    assert encoder.read == 1
    assert np.array_equal(vectors[:3], index.dense.vectors(slots))
    assert np.allclose(vectors, WordEncoder().encode([*texts, "something new"]), atol=1e-4)
    assert reusing.encode([]).shape == (0, encoder.dimension)
    build(items(60), tmp_path / "new", reusing)
    assert encoder.read == 1 + texts_of_the_floor(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: flip(folder, "dense/*.i16"),
        lambda folder: flip(folder, "dense/*.units"),
        lambda folder: flip(folder, "dense/*.ends"),
        lambda folder: largest(folder, "dense/*.i16").unlink(),
    ],
    ids=["vectors", "items", "ends", "missing"],
)
def test_a_damaged_segment_is_encoded_again_and_the_other_reused(
    generation: Path, damage: Callable[[Path], None]
) -> None:
    damage(generation)
    encoder = WordEncoder()
    reusing = with_known_vectors(encoder, generation)
    assert isinstance(reusing, ReusingEncoder) and 0 < len(reusing) < 100
    reusing.encode([item.embedding_text for item in items(20)])
    assert encoder.read == 20
    reusing.encode([Item("v:1", "passage", "Note", "music number 1").embedding_text])
    assert encoder.read == 20


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "dense" / "index.json").write_text("{}"),
        lambda folder: (folder / "dense" / "index.json").write_text("[]"),
        lambda folder: (folder / "dense" / "index.json").unlink(),
        lambda folder: (folder / "dense" / "dense.json").write_text("{"),
        lambda folder: (folder / "dense" / "checksums.json").write_text("["),
    ],
)
def test_nothing_is_reused_without_a_sound_record(generation: Path, damage: Callable[[Path], object]) -> None:
    damage(generation)
    encoder = WordEncoder()
    assert with_known_vectors(encoder, generation) is encoder


@pytest.mark.parametrize(("name", "value"), [("encoder", "another/1"), ("format", "2.1")])
def test_nothing_is_reused_of_another_encoder_or_layout(generation: Path, name: str, value: str) -> None:
    record = generation / "dense" / "index.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {name: value}))
    encoder = WordEncoder()
    assert with_known_vectors(encoder, generation) is encoder


def test_a_writer_encodes_nothing_again_for_a_damaged_lexical_index(tmp_path: Path) -> None:
    encoder = WordEncoder()
    home = Home(tmp_path / "atlas")
    writer = Writer(home, SearchIndexer(lambda: encoder))
    with writer.session() as session:
        build_graph(session, load(write_folder(tmp_path / "data")), built={})
    before = home.require().path
    iris = {stored.item.iri for stored in Index.open(before).lexical.everything()}
    for file in list((before / "lexical").glob("*.idx")):
        file.unlink()  # an index that is still open may have mapped it, and would read past its end
        file.write_bytes(b"")
    encoder.read = 0
    with writer.session() as session:
        session.change(lambda store: Changes(notes={"last_change": "index"}))
    after = Index.open(home.require().path)
    assert encoder.read == texts_of_the_floor(tmp_path)
    assert {stored.item.iri for stored in after.lexical.everything()} == iris


def test_without_an_index_the_encoder_stays(tmp_path: Path) -> None:
    encoder: Encoder = WordEncoder()
    assert with_known_vectors(encoder, tmp_path) is encoder
