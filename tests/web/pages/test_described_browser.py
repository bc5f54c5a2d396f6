"""The pages on dataset and ontology in a real browser: accessible in either scheme, and no wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.support.site import serving
from tests.web.pages.conftest import Open
from tests.web.pages.test_browser import LOOKS
from web.app import create_app
from web.services import compose
from web.settings import Settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def starter_address(built: Path, starter_home: Path, cache: Path) -> Iterator[str]:
    services = compose(Settings(home=starter_home, cache=cache))
    with serving(create_app(services)) as where:
        yield where
    services.close()


@pytest.mark.parametrize("path", ["/ontology", "/dataset"])
def test_page_is_accessible_quiet_and_fits(path: str, starter_address: str, opened: Open) -> None:
    seen = opened(starter_address + path)
    seen.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    for scheme, width in LOOKS:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.set_viewport_size({"width": width, "height": 800})
        violations = Axe().run(seen.page).response["violations"]
        assert [violation["id"] for violation in violations] == [], (scheme, width)
        assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (scheme, width)
    assert seen.violations() == []
    assert seen.errors == []


def test_the_drawing_gives_way_to_its_key_on_a_narrow_screen(starter_address: str, opened: Open) -> None:
    seen = opened(f"{starter_address}/ontology#Programme")
    expect(seen.page.locator("#Programme")).to_be_in_viewport()
    expect(seen.page.locator("svg.classes")).to_be_visible()
    seen.page.set_viewport_size({"width": 320, "height": 800})
    expect(seen.page.locator("svg.classes")).to_be_hidden()
    expect(seen.page.locator("ol.ties")).to_be_visible()
