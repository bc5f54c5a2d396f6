"""An index that is made anew takes over the vectors that are sound, and no other."""

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
from search.indexing.vector_reuse import ReusingEncoder, salvage
from search.item import Item
from tests.search.conftest import WordEncoder
from tests.support.folder import write_folder

MANY = 1_200
"""So many that their vectors are more than 64 kB: larger files are compared by the checksum that is noted of them."""


def items(count: int, word: str = "film") -> list[Item]:
    return [Item(f"u:{n}", "passage", f"Title {n}", f"{word} number {n} of many") for n in range(count)]


@pytest.fixture(params=[60, MANY], ids=["small files", "large files"])
def generation(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two segments."""
    size: int = request.param
    build(items(size), tmp_path / "one", WordEncoder())
    extra = [Item(f"v:{n}", "passage", "Note", f"music number {n}") for n in range(size // 20)]
    update(tmp_path / "one", tmp_path / "two", extra, ["u:3"], WordEncoder())
    return tmp_path / "two"


def flipped(folder: Path, pattern: str) -> None:
    """A byte in the middle of the largest such file is another; its size and time are as before."""
    file = max(folder.glob(pattern), key=lambda each: each.stat().st_size)
    held, status = bytearray(file.read_bytes()), file.stat()
    held[len(held) // 2] ^= 0x10
    file.unlink()  # other generations share it
    file.write_bytes(held)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def taken_by_every_build(tmp_path: Path) -> int:
    """Texts that are encoded for the relevance floor."""
    plain = WordEncoder()
    build([], tmp_path / "none", plain)
    return plain.read


def test_all_vectors_of_a_sound_index(generation: Path, tmp_path: Path) -> None:
    index = Index.open(generation)
    slots = np.array([index.lexical.by_iri([f"u:{n}"])[f"u:{n}"].slot for n in (0, 4, 59)], np.int64)
    texts = [index.lexical.stored_at(int(slot)).item.embedding_text for slot in slots]
    plain = WordEncoder()
    found = salvage(generation, plain)
    assert isinstance(found, ReusingEncoder)
    vectors = found.encode([*texts, "something new"])
    assert plain.read == 1
    assert np.array_equal(vectors[:3], index.dense.vectors(slots))
    assert np.allclose(vectors, WordEncoder().encode([*texts, "something new"]), atol=1e-4)
    assert found.encode([]).shape == (0, plain.dimension)
    build(items(60), tmp_path / "new", found)
    assert plain.read == 1 + taken_by_every_build(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: flipped(folder, "dense/*.i16"),
        lambda folder: flipped(folder, "dense/*.units"),
        lambda folder: flipped(folder, "dense/*.ends"),
        lambda folder: max(folder.glob("dense/*.i16"), key=lambda each: each.stat().st_size).unlink(),
    ],
    ids=["vectors", "units", "ends", "missing"],
)
def test_a_damaged_segment_is_encoded_anew_and_the_other_kept(generation: Path, damage: Callable[[Path], None]) -> None:
    damage(generation)
    plain = WordEncoder()
    found = salvage(generation, plain)
    assert isinstance(found, ReusingEncoder) and 0 < len(found) < 100
    found.encode([item.embedding_text for item in items(20)])
    assert plain.read == 20
    found.encode([Item("v:1", "passage", "Note", "music number 1").embedding_text])
    assert plain.read == 20


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
def test_nothing_is_taken_from_what_tells_nothing_of_itself(generation: Path, damage: Callable[[Path], object]) -> None:
    damage(generation)
    plain = WordEncoder()
    assert salvage(generation, plain) is plain


@pytest.mark.parametrize(("name", "value"), [("encoder", "another/1"), ("format", "2.1")])
def test_nothing_is_taken_of_another_encoder_or_layout(generation: Path, name: str, value: str) -> None:
    record = generation / "dense" / "index.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {name: value}))
    plain = WordEncoder()
    assert salvage(generation, plain) is plain


def test_a_writer_encodes_nothing_anew_for_a_damaged_list_of_words(tmp_path: Path) -> None:
    encoder = WordEncoder()
    home = Home(tmp_path / "atlas")
    writer = Writer(home, SearchIndexer(lambda: encoder))
    with writer.session() as session:
        build_graph(session, load(write_folder(tmp_path / "data")), built={})
    before = home.require().path
    found = {stored.item.iri for stored in Index.open(before).lexical.stored(Index.open(before).lexical.everywhere())}
    for file in (before / "lexical").glob("*.idx"):
        file.write_bytes(b"")
    encoder.read = 0
    with writer.session() as session:
        session.change(lambda store: Changes(notes={"last_change": "index"}))
    after = Index.open(home.require().path)
    assert encoder.read == taken_by_every_build(tmp_path)
    assert {stored.item.iri for stored in after.lexical.stored(after.lexical.everywhere())} == found


def test_the_encoder_itself_where_there_is_no_index(tmp_path: Path) -> None:
    plain: Encoder = WordEncoder()
    assert salvage(tmp_path, plain) is plain
