"""Fixtures that several rooms share: the cache of the quantised model, and the starter atlas, built once a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where the quantised model is kept between runs; the first run makes it, which takes half a minute."""
    chosen = os.environ.get("CREATIVE_ATLAS_CACHE")
    return Path(chosen) if chosen else ROOT / ".cache" / "creative-atlas"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the project. Tests that need it are skipped where it is absent."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("the folder `shared` is not beside the project: its facts and sets are not tested against")
    return path


@pytest.fixture(scope="session")
def starter_home(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """The atlas of `data/`, built once for all test processes of a run. Read only: copy it to change it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    home = base / "starter-atlas"
    with FileLock(base / "starter.lock"):
        if not (home / "CURRENT").exists():
            from graph.build import build
            from graph.starter.load import load
            from graph.writer import no_progress
            from web.compose import compose
            from web.settings import Settings

            services = compose(Settings(home=home, cache=cache))
            with services.writer(no_progress).session() as session:
                build(session, load(ROOT / "data"), built={})
    return home
