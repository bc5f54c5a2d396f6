"""Damage that comes while the index is used: noticed while requests go on, shown, repaired, and searched again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from graph.errors import IndexUnusable
from graph.sandbox.remote_error import RemoteError
from graph.storage.generations import Home
from graph.write.ingest import ingest
from graph.write.writer import no_progress
from search.types import Query
from tests.support.services import make_services
from tests.support.waiting import wait_until
from tests.support.writable_services import begin
from web.app import create_app
from web.cli.main import cli
from web.maintenance.index_repair import verify_index
from web.maintenance.index_scrubber import IndexScrubber
from web.services import Services, compose
from web.settings import Settings

MIN_BYTES = 65_536
"""Smaller files are compared whole at opening."""
QUERY = Query("access to finance")


@pytest.fixture(scope="module")
def built_home(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A home with files that are too large to be compared at opening."""
    root = tmp_path_factory.mktemp("scrubber")
    services = make_services(root, cache)
    letters = random.Random(5)
    words = ["".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(9_000)]
    texts = [" ".join(words[start : start + 60]) for start in range(0, 9_000, 60)]
    text = "\n\n".join(f"Note {n} on studio {n * 7}: rent, skills and loans. {more}." for n, more in enumerate(texts))
    (root / "long.txt").write_text(text, "utf-8")
    with services.writer(no_progress).session() as session:
        ingest(session, services.home, [root / "long.txt"], collection="mine")
    services.close()
    return root / "atlas"


@pytest.fixture
def settings(built_home: Path, tmp_path: Path, cache: Path) -> Settings:
    return Settings(home=Path(shutil.copytree(built_home, tmp_path / "atlas")), cache=cache)


@pytest.fixture
def server(settings: Settings) -> Iterator[Services]:
    services = compose(settings, repairs_index=True)
    yield services
    services.close()
    services.index_rebuilder.wait(60)  # it goes on when the server ends


def large_file(home: Path) -> Path:
    live = Home(home).require().path
    return max(live.glob("dense/*.units"), key=lambda file: file.stat().st_size)


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    assert len(data) > MIN_BYTES
    for at in range(1_000, len(data) - 1_000, 97):
        data[at] ^= 0x55
    with file.open("r+b") as stream:
        stream.write(data)


def test_a_server_notices_damage_and_repairs_it(server: Services) -> None:
    client = create_app(server).test_client()
    scrubber = server.index_scrubber
    assert scrubber is not None
    scrubber.settle_seconds = scrubber.recheck_seconds = 0.2

    def state() -> str:
        return str(client.get("/readyz").get_json()["index"]["state"])

    assert state() == "unopened"
    sound = [hit.iri for hit in server.atlas.search(QUERY).hits]
    wait_until(lambda: state() == "sound", 240)
    before = server.home.require()
    damage(large_file(server.settings.home))
    scrubber.diagnose(ValueError("something odd"))
    wait_until(lambda: state() == "damaged", 240)
    assert "does not hold what was written" in client.get("/readyz").get_json()["index"]["problem"]
    wait_until(lambda: state() == "sound", 240)
    assert server.home.require().number == before.number + 1
    assert [hit.iri for hit in server.atlas.search(QUERY).hits] == sound


def test_a_search_that_meets_damage_fails_and_has_it_repaired(server: Services) -> None:
    client = create_app(server).test_client()
    scrubber = server.index_scrubber
    assert scrubber is not None
    scrubber.recheck_seconds = 0.2
    damage(large_file(server.settings.home))
    statuses = {client.get("/api/v1/search", query_string={"q": f"studio {n}"}).status_code for n in range(0, 700, 7)}
    statuses |= {client.get("/search", query_string={"q": f"studio {n}"}).status_code for n in range(0, 70, 7)}
    assert 503 in statuses and statuses <= {200, 503}
    wait_until(lambda: scrubber.state()["state"] == "sound", 240)
    assert client.get("/api/v1/search?q=studio+7").status_code == 200


def test_an_unexpected_error_alone_repairs_nothing(settings: Settings) -> None:
    reported: list[IndexUnusable] = []

    def report(error: IndexUnusable) -> IndexUnusable:
        reported.append(error)
        return error

    scrubber = IndexScrubber(Home(settings.home), report, settle_seconds=0.0, recheck_seconds=0.1)
    try:
        assert "looked at" in scrubber.diagnose(ZeroDivisionError()).remedy
        wait_until(lambda: scrubber.state()["state"] == "sound", 240)
        assert reported == []
        damage(large_file(settings.home))
        scrubber.diagnose(ZeroDivisionError())
        wait_until(lambda: bool(reported), 240)
        assert scrubber.state()["state"] == "damaged"
    finally:
        scrubber.close()


def test_reading_keeps_to_its_rate_and_ends_at_once(settings: Settings) -> None:
    scrubber = IndexScrubber(Home(settings.home), lambda error: error, settle_seconds=0.0, rate=1 << 10)
    scrubber.notify()
    time.sleep(0.5)
    assert scrubber.state() == {"state": "unread"}  # it waits after each part
    began = time.monotonic()
    scrubber.close()
    assert time.monotonic() - began < 5


def test_commands_notice_damage_and_repair_it(settings: Settings) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(
            cli, [*arguments, "--home", str(settings.home)], env={"CREATIVE_ATLAS_CACHE": cache}
        )
        return result.exit_code, result.output

    cache = str(settings.cache)
    assert "are as they were written" in run("check")[1]
    damage(large_file(settings.home))
    status, output = run("check")
    assert (status, "does not hold what was written" in output, "creative-atlas reindex" in output) == (1, True, True)
    assert run("reindex")[0] == 0
    assert "are as they were written" in run("check")[1]
    status, output = run("search", "access to finance")
    assert (status, "rebuilt" in output) == (0, False)


def test_a_search_command_repairs_an_index_that_it_cannot_read(settings: Settings) -> None:
    damage(large_file(settings.home))
    result = CliRunner().invoke(
        cli,
        ["search", "studio loans", "--limit", "100", "--home", str(settings.home)],
        env={"CREATIVE_ATLAS_CACHE": str(settings.cache)},
    )
    assert (result.exit_code, "It is rebuilt" in result.output) == (0, True)


def test_an_atlas_that_has_no_index_yet_is_not_called_damaged(tmp_path: Path) -> None:
    home = Home(tmp_path / "atlas")
    begin(home)
    scrubber = IndexScrubber(home, lambda error: error, settle_seconds=0.0, recheck_seconds=0.1)
    try:
        with pytest.raises(IndexUnusable) as raised:
            verify_index(home.require())
        scrubber.repair(raised.value)
        assert scrubber.state() == {"state": "missing", "remedy": "It is being built from the graph."}
        scrubber.repair(RemoteError.of(raised.value).restored())  # as a search process reports it
        assert scrubber.state()["state"] == "missing"
    finally:
        scrubber.close()
