"""Fixtures that several rooms share: the cache of the quantised model, and the starter atlas, built once a run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.writer import Session, Writer
from tests.support.paths import ROOT, SHARED
from tests.support.small import NoIndex, few_facts

pytest_plugins = ["tests.support.query_pool", "tests.support.services", "tests.support.writable_services"]

settings.register_profile("mutants", max_examples=40, derandomize=True, database=None, deadline=None)
"""For `make mutants`: the same few examples each time, so that a mutant's fate does not change between runs."""


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where the quantised model is kept between runs; the first run makes it, which takes half a minute."""
    chosen = os.environ.get("CREATIVE_ATLAS_CACHE")
    return Path(chosen) if chosen else ROOT / ".cache" / "creative-atlas"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the project. Tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder `shared` is not beside the project: its facts and sets are not tested against")
    return SHARED


@pytest.fixture(scope="session")
def starter_home(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The atlas of `data/`, built once for all test processes of a run. Read only: copy it to change it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    home = base / "starter-atlas"
    with FileLock(base / "starter.lock"):
        if not (home / "CURRENT").exists():
            from graph.seed_data.build import build
            from graph.seed_data.load import load
            from graph.write.writer import no_progress
            from web.services import compose
            from web.settings import Settings

            services = compose(Settings(home=home, cache=cache))
            with services.writer(no_progress).session() as session:
                build(session, load(ROOT / "data"), built={})
    return home


@pytest.fixture(scope="session")
def starter_snapshot(starter_home: Path) -> Snapshot:
    return Snapshot.open(Home(starter_home).require())


@pytest.fixture
def starter_copy(starter_home: Path, tmp_path: Path) -> Home:
    """The starter atlas, to be written to."""
    shutil.copytree(starter_home, tmp_path / "starter")
    return Home(tmp_path / "starter")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without a generation."""
    return Home(tmp_path / "atlas")


@pytest.fixture
def session(home: Home) -> Iterator[Session]:
    """A write session over `home`, without a search index."""
    with Writer(home, NoIndex()).session() as session:
        yield session


@pytest.fixture
def snapshot(home: Home, session: Session) -> Snapshot:
    """The small atlas of claims, as published in `home`."""
    session.change(few_facts)
    return Snapshot.open(home.require())
