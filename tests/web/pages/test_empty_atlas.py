"""The pages of an atlas without data say what to do next; none fails, none offers what leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.write.writer import Changes, no_progress
from tests.support.site import serving
from tests.support.writable_services import begin
from tests.web.pages.conftest import Open
from tests.web.pages.test_browser import LOOKS, complaints
from web.app import create_app
from web.services import Services, compose
from web.settings import Settings

HTML = {"Accept": "text/html"}
PAGES = ("/", "/search", "/search?q=Nesta", "/browse", "/documents", "/ontology", "/dataset")


@pytest.fixture(scope="module", params=["with an index", "without an index"])
def empty_services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cache: Path
) -> Iterator[Services]:
    services = compose(Settings(home=tmp_path_factory.mktemp("empty") / "atlas", cache=cache))
    if request.param == "without an index":
        begin(services.home)
    else:
        with services.writer(no_progress).session() as session:
            session.change(lambda store: Changes(everything=True))
    yield services
    services.close()


@pytest.fixture
def client(empty_services: Services, built: Path) -> FlaskClient:
    return create_app(empty_services).test_client()


@pytest.mark.parametrize("path", PAGES)
def test_the_page_says_how_to_fill_the_atlas(path: str, client: FlaskClient) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200
    for command in ("creative-atlas ingest FOLDER", "creative-atlas load FILE", "creative-atlas build"):
        assert f"<code>{command}</code>" in answer.text
    assert "Scotland" not in answer.text and "Scale-Up" not in answer.text


def test_the_sparql_page_leads_to_it_and_still_runs_queries(client: FlaskClient) -> None:
    page = client.get("/sparql", headers=HTML).text
    assert "This atlas holds no data yet. <a href=" in page
    assert "No examples come with this atlas." in page
    answer = client.get("/sparql", query_string={"query": "SELECT * { ?s ?p ?o }"}, headers=HTML)
    assert answer.status_code == 200 and "0 rows" in answer.text


def test_every_link_leads_somewhere(client: FlaskClient) -> None:
    waiting, seen = [*PAGES, "/sparql"], {*PAGES, "/sparql"}
    while waiting:
        path = waiting.pop()
        answer = client.get(path, headers=HTML, follow_redirects=True)
        assert answer.status_code == 200, path
        text = answer.text if answer.mimetype == "text/html" else ""
        answer.close()
        for link in re.findall(r'(?:href|src)="(/[^"#]*)', text):
            target = link.replace("&amp;", "&")
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def test_no_link_within_a_page_is_broken(client: FlaskClient) -> None:
    for path in PAGES:
        page = client.get(path, headers=HTML).text
        for anchor in re.findall(r'href="#([^"]+)"', page):
            assert f'id="{anchor}"' in page, (path, anchor)


@pytest.mark.browser
def test_pages_are_accessible_quiet_and_fit(empty_services: Services, built: Path, opened: Open) -> None:
    with serving(create_app(empty_services)) as address:
        for path in (*PAGES, "/sparql"):
            seen = opened(address + path)
            for scheme, width in LOOKS:
                seen.page.emulate_media(color_scheme=scheme)
                seen.page.set_viewport_size({"width": width, "height": 800})
                assert complaints(seen.page) == [], (path, scheme, width)
                assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (
                    path,
                    width,
                )
            assert seen.violations() == [] and seen.errors == []


def test_an_atlas_without_the_starter_offers_none_of_its_examples(
    tmp_path: Path, cache: Path, built: Path
) -> None:  # its questions would find nothing there
    services = compose(Settings(home=tmp_path / "atlas", cache=cache))
    begin(services.home, facts=True)
    client = create_app(services).test_client()
    assert "This atlas holds no data yet" not in client.get("/", headers=HTML).text
    assert "Creative Scale-Up" not in client.get("/search", headers=HTML).text
    assert "No examples come with this atlas." in client.get("/sparql", headers=HTML).text
