"""What a page of another site can read of a server on this machine, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.server_process import server_process
from tests.web.pages.conftest import REBOUND_HOST
from web.services import Services

OPENED = ("/sparql?query=ASK%7B%7D", "/graph-store?default", "/dataset.nq.gz", "/dataset.ttl")
PATHS = (*OPENED, "/api/v1/search?q=skills", "/")

FETCH = """async ([site, paths]) => Promise.all(paths.map(async (path) => {
    try {
        const answer = await fetch(site + path);
        return `${answer.status} ${(await answer.text()).length > 0 && answer.ok ? "read" : "refused"}`;
    } catch {
        return "blocked";
    }
}))"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without a content policy, as an attacker's has none."""
    with browser.new_context(bypass_csp=True) as context:
        yield context.new_page()


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [([], {}), (["--public"], {}), ([], {"CREATIVE_ATLAS_CORS": "1"})],
    ids=["by default", "public", "with CORS"],
)
def test_a_page_of_another_site_reads_only_what_is_opened_to_it(
    page: Page, address: str, site: Services, cache: Path, arguments: list[str], settings: dict[str, str]
) -> None:
    """The page is at another port, which is another site."""
    is_open = bool(arguments or settings)
    with server_process(site.home.root, cache, *arguments, **settings) as server:
        page.goto(address)
        answers = dict(zip(PATHS, page.evaluate(FETCH, [server, PATHS]), strict=True))
    assert answers == {path: "200 read" if is_open and path in OPENED else "blocked" for path in PATHS}


def test_a_page_under_a_rebound_name_reads_nothing(page: Page, site: Services, cache: Path) -> None:
    """The name resolves to this machine, so that the browser takes the page and the server for one site."""
    with server_process(site.home.root, cache) as server:
        rebound = f"http://{REBOUND_HOST}:{urlsplit(server).port}"
        page.goto(rebound)
        assert "421" in page.content() and "misdirected" in page.content()
        assert page.evaluate(FETCH, ["", PATHS]) == ["421 refused"] * len(PATHS)
        page.goto(server)
        assert page.evaluate(FETCH, ["", PATHS]) == ["200 read"] * len(PATHS)
