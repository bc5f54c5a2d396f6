"""The shared development data: the article, and a gazetteer of the fact base's names."""

from __future__ import annotations

import json

import pytest

from graph.documents.read import read
from graph.linking.linker import Entry, Gazetteer
from graph.model import Reading
from tests.support.paths import SHARED


@pytest.fixture(scope="session")
def article() -> Reading:
    path = SHARED / "input" / "creative-microclusters-article.txt"
    if not path.is_file():
        pytest.skip("the folder `shared` beside the project is absent: no article to link")
    return next(read(path))


@pytest.fixture(scope="session")
def facts() -> Gazetteer:
    path = SHARED / "facts" / "entities.jsonl"
    if not path.is_file():
        pytest.skip("the folder `shared` beside the project is absent: no fact base to link to")
    entities = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return Gazetteer(
        (
            Entry(e["id"], label, is_alt=place > 0, kind=e.get("subtype") or e["type"])
            for e in entities
            for place, label in enumerate([e["label"], *e["altLabels"]])
        ),
        people=["person"],
    )
