"""Damage that comes while the index is used: noticed beside the requests, shown, mended, and searched again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from graph.errors import IndexUnusable
from graph.storage.generations import Home
from graph.write.ingest import ingest
from graph.write.writer import no_progress
from search.types import Query
from tests.support.services import make_services
from web.app import create_app
from web.cli.main import cli
from web.maintenance.index_scrubber import IndexScrubber
from web.services import Services, compose
from web.settings import Settings

LARGE = 65_536
ASKED = Query("access to finance")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A home with files that are too large to be compared at opening."""
    root = tmp_path_factory.mktemp("watch")
    services = make_services(root, cache)
    letters = random.Random(5)
    odd = [" ".join("".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(60)) for _ in range(150)]
    text = "\n\n".join(f"Note {n} on studio {n * 7}: rent, skills and loans. {more}." for n, more in enumerate(odd))
    (root / "long.txt").write_text(text, "utf-8")
    with services.writer(no_progress).session() as session:
        ingest(session, services.home, [root / "long.txt"], collection="mine")
    services.close()
    return root / "atlas"


@pytest.fixture
def settings(made: Path, tmp_path: Path, cache: Path) -> Settings:
    return Settings(home=Path(shutil.copytree(made, tmp_path / "atlas")), cache=cache)


@pytest.fixture
def server(settings: Settings) -> Iterator[Services]:
    services = compose(settings, mending=True)
    yield services
    services.close()
    services.mender.wait(60)  # it goes on when the server ends


def large_file(home: Path) -> Path:
    live = Home(home).require().path
    return max(live.glob("dense/*.units"), key=lambda file: file.stat().st_size)


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    assert len(data) > LARGE
    for at in range(1_000, len(data) - 1_000, 97):
        data[at] ^= 0x55
    with file.open("r+b") as stream:
        stream.write(data)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def test_a_server_notices_and_mends(server: Services) -> None:
    client = create_app(server).test_client()
    watch = server.watch
    assert watch is not None
    watch.settled = watch.again = 0.2

    def state() -> str:
        return str(client.get("/readyz").get_json()["index"]["state"])

    assert state() == "unopened"
    sound = [hit.iri for hit in server.atlas.search(ASKED).hits]
    until(lambda: state() == "sound")
    before = server.home.require()
    flip(large_file(server.settings.home))
    watch.suspect(ValueError("something odd"))
    until(lambda: state() == "damaged")
    assert "does not hold what was written" in client.get("/readyz").get_json()["index"]["problem"]
    until(lambda: state() == "sound")
    assert server.home.require().number == before.number + 1
    assert [hit.iri for hit in server.atlas.search(ASKED).hits] == sound


def test_a_search_that_meets_damage_is_told_and_has_it_mended(server: Services) -> None:
    client = create_app(server).test_client()
    watch = server.watch
    assert watch is not None
    watch.again = 0.2
    flip(large_file(server.settings.home))
    answers = {client.get("/api/v1/search", query_string={"q": f"studio {n}"}).status_code for n in range(0, 700, 7)}
    answers |= {client.get("/search", query_string={"q": f"studio {n}"}).status_code for n in range(0, 70, 7)}
    assert 503 in answers and answers <= {200, 503}
    until(lambda: watch.state()["state"] == "sound")
    assert client.get("/api/v1/search?q=studio+7").status_code == 200


def test_an_odd_error_alone_has_nothing_made_anew(settings: Settings) -> None:
    told: list[IndexUnusable] = []

    def mend(error: IndexUnusable) -> IndexUnusable:
        told.append(error)
        return error

    watch = IndexScrubber(Home(settings.home), mend, settled=0.0, again=0.1)
    try:
        assert "looked at" in watch.suspect(ZeroDivisionError()).remedy
        until(lambda: watch.state()["state"] == "sound")
        assert told == []
        flip(large_file(settings.home))
        watch.suspect(ZeroDivisionError())
        until(lambda: bool(told))
        assert watch.state()["state"] == "damaged"
    finally:
        watch.close()


def test_reading_keeps_to_its_rate_and_ends_at_once(settings: Settings) -> None:
    watch = IndexScrubber(Home(settings.home), lambda error: error, settled=0.0, rate=1 << 10)
    watch.poke()
    time.sleep(0.5)
    assert watch.state() == {"state": "unread"}  # it waits after each part
    began = time.monotonic()
    watch.close()
    assert time.monotonic() - began < 5


def test_commands_notice_and_mend(settings: Settings) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(
            cli, [*arguments, "--home", str(settings.home)], env={"CREATIVE_ATLAS_CACHE": cache}
        )
        return result.exit_code, result.output

    cache = str(settings.cache)
    assert "are as they were written" in run("check")[1]
    flip(large_file(settings.home))
    status, said = run("check")
    assert (status, "does not hold what was written" in said, "creative-atlas reindex" in said) == (1, True, True)
    assert run("reindex")[0] == 0
    assert "are as they were written" in run("check")[1]
    status, said = run("search", "access to finance")
    assert (status, "anew" in said) == (0, False)


def test_a_search_command_mends_what_it_cannot_read(settings: Settings) -> None:
    flip(large_file(settings.home))
    result = CliRunner().invoke(
        cli,
        ["search", "studio loans", "--limit", "100", "--home", str(settings.home)],
        env={"CREATIVE_ATLAS_CACHE": str(settings.cache)},
    )
    assert (result.exit_code, "Making it anew" in result.output) == (0, True)
