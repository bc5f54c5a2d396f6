"""The editor in a real browser, with keys typed as a person types: what Enter completes, and what it leaves alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.pages.conftest import Open

pytestmark = pytest.mark.browser

OPEN = ".cm-tooltip-autocomplete"


def _type(page: Page, text: str) -> str:
    """Replace the text; returns the new one. Before each Enter there is time for the list to open."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    lines = text.split("\n")
    for at, line in enumerate(lines):
        page.keyboard.type(line)
        if at < len(lines) - 1:
            page.wait_for_timeout(350)  # a list that has only just opened does not take the key
            page.keyboard.press("Enter")
    return _text(page)


def _text(page: Page) -> str:
    return page.locator("textarea#query").input_value()


def test_enter_breaks_the_line_where_nothing_is_to_be_completed(address: str, opened: Open) -> None:
    page = opened(address + "/sparql").page
    for typed in (
        "SELECT\n* WHERE\n{ ?s ?p ?o", "SELECT (1 AS\n?x", "SELECT * { FILTER(?x IN\n(1",
        "SELECT * FROM\n<x:y>", "SELECT * ORDER\nBY\n?s LIMIT\n10\n",
        "SELECT ?pro ?program { ?s ?p ?pro\n", "SELECT * { ?s ca:partner\n", "# Which programmes are funded\nSELECT *",
        "SELECT * { ?s ?p 'led funded\n", 'SELECT * { ?s ?p """led\nwas funded\n', "SELECT * { ?s ?p <http://e/funded\n",
    ):  # fmt: skip
        closed = re.sub(r"[\s}\])'\"]+$", "", _type(page, typed))  # brackets and quotes close themselves
        assert closed == typed.rstrip()


def test_words_before_the_cursor_are_tried_together(address: str, opened: Open) -> None:
    page = opened(address + "/sparql").page
    iri = "https://w3id.org/creative-atlas/id"
    option = page.locator(OPEN).locator("li").first
    for typed, label, expected in (
        ("?s funded by", "funded by", "?s ca:fundedBy"),
        ("?s led b", "led by", "?s ca:ledBy"),
        ("?s part of", "part of", "?s dcterms:isPartOf"),
        ("?s ?p Arts and Humanities Res", "Arts and Humanities Research Council", f"?s ?p <{iri}/org/ahrc>"),
        ("?s ?p funded Nest", "Nesta", f"?s ?p funded <{iri}/org/nesta>"),
        ("?s a Progr", "Programme", "?s a ca:Programme"),
        ("?s ^ca:ledBy/fund", "funded by", "?s ^ca:ledBy/ca:fundedBy"),
    ):
        _type(page, f"SELECT * {{ {typed}")
        expect(option).to_contain_text(label)
        page.wait_for_timeout(150)  # a list that has only just opened does not take the key
        page.keyboard.press("Enter")
        assert f"SELECT * {{ {expected}}}" in _text(page)


def test_keywords_are_offered_and_come_first_where_they_are_likelier(address: str, opened: Open) -> None:
    page = opened(address + "/sparql").page
    options = page.locator(OPEN).locator("li")
    for typed, first in (
        ("sel", "SELECTkeyword"), ("SELECT * { ?s PRE", "PREDICATEkeyword"), ("SELECT * { fil", "FILTERkeyword"),
        ("SELECT * { ?s part", "partner"), ("SELECT * { ?s loc", "located in"),
    ):  # fmt: skip
        _type(page, typed)
        expect(options.first).to_contain_text(first)
    _type(page, "sel")
    expect(options.first).to_have_text("SELECTkeyword")
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")
    assert _text(page) == "SELECT"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_note_on_an_option_hides_no_other(width: int, address: str, opened: Open) -> None:
    page = opened(address + "/sparql", width=width).page
    _type(page, "SELECT * { ?s par")
    note = page.locator(".cm-completionInfo")
    expect(note).to_contain_text("Takes part in a cluster.")
    expect(note).to_have_class(re.compile("below" if width == 360 else "right"))
    boxes = [option.bounding_box() for option in page.locator(OPEN).locator("li").all()]
    box = note.bounding_box()
    assert box is not None and len(boxes) > 1
    for option in boxes:
        assert option is not None
        is_beside = box["x"] >= option["x"] + option["width"] - 1
        assert is_beside or box["y"] >= option["y"] + option["height"] - 1, "the note lies over an option"
    assert box["x"] + box["width"] <= width
