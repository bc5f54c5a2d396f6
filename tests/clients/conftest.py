"""A server that takes writes, in a process of its own, over an atlas of a few facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import Writer
from search.indexing.lag import CarriedIndex
from tests.support.server_process import server_process
from tests.support.small import few_facts

TOKEN = "a-long-random-text"
LABELS = "SELECT ?s ?label { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?label } ORDER BY ?s ?label"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    atlas = Home(tmp_path_factory.mktemp("javascript") / "atlas")
    with Writer(atlas, CarriedIndex()).session() as session:
        session.change(few_facts)
    return atlas


@pytest.fixture(scope="module")
def site(home: Home, cache: Path) -> Iterator[str]:
    with server_process(home.root, cache, CREATIVE_ATLAS_TOKEN=TOKEN) as address:
        yield address


@pytest.fixture(scope="module")
def labels(home: Home) -> list[list[str]]:
    rows = Snapshot.open(home.require()).store.query(LABELS)
    return [[row["s"].value, row["label"].value] for row in rows]  # type: ignore[union-attr]
