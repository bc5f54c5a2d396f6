"""Live: which generation requests see, and when its store can be read without waiting."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from graph.sparql.pool.result_cache import generation_key
from graph.storage.generations import Home
from tests.support.writable_services import begin
from web.read_model.live_directory import LiveDirectory
from web.read_model.live_generation import Live

OPENING_SECONDS = 10.0


@pytest.fixture
def live_home(home: Home) -> Home:
    begin(home, facts=True)
    return home


def test_a_store_is_there_without_waiting_once_it_is_open(live_home: Home) -> None:
    live, generation = Live(live_home), live_home.require().path
    key = generation_key(str(generation))
    assert live.store(generation, key) is None, "it is opened in the background"
    deadline = time.monotonic() + OPENING_SECONDS
    while live.store(generation, key) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    store = live.store(generation, key)
    assert store is not None and len(store) > 0
    assert live.store(generation, "another key") is None
    assert live.store(generation.parent / "000099", key) is None


def test_another_home_in_the_same_place_is_seen(live_home: Home, tmp_path: Path) -> None:
    """Its generations have the same names."""
    live = Live(live_home)
    before = live.view()
    copy = tmp_path / "copy"
    shutil.copytree(live_home.root, copy)
    shutil.rmtree(live_home.root)
    copy.rename(live_home.root)
    after = live.view()
    assert (after.generation.name, after.key != before.key) == (before.generation.name, True)
    assert live.view() is after


def test_a_publication_is_seen_at_once_where_it_is_announced(live_home: Home) -> None:
    directory = LiveDirectory(live_home)
    before = directory.path()
    assert directory.path() is before
    shutil.copytree(before, before.parent / "000077")
    (live_home.root / "next").write_text("000077\n")
    (live_home.root / "next").replace(live_home.current)
    directory.expire()
    assert directory.path().name == "000077"


def test_a_publication_of_another_process_is_seen_within_a_moment(live_home: Home) -> None:
    directory = LiveDirectory(live_home)
    before = directory.path()
    shutil.copytree(before, before.parent / "000077")
    (live_home.root / "next").write_text("000077\n")
    (live_home.root / "next").replace(live_home.current)
    time.sleep(0.01)
    assert directory.path().name == "000077"
