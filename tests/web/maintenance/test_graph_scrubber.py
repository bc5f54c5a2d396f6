"""A graph that is damaged under a server: found by reading through or by a request, and told everywhere with 503."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.errors import GraphDamaged, HomeError, StorageFull
from graph.storage.checksums import CHECKSUMS
from graph.storage.generations import Home
from graph.write.rollback import plan_rollback, roll_back
from graph.write.writer import Writer
from search.indexing.lag import CarriedIndex
from tests.support.damage import damage_file, largest_table, unshare
from tests.support.small import few_facts
from tests.support.waiting import wait_until
from tests.support.writable_services import BEARER, ServiceMaker, begin, update
from web.app import create_app
from web.maintenance.graph_scrubber import GraphScrubber
from web.services import Services

ENGINE_ERROR = RuntimeError("Corruption: block checksum mismatch in /srv/atlas/generations/000002/graph/000049.sst")
MADE_UP = "made up"


@pytest.fixture
def two(home: Home) -> Home:
    """Two generations, the live one with files of its own."""
    begin(home, facts=True)
    with Writer(home, CarriedIndex()).session() as session:
        session.change(few_facts)
    unshare(home.require().path)
    return home


@pytest.fixture
def scrubber(two: Home) -> Iterator[GraphScrubber]:
    scrubber = GraphScrubber(two, settle_seconds=0.01, recheck_seconds=0.05)
    yield scrubber
    scrubber.close()


def state(scrubber: GraphScrubber) -> str:
    return str(scrubber.state()["state"])


def test_damage_is_found_beside_the_requests(two: Home, scrubber: GraphScrubber) -> None:
    assert state(scrubber) == "unread"
    scrubber.notify()
    wait_until(lambda: state(scrubber) == "sound")
    scrubber.require_sound()
    damage_file(largest_table(two.require().path))
    scrubber.notify()
    wait_until(lambda: state(scrubber) == "damaged")
    with pytest.raises(GraphDamaged, match=largest_table(two.require().path).name) as caught:
        scrubber.require_sound()
    assert "creative-atlas rollback 000001" in caught.value.remedy
    roll_back(two, plan_rollback(two, "000001"))
    scrubber.require_sound()
    wait_until(lambda: state(scrubber) == "sound")


def test_a_fault_of_a_request_has_the_files_read_at_once(two: Home) -> None:
    scrubber = GraphScrubber(two, settle_seconds=1000.0, recheck_seconds=1000.0)
    damage_file(largest_table(two.require().path))
    first = scrubber.diagnose(ENGINE_ERROR)
    assert isinstance(first, GraphDamaged) and "being read through" in first.remedy
    wait_until(lambda: state(scrubber) == "damaged")
    second = scrubber.diagnose(ENGINE_ERROR)
    assert isinstance(second, GraphDamaged) and "rollback 000001" in second.remedy
    scrubber.close()


def test_without_checksums_the_engine_is_believed(two: Home, scrubber: GraphScrubber) -> None:
    (two.require().path / CHECKSUMS).unlink()
    scrubber.notify()
    wait_until(lambda: state(scrubber) == "unchecked")
    scrubber.diagnose(ENGINE_ERROR)
    wait_until(lambda: state(scrubber) == "damaged")


def test_a_fault_that_the_checksums_do_not_bear_out_is_no_damage(scrubber: GraphScrubber) -> None:
    assert scrubber.diagnose(ENGINE_ERROR) is not None
    wait_until(lambda: state(scrubber) == "sound")
    scrubber.require_sound()


def test_what_is_no_damage_is_told_as_what_it_is(two: Home, scrubber: GraphScrubber) -> None:
    assert scrubber.diagnose(ValueError(MADE_UP)) is None
    assert scrubber.diagnose(RuntimeError(MADE_UP)) is None
    assert scrubber.diagnose(FileNotFoundError(2, os.strerror(2), MADE_UP)) is None
    assert isinstance(scrubber.diagnose(OSError(28, os.strerror(28))), StorageFull)
    older = scrubber.diagnose(GraphDamaged("A table is missing.", generation="000001"))
    assert type(older) is HomeError and "again" in older.remedy
    two.root.rename(two.root.with_name("elsewhere"))
    gone = scrubber.diagnose(ENGINE_ERROR)
    assert isinstance(gone, HomeError) and not isinstance(gone, GraphDamaged)
    assert isinstance(scrubber.diagnose(FileNotFoundError(2, os.strerror(2), "figures.json")), HomeError)


@pytest.fixture
def services(make_services: ServiceMaker) -> Services:
    services = make_services(facts=True)
    begin(services.home, facts=True)
    return services


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """A client of a server whose graph is damaged while it is not open."""
    live = services.home.require().path
    unshare(live)
    damage_file(largest_table(live))
    return create_app(services).test_client()


def test_no_write_pushes_the_last_whole_generation_off_the_disk(make_services: ServiceMaker) -> None:
    """Damage in a part that the writes themselves do not read."""
    services = make_services(facts=True)
    client = create_app(services).test_client()
    assert update(client, "INSERT DATA { <a:b> <a:c> 1 }") == 204
    live = services.home.require()
    unshare(live.path)
    damage_file(largest_table(live.path))
    services.graph_scrubber.diagnose(ENGINE_ERROR)
    wait_until(lambda: state(services.graph_scrubber) == "damaged")
    for number in range(3):
        assert update(client, f"INSERT DATA {{ <a:b> <a:d> {number} }}") == 503
    assert services.home.require() == live
    with pytest.raises(GraphDamaged):
        services.graph_scrubber.require_sound()
    roll_back(services.home, plan_rollback(services.home, "000001"))
    assert update(client, "INSERT DATA { <a:b> <a:c> 2 }") == 204


@pytest.mark.parametrize(
    "path",
    ["/", "/search?q=nesta", "/api/v1/terms?q=nesta", "/graph-store?default", "/readyz", "/sparql?query=ASK%20%7B%7D"],
)
def test_a_graph_that_cannot_be_opened_is_503_with_the_file_and_the_remedy(
    services: Services, client: FlaskClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 503
    assert largest_table(services.home.require().path).name in answer.text
    assert "rollback 000001" in answer.text


def test_a_write_to_a_damaged_graph_is_503_with_the_file(services: Services, client: FlaskClient) -> None:
    name = largest_table(services.home.require().path).name
    answer = client.post(
        "/update", data="INSERT DATA { <a:b> <a:c> 1 }", content_type="application/sparql-update", headers=BEARER
    )
    assert answer.status_code == 503 and name in answer.text
    assert answer.get_json(force=True)["type"].endswith("/damaged")


def test_a_running_server_goes_on_after_a_rollback(services: Services, client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 503
    roll_back(services.home, plan_rollback(services.home, "000001"))
    assert client.get("/readyz").status_code == 200
    assert client.get("/").status_code == 200
    assert update(client, "INSERT DATA { <a:b> <a:c> 1 }") == 204


def test_damage_that_a_page_comes_upon_is_no_500(make_services: ServiceMaker, tmp_path: Path) -> None:
    """A read that fails after the store was opened."""
    services = make_services(facts=True)
    app = create_app(services)

    @app.get("/page-of-the-test")
    def page() -> str:
        raise ENGINE_ERROR

    @app.get("/api/full")
    def full() -> str:
        raise OSError(28, os.strerror(28))

    client = app.test_client()
    answer = client.get("/page-of-the-test")
    assert answer.status_code == 503 and "000049.sst" in answer.text and "Something went wrong" not in answer.text
    assert client.get("/api/full").status_code == 507
    services.graph_scrubber.close()
