"""The workbench over a real store and real query workers: why, pages, terms, and a query that is cancelled."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from graph.model import Value
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.vocabulary import expand
from graph.write.writer import Writer
from tests.support.folder import write_folder
from tests.support.site import ENDLESS, serving
from tests.support.small import NoIndex
from tests.web.pages.conftest import Open
from web.app import create_app
from web.read_model.reader import Slice
from web.services import Services, compose
from web.settings import Settings

FUNDED_BY = expand("ca:fundedBy")
EDGES = f"SELECT ?what ?funder WHERE {{ ?what <{FUNDED_BY}> ?funder }}"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    root = tmp_path_factory.mktemp("workbench")
    small_atlas = compose(Settings(home=root / "atlas", cache=root / "cache", query_timeout=20))
    with Writer(small_atlas.home, NoIndex()).session() as session:
        build(session, load(write_folder(root / "data")), built={})
    yield small_atlas
    small_atlas.close()


@pytest.fixture(scope="module")
def live(services: Services, built: Path) -> FlaskClient:
    return create_app(services).test_client()


def test_a_row_opens_the_claims_behind_it(services: Services, live: FlaskClient) -> None:
    table = services.atlas.now().select(EDGES, "live-edges", Slice())
    assert table.rows
    tied = services.atlas.now().connected_cells(table.rows)
    assert all(len(iris) == 2 for iris in tied)
    text = live.get("/why", query_string={"among": tied[0]}).text
    assert "fundedBy" in text and "source by source" in text
    funder = table.rows[0][1]
    assert table.rows[0][0] is not None and funder is not None
    edge = services.atlas.now().edge_evidence(table.rows[0][0].value, FUNDED_BY, funder)
    assert edge is not None and edge.asserted and edge.evidence and edge.predicate.label == "fundedBy"
    assert (
        services.atlas.now().edge_evidence(funder.value, FUNDED_BY, Value("literal", "x", "x", None, "not a tag"))
        is None
    )
    by_name = services.atlas.now().connected_cells(
        [tuple(cell and Value("literal", cell.label, cell.label) for cell in table.rows[0])]
    )
    assert by_name == [tied[0]]


def test_a_row_with_a_literal_opens_its_claims_too(services: Services, live: FlaskClient) -> None:
    query = "SELECT ?x ?v WHERE { ?x ?p ?v FILTER(isIRI(?x) && isLiteral(?v) && STRLEN(STR(?v)) < 200) } LIMIT 50"
    table = services.atlas.now().select(query, "live-literals", Slice())
    tied = services.atlas.now().connected_cells(table.rows)
    assert all(len(ends) == 2 and ends[1].startswith('"') for ends in tied) and len(tied) > 20
    text = live.get("/why", query_string={"among": tied[0]}).text
    assert "source by source" in text and "Not known here." not in text


def test_pages_and_order_of_a_real_answer(services: Services) -> None:
    query = "SELECT ?x ?label WHERE { ?x <http://www.w3.org/2000/01/rdf-schema#label> ?label }"
    table = services.atlas.now().select(query, "live-whole", Slice(limit=10_000, sort="label"))
    labels = [row[1].value.casefold() for row in table.rows if row[1]]
    assert labels == sorted(labels) and len(labels) == table.total > 10
    part = services.atlas.now().select(query, "live-part", Slice(start=5, limit=3, sort="label"))
    assert part.rows == table.rows[5:8] and part.total == table.total
    down = services.atlas.now().select(query, "live-down", Slice(limit=1, sort="label", descending=True))
    assert down.rows[0][1] is not None and down.rows[0][1].value.casefold() == labels[-1]
    atlas = services.atlas.now()
    numbers = atlas.select("SELECT ?n { VALUES ?n { 10 9 UNDEF 2.5 } }", "live-numbers", Slice(sort="n"))
    assert [row[0].value if row[0] else None for row in numbers.rows] == ["2.5", "9", "10", None]
    graph = atlas.select("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "live-graph", Slice(limit=4, sort="object"))
    assert len(graph.rows) == 4 and graph.form == "graph"


def test_values_of_many_kinds_are_sorted_as_people_look_them_up(services: Services) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    dates = [f'"{text}"^^<{xsd}{kind}>' for text, kind in (
        ("-0044", "gYear"), ("0999-01-01", "date"), ("2018-12-31", "date"), ("2019-01-01T00:30:00+01:00", "dateTime"),
        ("2019", "gYear"), ("12000-01-01", "date"))]  # fmt: skip
    rising = ["-3", "2.5", "10", '"INF"', '"NaN"', *dates, '"10"', '"Étoile"', '"eye"', '"Ŵales"', '"west"', '"zed"']
    written = [f"{value}^^<{xsd}double>" if value in ('"INF"', '"NaN"') else value for value in rising]
    query = f"SELECT ?v {{ VALUES ?v {{ {' '.join(written[::-1])} }} }}"
    for descending in (False, True):
        table = services.atlas.now().select(query, "live-sorted", Slice(sort="v", descending=descending))
        shown = [row[0].value for row in table.rows if row[0]]
        expected = [value.partition("^^")[0].strip('"') for value in rising]
        assert shown == (expected[::-1] if descending else expected)


def test_drawings_are_made_from_more_than_the_page(services: Services, live: FlaskClient) -> None:
    every = "(<http://e/1> 56.4 -2.9) (<http://e/2> 53.8 -1.5) (<http://e/3> 0 0) " * 50
    query = f"SELECT * {{ VALUES (?what ?lat ?long) {{ {every} }} }}"
    table = services.atlas.now().select(query, "live-drawn", Slice(start=100, limit=100, drawn_rows=120))
    assert (len(table.rows), len(table.drawing_rows), table.total) == (50, 120, 150)
    text = live.post("/sparql", data={"query": query}, headers={"Accept": "text/html"}).text
    assert "100 of 150 rows are drawn. 50 have no place on the map." in text
    many = "SELECT ?a ?n { VALUES ?b { 0 1 2 3 4 5 6 7 8 9 } VALUES ?c { 0 1 2 3 4 5 6 7 8 9 }"
    many += " VALUES ?d { 0 1 2 3 4 5 6 7 8 9 } VALUES ?e { 1 2 3 } BIND(STR(?c) AS ?a) BIND(?b * ?d AS ?n) }"
    text = live.get("/sparql", query_string={"query": many}, headers={"Accept": "text/html"}).text
    assert "200 of 3,000 rows are drawn; drawings are made from the first 2,000." in text


def test_no_two_literals_look_the_same(live: FlaskClient) -> None:
    long = "word " * 200 + "end"
    day = '"2019-01-18T{}"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
    values = f'"chat"@en "chat"@fr {day.format("10:00:00Z")} {day.format("09:00:00-05:00")} "{long}" "{"x" * 9_000}"'
    query = f"SELECT ?v {{ VALUES ?v {{ {values} }} }}"
    text = live.post("/sparql", data={"query": query}, headers={"Accept": "text/html"}).text
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", text, re.S)]
    assert cells[:4] == ["chat en", "chat fr", "18 January 2019, 10:00 UTC", "18 January 2019, 09:00 -05:00"]
    assert 'lang="fr"' in text and 'title="2019-01-18T10:00:00Z (xsd:dateTime)"' in text
    assert "All of its 1,003 characters" in cells[4] and cells[4].endswith("end")
    assert "5,000 of its 9,000 characters" in cells[5] and len(cells[5]) < 6_000


def test_terms_come_with_the_number_of_their_uses(services: Services, live: FlaskClient) -> None:
    suggestions = live.get("/api/v1/terms?q=funded").get_json()
    funded = next(term for term in suggestions["terms"] if term["name"] == "ca:fundedBy")
    counted = services.atlas.now().select(EDGES, "live-count", Slice())
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


def test_a_long_query_is_downloaded_by_a_form(live: FlaskClient) -> None:
    query = f"ASK {{}} # {'x' * 5_000}"
    page = live.post("/sparql", data={"query": query}, headers={"Accept": "text/html"}).text
    forms = re.findall(r'<form class="inline"[^>]*>(.*?)</form>', page, re.S)
    fields = [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]
    form_data = next(field for field in fields if field.get("format") == "json")
    answer = live.post("/sparql", data=form_data, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.json == {"head": {}, "boolean": True}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="query.srj"'
    del form_data["download"]
    assert live.post("/sparql", data=form_data).headers["Content-Disposition"].startswith("inline")


def test_a_browser_gets_a_failure_as_a_page(tmp_path: Path, built: Path) -> None:
    """The endpoint serves programs as well: each is answered in its own way."""
    none = compose(Settings(home=tmp_path / "none", cache=tmp_path))
    try:
        client = create_app(none).test_client()
        parameters = {"query": "ASK {}"}
        page = client.get("/sparql", query_string=parameters, headers={"Accept": "text/html,*/*;q=0.8"})
        data = client.get("/sparql", query_string=parameters, headers={"Accept": "*/*"})
    finally:
        none.close()
    assert page.status_code == data.status_code == 503
    assert page.mimetype == "text/html" and "<h1>" in page.text
    assert data.mimetype == "application/problem+json"


@pytest.mark.browser
def test_the_cancel_button_stops_a_running_query(services: Services, built: Path, opened: Open) -> None:
    with serving(create_app(services)) as address:
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
    with serving(create_app(services)) as address:
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
    with serving(create_app(services)) as address:
        seen = opened(f"{address}/sparql?{urlencode({'query': query})}")
        page = seen.page
        page.get_by_text("Map of what").click()
        dots = page.locator("svg.map circle")
        expect(dots).to_have_count(2)
        expect(page.get_by_role("link", name="Nesta").locator("circle")).to_be_visible()
        expect(page.locator("svg.map path.coast")).to_be_visible()
        expect(page.get_by_text("2 of 3 rows are drawn. 1 has no place on the map.")).to_be_visible()
        assert page.locator(".chart, .bars").count() == 0
        assert seen.errors == [] and seen.violations() == []
