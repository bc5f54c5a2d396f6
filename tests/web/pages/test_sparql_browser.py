"""The workbench in a real browser: completion, hover, underlined errors, what the browser remembers, drawings."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.site import EDGES, ENTRIES, MANY, YEARS, sparql_address
from tests.web.pages.conftest import Open, Watched
from tests.web.pages.test_browser import LOOKS, complaints
from web.read_model.example_queries import read_examples
from web.settings import starter_folder

pytestmark = pytest.mark.browser

EXAMPLES = read_examples(starter_folder() / "queries")


def _type(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def _quiet(seen: Watched) -> None:
    assert seen.violations() == []
    assert seen.errors == []


def test_a_word_becomes_the_relation_with_its_prefix(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, "SELECT * { ?x fund")
    option = seen.page.locator(".cm-tooltip-autocomplete li", has_text="funded by")
    expect(option).to_be_visible()
    seen.page.wait_for_timeout(
        150
    )  # a list that has only just opened does not take the key: it may be meant for the text
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".cm-content")).to_contain_text("?x ca:fundedBy")
    expect(seen.page.locator(".cm-line").first).to_have_text("PREFIX ca: <https://w3id.org/creative-atlas/ontology#>")
    _quiet(seen)


def test_an_entry_is_offered_by_its_name_and_a_variable_by_its_own(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, "SELECT ?cluster { ?c")
    expect(seen.page.locator(".cm-tooltip-autocomplete li")).to_have_text(["?cluster"])
    _type(seen.page, "SELECT * { ?s ?p Abert")
    seen.page.locator(".cm-tooltip-autocomplete li", has_text="Abertay University").click()
    expect(seen.page.locator(".cm-content")).to_contain_text("<https://w3id.org/creative-atlas/id/org/abertay-uni>")
    _quiet(seen)


def test_escape_closes_the_list_then_leads_out(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, "SELECT * { ?x fund")
    expect(seen.page.locator(".cm-tooltip-autocomplete")).to_be_visible()
    seen.page.keyboard.press("Escape")
    expect(seen.page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    expect(seen.page.locator(".cm-content")).to_be_focused()
    seen.page.keyboard.press("Escape")
    expect(seen.page.get_by_role("button", name="Run")).to_be_focused()
    seen.page.keyboard.press("Tab")
    expect(seen.page.get_by_role("button", name="Add prefixes")).to_be_focused()


def test_the_pointer_on_a_name_shows_its_label(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, "SELECT * { ?x ca:ledBy ?y }")
    line = seen.page.locator(".cm-line").first
    box = line.bounding_box()
    assert box is not None
    width = line.evaluate("(node) => { const r = document.createRange(); r.selectNodeContents(node);"
                          " return r.getBoundingClientRect().width }") / 29  # fmt: skip
    seen.page.mouse.move(box["x"] + 6 + width * 18, box["y"] + 10)
    expect(seen.page.locator(".cm-tooltip-hover")).to_contain_text("led by")
    _quiet(seen)


def test_an_error_is_underlined_and_the_line_goes_with_it(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, "SELECT zebra ")
    seen.page.keyboard.press("Control+Enter")
    expect(seen.page.get_by_role("alert")).to_contain_text("Line 1")
    expect(seen.page.locator(".cm-lintRange-error")).to_have_count(1)
    _type(seen.page, "ASK {} ")
    seen.page.keyboard.press("Control+Enter")
    expect(seen.page.locator("#answer-heading")).to_contain_text("Yes")
    expect(seen.page.locator(".cm-lintRange-error")).to_have_count(0)
    assert seen.violations() == []


def test_what_is_underlined_is_what_the_server_named(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    for query, wrong in (
        ("SELECT * {\n  ?x <x:y> '😀😀😀😀' . ?x BROKEN; <x:y> ?y\n}", "BROKEN"),
        ("ASK WHERE # braces\n\n", "WHERE"),
    ):
        _type(seen.page, "")
        seen.page.keyboard.press("Delete")
        seen.page.keyboard.insert_text(query)
        seen.page.keyboard.press("Control+Enter")
        expect(seen.page.locator(".cm-lintRange-error")).to_have_text([wrong])
    assert seen.violations() == []


def test_prefixes_are_added_once_where_they_belong(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, 'BASE <x:/>\nSELECT * { ?x rdfs:label "skos:no" ; nosuch:a <geo:no> } # foaf:no')
    seen.page.get_by_role("button", name="Add prefixes").click()
    lines = seen.page.locator(".cm-line")
    expect(lines.nth(1)).to_have_text("PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>")
    expect(seen.page.locator("[data-status]")).to_have_text("Added rdfs.")
    seen.page.get_by_role("button", name="Add prefixes").click()
    expect(seen.page.locator("[data-status]")).to_have_text("No prefix is missing.")
    expect(lines).to_have_count(3)


def test_the_address_becomes_that_of_the_query(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    query = "SELECT (1 AS ?one) {} "
    _type(seen.page, query)
    seen.page.keyboard.press("Control+Enter")
    expect(seen.page.locator(".answer-table")).to_be_visible()
    expect(seen.page).to_have_url(address + sparql_address(query))
    seen.page.reload()
    expect(seen.page.locator(".answer-table")).to_be_visible()
    _type(seen.page, f"{query}#")
    seen.page.keyboard.insert_text("x" * 6000)
    with seen.page.expect_request("**/sparql") as sent:
        seen.page.get_by_role("button", name="Run").click()
    assert sent.value.method == "POST" and len(sent.value.post_data or "") > 6000
    expect(seen.page.locator(".answer-table")).to_be_visible()
    _quiet(seen)


def test_the_address_never_names_another_query_than_ran(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    page = seen.page
    _type(page, "ASK {} ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("link", name="Link to this query")).to_be_visible()
    _type(page, "SELECT * {} #")
    page.keyboard.insert_text("x" * 6000)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("No link: this query is too long for an address")).to_be_visible()
    expect(page).to_have_url(f"{address}/sparql")
    page.reload()
    expect(page.locator(".cm-content")).to_contain_text("SELECT * {} #xxx")
    _type(page, "SELECT zebra ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page).to_have_url(f"{address}/sparql?query=SELECT+zebra+")
    page.reload()
    expect(page.get_by_role("alert")).to_be_visible()
    _type(page, "SLOW {} ")
    page.route("**/sparql?*", lambda route: route.abort())
    page.get_by_role("button", name="Run").click()
    expect(page).to_have_url(f"{address}/sparql?query=SLOW+%7B%7D+")
    assert seen.violations() == []


def test_a_typed_query_that_was_not_run_is_kept(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    page = seen.page
    _type(page, "ASK {} # mine ")
    page.get_by_role("link", name="network").click()
    expect(page.locator(".gallery li:visible")).to_have_count(sum("network" in example.tags for example in EXAMPLES))
    expect(page.locator(".cm-content")).to_have_text("ASK {} # mine ")
    page.get_by_role("link", name="network").click()
    expect(page.locator(".gallery li:visible")).to_have_count(len(EXAMPLES))
    page.get_by_role("link", name=EXAMPLES[0].title).click()
    expect(page.locator("[data-question]")).to_have_text(EXAMPLES[0].question)
    page.get_by_text("History and saved queries").click()
    expect(page.locator("[data-history] li")).to_contain_text(["ASK {} # mine (not run)"])
    page.go_back()
    expect(page.locator(".cm-content")).to_have_text("ASK {} # mine ")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer-heading")).to_contain_text("Yes")
    page.get_by_text("History and saved queries").click()
    expect(page.locator("[data-history] li")).to_have_count(1)
    expect(page.locator("[data-history]")).not_to_contain_text("not run")
    _quiet(seen)


def test_the_question_of_an_example_stands_over_its_query_alone(address: str, opened: Open) -> None:
    page = opened(address + f"/sparql?example={EXAMPLES[1].slug}").page
    question = page.locator("form[data-workbench]").get_by_text(EXAMPLES[1].question)
    expect(question).to_be_visible()
    _type(page, "ASK {} ")
    expect(question).to_be_hidden()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(EXAMPLES[1].query)
    expect(question).to_be_visible()


def test_queries_are_kept_in_the_browser(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    page = seen.page
    page.evaluate("localStorage.setItem('creative-atlas.saved', '{\"not\": \"ours\"}')")
    hostile = "ASK {} # <img src=x onerror=window.hit=1> "
    _type(page, hostile)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-heading")).to_contain_text("Yes")
    page.get_by_text("History and saved queries").click()
    page.get_by_label("Save this query as").fill("<b>mine</b>")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(address + "/sparql")
    page.get_by_text("History and saved queries").click()
    expect(page.locator("[data-history] li")).to_have_count(1)
    page.get_by_role("button", name="<b>mine</b>", exact=True).click()
    expect(page.locator(".cm-content")).to_contain_text("ASK {}")
    page.get_by_role("button", name="Remove <b>mine</b>").click()
    expect(page.locator("[data-saved] li")).to_have_text(["None yet."])
    assert page.evaluate("window.hit") is None and page.locator("main img").count() == 0
    entries = "Array.from({ length: 500 }, (_, n) => ({ query: `ASK { ${n} }` }))"
    page.evaluate(f"localStorage.setItem('creative-atlas.history', JSON.stringify({entries}))")
    page.reload()
    expect(page.locator("[data-history] li")).to_have_count(30)
    assert seen.violations() == []


def test_rows_are_paged_sorted_and_drawn_without_leaving(address: str, opened: Open) -> None:
    seen = opened(address + sparql_address(MANY))
    page = seen.page
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Next ›").click()
    expect(page.locator(".pages")).to_contain_text("Rows 101 to 200")
    page.get_by_role("link", name="year", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    page.get_by_role("link", name="year ↑").click()
    expect(page.locator("tbody tr").first).to_contain_text("99999")
    assert page.evaluate("window.same") is True
    page.goto(address + sparql_address(EDGES))
    page.get_by_text("Graph of these rows").click()
    expect(page.locator(".view .graph canvas").first).to_be_visible()
    _quiet(seen)


def test_a_relation_goes_in_at_the_cursor(address: str, opened: Open) -> None:
    seen = opened(address + "/sparql")
    _type(seen.page, "SELECT * { ?x ")
    seen.page.locator(".relations").get_by_text("led by").click()
    expect(seen.page.locator(".cm-content")).to_contain_text("?x ca:ledBy")
    expect(seen.page.locator(".cm-content")).to_be_focused()


def test_examples_are_found_by_word_and_tag(address: str, opened: Open) -> None:
    page = opened(address + "/sparql").page
    page.get_by_label("Find an example").fill(EXAMPLES[2].title)
    expect(page.locator(".gallery li:visible")).to_have_count(1)
    page.get_by_label("Find an example").fill("zebra")
    expect(page.get_by_text("No example has these words.")).to_be_visible()


@pytest.mark.parametrize("path", [sparql_address(EDGES), sparql_address(YEARS), sparql_address(ENTRIES),
                                  "/why?s=https://w3id.org/creative-atlas/id/cluster/ingame"
                                  "&p=https://w3id.org/creative-atlas/ontology%23ledBy"
                                  "&o=https://w3id.org/creative-atlas/id/org/abertay-uni"])  # fmt: skip
def test_new_parts_are_accessible_and_fit(path: str, address: str, hostile_address: str, opened: Open) -> None:
    for where in (address, hostile_address):
        seen = opened(where + path)
        seen.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        for scheme, width in LOOKS:
            seen.page.emulate_media(color_scheme=scheme)
            seen.page.set_viewport_size({"width": width, "height": 800})
            if where == address:
                assert complaints(seen.page) == [], (scheme, width)
            assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (scheme, width)
        assert seen.page.evaluate("window.hit") is None and seen.page.locator("main img").count() == 0
        _quiet(seen)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "The server could not be reached"),
        ({"status": 500, "content_type": "application/problem+json", "body": '{"title": "Broken", "detail": "Logged"}'},
         "Broken Logged"),
        ({"status": 502, "content_type": "text/html", "body": "<main><h1>Bad Gateway</h1></main>"},
         "Bad Gateway The server answered with status 502."),
        ({"status": 200, "content_type": "text/html", "body": "<h1>Sign in to the network</h1>"}, "No answer came"),
    ],
)  # fmt: skip
def test_a_failure_takes_the_answers_place_and_leaves_the_query(
    answer: dict[str, Any] | None, message: str, address: str, opened: Open
) -> None:
    seen = opened(address + sparql_address(MANY))
    page = seen.page
    _type(page, "ASK { ?typed ?since ?then } ")
    page.route("**/sparql?*", lambda route: route.abort() if answer is None else route.fulfill(**answer))
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"\s*".join(map(re.escape, message.split()))))
    expect(page.locator(".answer-table")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    assert "ASK" in page.url and "amount" not in page.url, "the address is that of the query that was sent"
    assert "?typed" in page.locator("textarea#query").input_value()
    page.unroute("**/sparql?*")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer-heading")).to_contain_text("Yes")
    assert seen.violations() == []
