"""Reader of HTML: main content, headings and metadata."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents.read import read
from graph.errors import UnreadableFile

Make = Callable[[str, str | bytes], Path]

PAGE = """<!doctype html><html><head><title>Clusters at work – The Site</title>
<meta property="og:title" content="Clusters at work"><meta property="og:site_name" content="The Site">
<meta property="article:published_time" content="2024-02-29">
<link rel="canonical" href="https://www.example.co.uk/clusters"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<main><article><h1>Clusters at work</h1>
<p>Creative clusters bring together people and firms who learn from one another every day of the week.</p>
<h2>Where they are</h2>
<p>Most of them lie in cities, but a surprising number are found along the coast and in market towns.</p>
<ul><li>Bristol and Bath</li><li>Dundee</li></ul>
<table><tr><th>Place</th><th>Firms</th></tr><tr><td>Dundee</td><td>57</td></tr></table>
</article></main><footer>© 2024 The Site. All rights reserved.</footer>
<script>document.write("no")</script></body></html>"""


def test_main_content_and_metadata(make: Make) -> None:
    (reading,) = read(make("page.html", PAGE))
    assert (reading.title, reading.publisher, reading.date) == ("Clusters at work", "The Site", "2024-02-29")
    assert reading.source_url == "https://www.example.co.uk/clusters"
    text = reading.pages[0].text
    assert "## Where they are" in text
    assert "- Dundee" in text
    assert "Dundee | 57" in text
    for dropped in ("News", "All rights", "document.write"):
        assert dropped not in text


def test_a_fragment_is_read_too(make: Make) -> None:
    (reading,) = read(make("f.html", "<p>Only a few words.</p>"))
    assert reading.pages[0].text.strip() == "Only a few words."


def test_nothing_outside_the_page_is_read(make: Make, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret words")
    page = (
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]>'
        f'<html><body><p>Before &x; after, and some more text.</p><iframe src="file://{secret}"></iframe></body></html>'
    )
    (reading,) = read(make("x.html", page))
    assert "secret words" not in reading.pages[0].text


def test_depth_does_not_break_the_reader(make: Make) -> None:
    with pytest.raises(UnreadableFile, match="holds no text"):  # the parser gives up at its own limit
        list(read(make("deep.html", "<html>" + "<div>" * 20_000 + "<p>Deep words.</p>")))
