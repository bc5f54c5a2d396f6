"""The workbench over a real store and real query workers: why, pages, terms, and a query that is cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from graph.build import build
from graph.model import Value
from graph.starter.load import load
from graph.vocabulary import expand
from graph.writer import Writer
from tests.support.folder import write_folder
from tests.support.small import NoIndex
from tests.web import site
from tests.web.conftest import Open
from web.app import create_app
from web.compose import Services, compose
from web.reads import Slice
from web.settings import Settings

ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FUNDED_BY = expand("ca:fundedBy")
EDGES = f"SELECT ?what ?funder WHERE {{ ?what <{FUNDED_BY}> ?funder }}"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    root = tmp_path_factory.mktemp("workbench")
    made = compose(Settings(home=root / "atlas", cache=root / "cache", query_timeout=20))
    with Writer(made.home, NoIndex()).session() as session:
        build(session, load(write_folder(root / "data")), built={})
    yield made
    made.close()


@pytest.fixture(scope="module")
def live(services: Services, built: Path) -> FlaskClient:
    return create_app(services).test_client()


def test_a_row_opens_the_claims_behind_it(services: Services, live: FlaskClient) -> None:
    table = services.atlas.select(EDGES, "live-edges", Slice())
    assert table.rows
    tied = services.atlas.connected(table.rows)
    assert all(len(iris) == 2 for iris in tied)
    text = live.get("/why", query_string={"among": tied[0]}).text
    assert "fundedBy" in text and "source by source" in text
    funder = table.rows[0][1]
    assert table.rows[0][0] is not None and funder is not None
    (edge,) = services.atlas.why(table.rows[0][0].value, FUNDED_BY, funder)
    assert edge.asserted and edge.evidence and edge.predicate.label == "fundedBy"
    assert services.atlas.why(funder.value, FUNDED_BY, Value("literal", "x", "x", None, "not a tag")) == ()
    by_name = services.atlas.connected(
        [tuple(cell and Value("literal", cell.label, cell.label) for cell in table.rows[0])]
    )
    assert by_name == [tied[0]]


def test_pages_and_order_of_a_real_answer(services: Services) -> None:
    query = "SELECT ?x ?label WHERE { ?x <http://www.w3.org/2000/01/rdf-schema#label> ?label }"
    whole = services.atlas.select(query, "live-whole", Slice(limit=10_000, sort="label"))
    labels = [row[1].value.casefold() for row in whole.rows if row[1]]
    assert labels == sorted(labels) and len(labels) == whole.total > 10
    part = services.atlas.select(query, "live-part", Slice(start=5, limit=3, sort="label"))
    assert part.rows == whole.rows[5:8] and part.total == whole.total
    down = services.atlas.select(query, "live-down", Slice(limit=1, sort="label", down=True))
    assert down.rows[0][1] is not None and down.rows[0][1].value.casefold() == labels[-1]
    numbers = services.atlas.select("SELECT ?n { VALUES ?n { 10 9 UNDEF 2.5 } }", "live-numbers", Slice(sort="n"))
    assert [row[0].value if row[0] else None for row in numbers.rows] == ["2.5", "9", "10", None]
    graph = services.atlas.select("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "live-graph", Slice(limit=4, sort="object"))
    assert len(graph.rows) == 4 and graph.form == "graph"


def test_terms_come_with_the_number_of_their_uses(services: Services, live: FlaskClient) -> None:
    found = live.get("/api/v1/terms?q=funded").get_json()
    funded = next(each for each in found["terms"] if each["name"] == "ca:fundedBy")
    counted = services.atlas.select(EDGES, "live-count", Slice())
    assert (funded["label"], funded["kind"], funded["count"]) == ("fundedBy", "property", counted.total)
    assert live.get("/api/v1/terms?q=Nesta").get_json()["entities"] == []  # no index here: terms are still offered


def test_a_running_query_is_cancelled_by_its_id(services: Services, live: FlaskClient) -> None:
    answers = []
    asker = create_app(services).test_client()
    mine = {"REMOTE_ADDR": "203.0.113.1"}  # whoever else knows the id cannot
    thread = threading.Thread(
        target=lambda: answers.append(asker.post("/sparql", data={"query": ENDLESS, "id": "cancel-me-01"},
                                                 headers={"Accept": "text/html"}, environ_overrides=mine))
    )  # fmt: skip
    thread.start()
    status = 404
    for _ in range(200):
        assert live.delete("/sparql/queries/cancel-me-01").status_code == 404
        status = live.delete("/sparql/queries/cancel-me-01", environ_overrides=mine).status_code
        if status == 204:
            break
        time.sleep(0.05)
    thread.join(15)
    assert status == 204 and not thread.is_alive()
    assert answers[0].status_code == 503 and "The query was cancelled" in answers[0].text
    assert live.delete("/sparql/queries/cancel-me-01", environ_overrides=mine).status_code == 404


@pytest.mark.browser
def test_the_cancel_button_stops_a_running_query(services: Services, built: Path, opened: Open) -> None:
    with site.serving(create_app(services)) as address:
        seen = opened(address + "/sparql")
        page = seen.page
        page.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(ENDLESS)
        page.get_by_role("button", name="Run").click()
        button = page.get_by_role("button", name="Cancel")
        expect(button).to_be_visible()
        assert (
            button.evaluate(
                "it => { let o = 1; for (; it; it = it.parentElement) o *= +getComputedStyle(it).opacity; return o }"
            )
            == 1
        )  # while the rest is faint
        for _ in range(100):
            if services.pool.load()[0]:
                break
            page.wait_for_timeout(50)
        button.click()
        expect(page.get_by_role("alert")).to_have_text("The query was cancelled")
        expect(button).to_be_hidden()
        assert ENDLESS in page.locator("textarea#query").input_value()
        page.keyboard.press("Control+a")
        assert seen.violations() == []


@pytest.mark.browser
def test_a_hundred_thousand_rows_do_not_freeze_the_page(services: Services, built: Path, opened: Open) -> None:
    """A page of a hundred is drawn, and further pages and orders come without running the query again."""
    many = "SELECT ?a ?e WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 100000"
    with site.serving(create_app(services)) as address:
        seen = opened(f"{address}/sparql?{urlencode({'query': many})}")
        page = seen.page
        expect(page.locator("#answer-heading")).to_contain_text("100,000 rows", timeout=30_000)
        table = page.locator(".answer-table tbody tr")
        expect(table).to_have_count(100)
        answered = page.locator("#answer-heading span").inner_text()
        page.get_by_role("link", name="Next ›").click()
        expect(page.get_by_text("Rows 101 to 200")).to_be_visible(timeout=30_000)
        page.locator(".answer-table thead").get_by_role("link", name="e", exact=True).click()
        expect(page.locator("th[aria-sort=ascending]")).to_have_text("e ↑", timeout=30_000)
        expect(table).to_have_count(100)
        assert page.locator("#answer-heading span").inner_text() == answered, "the same run"
        assert seen.violations() == []


@pytest.mark.browser
def test_places_are_mapped(services: Services, built: Path, opened: Open) -> None:
    nesta = "https://w3id.org/creative-atlas/id/organisation/nesta"
    rows = f"(<{nesta}> 56.46 -2.97) (<http://e/there> 53.8 -1.55) (<http://e/away> 0 0)"
    query = f"SELECT * {{ VALUES (?what ?lat ?long) {{ {rows} }} }}"
    with site.serving(create_app(services)) as address:
        seen = opened(f"{address}/sparql?{urlencode({'query': query})}")
        page = seen.page
        page.get_by_text("Map of what").click()
        dots = page.locator("svg.map circle")
        expect(dots).to_have_count(2)
        expect(page.get_by_role("link", name="Nesta").locator("circle")).to_be_visible()
        expect(page.locator("svg.map path.coast")).to_be_visible()
        expect(page.get_by_text("1 of these rows has no place on the map.")).to_be_visible()
        assert page.locator(".chart, .bars").count() == 0
        assert seen.errors == [] and seen.violations() == []
