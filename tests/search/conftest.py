"""Fixtures: a small collection, an encoder that needs no model, and the index of the collection, built once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.analysis.tokens import exact_words
from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
from search.encoders.protocol import Encoder, Vectors
from search.index.index import Index, build
from search.item import Item
from search.searcher import Searcher


class WordEncoder:
    """A small encoder without a model: each word is a fixed random direction, so texts that share words are near."""

    id = "words/1"
    sha256 = hashlib.sha256(b"words").hexdigest()
    dimension = 64

    def __init__(self) -> None:
        self.read = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.read += len(texts)
        rows = [self._row(text) for text in texts]
        return np.array(rows, np.float32).reshape(len(rows), self.dimension)

    def _row(self, text: str) -> Vectors:
        words = [word.text for word in exact_words(text)] or ["-"]
        row = np.sum([_direction(word, self.dimension) for word in words], axis=0)
        scaled: Vectors = (row / max(float(np.linalg.norm(row)), 1e-9)).astype(np.float32)
        return scaled


def _direction(word: str, dimension: int) -> Any:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "replace")).digest()[:8])
    return np.random.default_rng(seed).normal(size=dimension)


@pytest.fixture
def words() -> WordEncoder:
    return WordEncoder()


@pytest.fixture(scope="session")
def word_encoder() -> type[WordEncoder]:
    return WordEncoder


@pytest.fixture(scope="session")
def collection() -> list[Item]:
    raw = json.loads((Path(__file__).parent / "collection.json").read_text("utf-8"))
    items = [Item.from_json(json.dumps({"kind": "passage", **record}).encode()) for record in raw]
    return [_with_document(item) for item in items]


def _with_document(item: Item) -> Item:
    if item.kind == "entity":
        return item
    document = "d/" + item.title.lower().replace(" ", "-")
    fields = {name: getattr(item, name) for name in Item.__dataclass_fields__}
    return Item(**{**fields, "document": document, "document_id": f"{document}.txt", "collection": "small"})


@pytest.fixture(scope="session")
def encoder(cache: Path) -> Encoder:
    return open_encoder(DEFAULT_MODEL, cache)


@pytest.fixture(scope="session")
def generation(tmp_path_factory: pytest.TempPathFactory, collection: list[Item], encoder: Encoder) -> Path:
    folder = tmp_path_factory.mktemp("search") / "generation"
    build(collection, folder, encoder)
    return folder


@pytest.fixture(scope="session")
def searcher(generation: Path, encoder: Encoder) -> Searcher:
    return Searcher(Index.open(generation, encoder=encoder.id), lambda: encoder)
