from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.home import Home
from graph.store import Snapshot
from graph.writer import Session, Writer
from tests.support.small import NoIndex

ID = "https://w3id.org/creative-atlas/id/"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "atlas")


@pytest.fixture
def session(home: Home) -> Iterator[Session]:
    with Writer(home, NoIndex()).session() as session:
        yield session


@pytest.fixture(scope="session")
def starter(starter_home: Path) -> Snapshot:
    return Snapshot.open(Home(starter_home).require())


@pytest.fixture
def starter_copy(starter_home: Path, tmp_path: Path) -> Home:
    """The starter atlas, to be written to."""
    shutil.copytree(starter_home, tmp_path / "starter")
    return Home(tmp_path / "starter")
