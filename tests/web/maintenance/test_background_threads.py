"""A request or a write does not fail because background work finds no thread, and the work begins at the next one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.errors import IndexMissing, IndexUnusable
from graph.storage.generations import Home
from tests.support.exhaustion import no_new_threads
from tests.support.waiting import wait_until
from tests.support.writable_services import begin
from web.maintenance.index_follower import IndexFollower
from web.maintenance.index_repair import IndexRebuilder
from web.maintenance.index_scrubber import IndexScrubber
from web.settings import Settings


class PanicException(BaseException):
    """As a library written in Rust raises it over a damaged file: no `Exception`."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An atlas without an index."""
    home = Home(tmp_path / "atlas")
    begin(home)
    return home


@pytest.fixture
def reported() -> list[IndexUnusable]:
    return []


@pytest.fixture
def scrubber(home: Home, reported: list[IndexUnusable]) -> Iterator[IndexScrubber]:
    """One whose first report of damage ends in a panic."""

    def report(error: IndexUnusable) -> IndexUnusable:
        reported.append(error)
        if len(reported) == 1:
            raise PanicException
        return error

    scrubber = IndexScrubber(home, report, settle_seconds=0.0, recheck_seconds=0.05)
    yield scrubber
    scrubber.close()


def test_a_follower_begins_at_the_next_write() -> None:
    steps: list[bool] = []

    def step() -> bool:
        steps.append(True)
        return False

    follower = IndexFollower(step, quiet_seconds=0.01)
    with no_new_threads():
        follower.notify()
    follower.notify()
    wait_until(lambda: bool(steps))
    follower.close()


def test_a_scrubber_begins_at_the_next_search(scrubber: IndexScrubber, reported: list[IndexUnusable]) -> None:
    with no_new_threads():
        scrubber.notify()
        assert "looked at" in scrubber.diagnose(ZeroDivisionError()).remedy
    scrubber.notify()
    wait_until(lambda: len(reported) > 1)


def test_a_panic_does_not_end_the_scrubber(scrubber: IndexScrubber, reported: list[IndexUnusable]) -> None:
    scrubber.notify()
    wait_until(lambda: len(reported) > 1)


def test_services_that_found_no_thread_can_be_closed(home: Home) -> None:
    follower, scrubber = IndexFollower(lambda: False), IndexScrubber(home, lambda error: error)
    rebuilder = IndexRebuilder(Settings(home=home.root, cache=home.root))
    with no_new_threads():
        follower.notify()
        scrubber.notify()
        assert isinstance(rebuilder(IndexMissing("There is no index.")), IndexMissing)
    follower.close()
    scrubber.close()
    assert rebuilder.wait(1) is None
