"""Suppressed and forgotten texts are in no file any more: graph, index, vectors, originals, older generations."""

from __future__ import annotations

import secrets
import zlib
from pathlib import Path

import numpy as np
import pytest

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.ingest import forget, ingest
from graph.write.suppression import suppress
from graph.write.writer import Writer
from search.encoders.protocol import Encoder
from search.index.index import Index
from search.index.segments import SCALE
from search.indexing.indexer import SearchIndexer
from search.searcher import Searcher
from search.types import Query
from tests.support.folder import FILES, NOTE, write_folder

ID = "https://w3id.org/creative-atlas/id/"
NESTA = f"{ID}organisation/nesta"
SECRET = "Zq7-xylotomous-Grackle"
"""Words that no other file holds by chance."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "atlas")


@pytest.fixture
def writer(home: Home, words: Encoder) -> Writer:
    return Writer(home, SearchIndexer(lambda: words))


def files_with(home: Home, *needles: bytes) -> list[Path]:
    """Files of the atlas that contain one of the needles, except for the manifests, which list suppressed IRIs."""
    files = [path for path in home.root.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert any(path.parent.name == "lexical" for path in files)
    return [path for path in files if any(needle in content(path) for needle in needles)]


def content(path: Path) -> bytes:
    """The content of a file. Stored items are compressed one by one."""
    data = path.read_bytes()
    if path.suffix != ".units":
        return data
    plain = b""
    while data:
        item = zlib.decompressobj()
        plain += item.decompress(data) + b"\n"
        data = item.unused_data
    return plain


def vector_of(home: Home, iri: str) -> bytes:
    """The bytes of an item's vector, as they are stored."""
    index = Index.open(home.require().path)
    slot = index.lexical.by_iri([iri])[iri].slot
    return np.rint(index.dense.vectors(np.array([slot], np.int64)) * SCALE).astype(np.int16).tobytes()


def test_a_suppressed_entity_leaves_no_byte(home: Home, writer: Writer, tmp_path: Path) -> None:
    entities = {name: text for name, text in FILES.items() if NESTA in text and name.startswith("entities/")}
    assert entities
    described = f'<{NESTA}> schema:description "{SECRET}" ; a '
    folder = write_folder(tmp_path / "data", {n: t.replace(f"<{NESTA}> a ", described) for n, t in entities.items()})
    with writer.session() as session:
        build(session, load(folder), built={})
        vector = vector_of(home, NESTA)
        assert len(files_with(home, SECRET.encode())) >= 2  # graph and search index
        assert len(files_with(home, vector)) == 1
        suppress(session, home, NESTA)
    assert files_with(home, SECRET.encode(), NESTA.encode(), vector) == []
    assert len(list(home.generations.iterdir())) == 1


def test_a_suppressed_subject_leaves_the_texts_about_it(home: Home, writer: Writer, tmp_path: Path) -> None:
    alias = f'rdfs:label "Nesta" ; skos:altLabel "{SECRET}"'
    named = FILES["entities/organisations.ttl"].replace('rdfs:label "Nesta"', alias)
    about = NOTE.replace("sources: [gov]", 'sources: [gov]\nabout: ["org:nesta"]')
    changed = {"entities/organisations.ttl": named, "texts/scale-up.md": about}
    with writer.session() as session:
        build(session, load(write_folder(tmp_path / "data", changed)), built={})
        assert len(files_with(home, SECRET.encode())) >= 2
        suppress(session, home, NESTA)
    assert files_with(home, SECRET.encode(), NESTA.encode()) == []


def test_an_earlier_card_of_it_goes_too(home: Home, writer: Writer, tmp_path: Path) -> None:
    """A replaced card is only marked as deleted until the suppression."""
    name = next(n for n, text in FILES.items() if n.startswith("entities/") and f"<{NESTA}> a " in text)
    text = FILES[name].replace(f"<{NESTA}> a ", f'<{NESTA}> schema:description "{SECRET}" ; a ')
    with writer.session() as session:
        build(session, load(write_folder(tmp_path / "data", {name: text})), built={})
        build(session, load(write_folder(tmp_path / "next")), built={})
        suppress(session, home, NESTA)
    assert files_with(home, SECRET.encode()) == []


def test_a_forgotten_document_leaves_no_byte(home: Home, writer: Writer, words: Encoder, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.txt", tmp_path / "other.txt"
    mine.write_text(f"A private note\n\nOnly here it says {SECRET}, and that is all there is to say.\n", "utf-8")
    other.write_text("A public note\n\nFilm and music are made in Leeds and in Dundee, says the council.\n", "utf-8")
    token = secrets.token_hex(16)
    with writer.session() as session:
        build(session, load(write_folder(tmp_path / "data")), built={})
        first, _ = ingest(session, home, [mine, other]).outcomes
        mine.write_text(f"A private note\n\nNow it says {token} instead, which is the newer wording.\n", "utf-8")
        assert ingest(session, home, [mine]).count("replaced") == 1
        vector = vector_of(home, f"{first.iri}/p0")
        assert files_with(home, token.encode()) and files_with(home, SECRET.encode()) and files_with(home, vector)
        assert forget(session, home, first.iri)
    assert files_with(home, token.encode(), SECRET.encode(), vector) == []
    assert [path.read_bytes() for path in home.files.iterdir()] == [other.read_bytes()]
    assert "A public note" in {document.title for document in Snapshot.open(home.require()).documents()}
    results = Searcher(Index.open(home.require().path), lambda: words).search(Query("film in Leeds"))
    assert results.hits[0].title == "A public note"
