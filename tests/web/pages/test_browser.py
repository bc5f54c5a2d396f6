"""The pages in a real browser: accessible, narrow, dark, under their policy, without scripts, with a keyboard."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.site import DOCUMENT, ENTRIES, sparql_address
from tests.web.pages.conftest import Open

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/",
    "search": "/search?q=InGAME+finance",
    "narrowed": "/search?q=InGAME+finance&publisher=Nesta&from=2018",
    "entries": "/search?q=Dundee&kind=entity",
    "nothing": "/search?q=zebra",
    "start": "/search",
    "entity": "/page/cluster/ingame",
    "browse": "/browse",
    "documents": "/documents",
    "similar": "/documents/similar?iri=https://w3id.org/creative-atlas/id/document/" + DOCUMENT + "/p0",
    "reading": f"/documents/{DOCUMENT}",
    "sparql": sparql_address(ENTRIES),
    "syntax error": "/sparql?query=SELECT",
    "disagreements": "/disagreements",
    "about": "/about",
    "unknown": "/entity?iri=http://example.org/nothing",
}
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 1280), ("light", 320))
FAILING = {"syntax error", "unknown"}
HOSTILE_PAGES = ("/", "/search?q=InGAME+window", "/page/org/hostile", "/documents", "/disagreements")


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    violations = Axe().run(page).response["violations"]
    return [f"{violation['id']}: {[node['html'][:200] for node in violation['nodes'][:3]]}" for violation in violations]


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_quiet_and_fits(name: str, address: str, opened: Open) -> None:
    seen = opened(address + PAGES[name])
    seen.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    for scheme, width in LOOKS:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.set_viewport_size({"width": width, "height": 800})
        assert complaints(seen.page) == [], (scheme, width)
        assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (scheme, width)
    assert seen.violations() == []
    # Chromium reports the status of a page that is meant to fail.
    assert [error for error in seen.errors if name not in FAILING or "status of" not in error] == []


def test_an_iri_without_a_place_to_break_fits_a_narrow_screen(address: str, opened: Open) -> None:
    page = opened(address + PAGES["entity"], width=320).page
    iri = "http://observatories.example/observatory" + "x" * 60
    page.evaluate("(iri) => { document.querySelector('#data ~ ul code').textContent = iri }", iri)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", HOSTILE_PAGES)
def test_hostile_text_stays_text(path: str, width: int, hostile_address: str, opened: Open) -> None:
    seen = opened(hostile_address + path, width=width)
    assert seen.page.evaluate("window.hit") is None
    assert seen.page.locator("img").count() == 0
    assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert seen.page.locator("a[href^='javascript']").count() == 0
    assert "49" not in seen.page.locator("h1").inner_text()
    assert seen.violations() == []
    assert seen.errors == []


def test_keyboard_leads_from_search_to_an_entry(address: str, opened: Open) -> None:
    page = opened(address).page
    page.keyboard.press("Tab")
    expect(page.locator(".govuk-skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Search the atlas")).to_be_focused()
    page.keyboard.type("InGAME")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    target = page.locator(".exact a")
    expect(target).to_have_text("InGAME")
    for _ in range(40):
        if target.evaluate("(node) => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("InGAME")


def test_names_complete_under_the_keyboard(address: str, opened: Open) -> None:
    seen = opened(address + "/search")
    box = seen.page.get_by_role("combobox", name="Search the atlas")
    offered = seen.page.get_by_role("listbox", name="Entries").get_by_role("option")
    box.press_sequentially("ingame")
    expect(offered.first).to_contain_text("InGAME")
    expect(box).to_have_attribute("aria-expanded", "true")
    assert complaints(seen.page) == []
    box.press("ArrowDown")
    expect(offered.first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == offered.first.get_attribute("id")
    box.press("ArrowUp")
    expect(offered.first).to_have_attribute("aria-selected", "false")
    box.press("Escape")
    expect(offered).to_have_count(0)
    box.press_sequentially(" ")
    expect(offered.first).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    expect(seen.page.get_by_role("heading", level=1)).to_have_text("InGAME")
    assert seen.errors == [] and seen.violations() == []


def test_evidence_opens_on_the_fact(address: str, opened: Open) -> None:
    page = opened(address + "/page/cluster/ingame").page
    fact = page.locator(".facts li", has_text="Creative Industries Clusters Programme").first
    expect(fact.get_by_text("InGAME grant")).to_be_hidden()
    fact.locator("summary").click()
    expect(fact.get_by_text("InGAME grant")).to_be_visible()
    assert (
        fact.get_by_role("link", name="InGAME grant").get_attribute("href")
        == "https://gtr.ukri.org/projects?ref=AH%2FS002871%2F1"
    )


def test_narrowing_swaps_the_results_only(address: str, opened: Open) -> None:
    seen = opened(address + "/search?q=InGAME+finance")
    seen.page.evaluate("window.same = true")
    seen.page.locator(".facets a[href*='publisher=Nesta']").click()
    expect(seen.page.locator(".chosen")).to_contain_text("Publisher: Nesta")
    assert "publisher=Nesta" in seen.page.url
    assert seen.page.evaluate("window.same") is True
    expect(seen.page.locator("#found")).to_be_focused()
    seen.page.locator(".chosen a").click()
    expect(seen.page.locator(".chosen")).to_have_count(0)
    assert seen.errors == []


def test_the_neighbourhood_is_drawn_beside_its_list(address: str, opened: Open) -> None:
    seen = opened(address + "/page/cluster/ingame")
    seen.page.locator("#near").scroll_into_view_if_needed()
    expect(seen.page.locator(".graph canvas").first).to_be_visible()
    expect(seen.page.locator(".near li").first).to_be_visible()
    assert seen.violations() == []
    assert seen.errors == []


def test_the_editor_runs_a_query_without_leaving(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    editor = seen.page.locator(".cm-content")
    editor.click()
    seen.page.keyboard.press("Control+a")
    seen.page.keyboard.type("ASK {} ")
    seen.page.keyboard.press("Control+Enter")
    expect(seen.page.locator("#answer-heading")).to_contain_text("Yes")
    expect(seen.page.locator("#answer-heading")).to_be_focused()
    editor.click()
    seen.page.keyboard.press("Escape")
    expect(seen.page.get_by_role("button", name="Run")).to_be_focused()
    assert seen.violations() == []
    assert seen.errors == []


def test_a_failed_query_keeps_what_was_typed(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    seen.page.locator(".cm-content").click()
    seen.page.keyboard.press("Control+a")
    seen.page.keyboard.type("SELECT * { SERVICE <http://example.org/> {} } ")
    seen.page.get_by_role("button", name="Run").click()
    expect(seen.page.get_by_role("alert")).to_contain_text("SERVICE")
    expect(seen.page.locator(".cm-content")).to_contain_text("SERVICE <http://example.org/>")


def test_a_printed_search_shows_its_query(address: str, opened: Open) -> None:
    page = opened(address + "/search?q=InGAME+finance").page
    page.emulate_media(media="print")
    expect(page.get_by_role("searchbox")).to_be_hidden()
    assert page.locator("h1").inner_text() == "Search: InGAME finance"
    assert page.locator("h1").evaluate("it => it.offsetWidth") > 100


def test_everything_works_without_scripts(address: str, opened: Open) -> None:
    page = opened(address, scripts=False).page
    page.get_by_role("searchbox").fill("InGAME finance")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".hits mark").first).to_be_visible()
    page.locator(".facets a[href*='publisher=Nesta']").click()
    expect(page.locator(".hits .hit")).to_have_count(1)
    page.locator(".hit summary").click()
    expect(page.locator(".why").first).to_be_visible()
    page.goto(address + "/page/cluster/ingame")
    expect(page.locator(".near li").first).to_be_visible()
    expect(page.locator(".graph")).to_be_hidden()
    page.goto(address + "/sparql")
    page.get_by_label("Query", exact=True).fill(ENTRIES)
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".answer-table tbody tr").first).to_be_visible()
