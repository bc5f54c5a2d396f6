"""Reader of HTML: main content, headings and metadata."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents.read import read

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


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Before any tag.<br><br>After a gap.<br>Last line", "Before any tag.\n\nAfter a gap.\nLast line"),
        ("Loose start<p>Middle</p>loose tail<div>in a div</div>end", "Loose start¶Middle¶loose tail¶in a div¶end"),
        ("<ol><li>one<ul><li>inner</li></ul>rest</li><li><p>two</p></li></ol>", "- one¶- inner¶rest¶- two"),
        ("<table><tr><td>Sat<td><ul><li>9 am</li><li>5 pm</li></ul></table>", "Sat | 9 am 5 pm"),
        ("<table><tr><td>a<br>b<td><div>c</div><div>d</div></table>", "a b | c d"),
        ("<table><tr><td>out<table><tr><td>x<td>y</table><td>z</table>", "out x | y | z"),
        ("<table><tr><td><h2>Title</h2>Text<td>side</table>", "## Title¶Text¶side"),
        ("<dl><dt>Term</dt><dd>meaning</dd></dl><pre>a\n  b</pre>", "Term¶meaning¶a\nb"),
        ("un<b>broken</b> and<wbr>joined <i>words</i>", "unbroken andjoined words"),
        ("<section class=comments><h2>Comments</h2><p>We agree.</p></section>", "## Comments¶We agree."),
        ("<p hidden>a</p><p style='display: none'>b</p><script>c</script><p>shown</p>", "shown"),
        ("<nav>Only</nav><nav>menus</nav>", "Only¶menus"),
        ("<h2><button>Opens</button></h2><button>Go</button><p>left<button>x</button>right</p>", "## Opens¶left right"),
    ],
)
def test_no_visible_word_is_lost_or_glued(make: Make, body: str, expected: str) -> None:
    (reading,) = read(make("p.html", f"<html><body>{body}</body></html>"))
    assert reading.pages[0].text.strip() == expected.replace("¶", "\n\n")


def test_little_kept_is_told(make: Make) -> None:
    menus = "".join(f"<nav>{'entry ' * 30}</nav>" for _ in range(9))
    (reading,) = read(make("p.html", f"<body>{menus}<p>The text itself has only a few words.</p></body>"))
    assert reading.pages[0].text.strip() == "The text itself has only a few words."
    assert "2% of the page’s 278 visible words were kept" in reading.notes[0]
    (reading,) = read(make("q.html", PAGE))
    assert reading.notes == ()


@pytest.mark.parametrize(
    "page",
    ["<body>" + "<div>" * 50_000 + "<p>Deep words.</p>", "<p>" + "word " * 2_500_000 + "Deep words.</p>"],
    ids=["deep", "long"],
)
def test_deep_and_long_pages_hold_their_text(make: Make, page: str) -> None:
    (reading,) = read(make("p.html", page))
    assert reading.pages[0].text.strip().endswith("Deep words.")
