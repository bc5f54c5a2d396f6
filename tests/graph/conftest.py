from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.home import Home
from graph.store import Snapshot
from graph.writer import Session, Writer
from tests.support.small import NoIndex, few_facts


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "atlas")


@pytest.fixture
def session(home: Home) -> Iterator[Session]:
    with Writer(home, NoIndex()).session() as session:
        yield session


@pytest.fixture
def snapshot(home: Home, session: Session) -> Snapshot:
    session.change(few_facts)
    return Snapshot.open(home.require())
