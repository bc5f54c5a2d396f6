"""What of a web page is left out as an aside, and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.documents.read import read
from graph.segmentation.passages import passages

Make = Callable[[str, str | bytes], Path]

SENTENCE = "This sentence tells of studios, goes on for a while, and ends here."
TEXT = f"<p>{SENTENCE}</p>" * 4


def kept(make: Make, body: str) -> str:
    """Text of a page in one line, without the usual paragraphs."""
    (reading,) = read(make("p.html", f"<html><body>{body}</body></html>"))
    return " ".join(reading.pages[0].text.replace(SENTENCE, "").split())


@pytest.mark.parametrize("name", ["share", "sharing", "social", "menu", "related", "sidebar", "footer", "nav"])
@pytest.mark.parametrize("space", ["<main>{}</main>", "<article>{}</article>", "<div role=main>{}</div>"])
def test_running_sentences_in_the_article_are_text(make: Make, name: str, space: str) -> None:
    block = f'<div class="{name}"><p>The {name} of the sector rose by a tenth in all the years since then.</p></div>'
    links = f'<div class="{name}"><p>More of this:</p><a href=x>First one</a> <a href=y>Second one</a></div>'
    text = kept(make, space.format(TEXT + block + links))
    assert text == f"The {name} of the sector rose by a tenth in all the years since then."


@pytest.mark.parametrize(
    "body",
    [
        "<div class=share>Share: <a>There</a></div>",
        "<div class='box related-posts'><p>Another text tells of this and that at some length, and of more.</p></div>",
        "<div class=newsletter-signup><p>Get our letters each week, with all that is new in the trade.</p></div>",
        "<ul><li><a>Home</a></li><li><a>News</a></li><li><a>Jobs</a></li></ul>",
        "<h2>Related links</h2><ul><li><a>One</a></li><li><a>Two</a></li><li><a>Three</a></li></ul>",
        "<dialog>Folded words.</dialog><button aria-controls=m>Menu</button>",
        "<footer>Made by us.</footer><aside>Beside it.</aside>",
    ],
)
def test_asides_are_left_out(make: Make, body: str) -> None:
    assert kept(make, f"<div>{TEXT}</div>{body}") in ("", "## Related links")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<div class=social><p>{SENTENCE}</p><p>Worth of it.</p></div>", "Worth of it."),
        ("<h2>Members</h2><ul><li><a>Ada</a><li><a>Bo</a><li><a>Cy</a></ul>", "## Members - Ada - Bo - Cy"),
        ("<p>They are:</p><ul><li><a>Ada</a><li><a>Bo</a><li><a>Cy</a></ul>", "They are: - Ada - Bo - Cy"),
        ("<header><h2>Part</h2>by Ada</header>", "## Part by Ada"),
        ("<section><footer>by Bo</footer></section>", "by Bo"),
        ("<button class=accordion>Who may apply?</button><div>All.</div>", "Who may apply? All."),
        ("<div role=tabpanel hidden>Folded tab.</div>", "Folded tab."),
        ("<button aria-controls=p1>+</button><div id=p1 style='display:none'>Folded.</div>", "Folded."),
        ("<dialog open>Open words.</dialog>", "Open words."),
        ("<div role=heading aria-level=3>Head</div>", "### Head"),
    ],
)
def test_what_only_looks_like_an_aside_is_kept(make: Make, body: str, text: str) -> None:
    assert kept(make, f"<div>{TEXT}</div>{body}") == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>film<sup><a href='#n1'>1</a></sup> and games<a href='#n2'><sup>2</sup></a></p>", "film[1] and games[2]"),
        ("<p>film<sup>[<a href='#n1'>1</a>]</sup>, 5 m<sup>2</sup></p>", "film[1], 5 m2"),
        ("<p><a>Film</a><a>Games</a> <del>ten</del><ins>nine</ins></p>", "Film Games ten nine"),
        ("<my-card>one</my-card><my-card>two</my-card>", "one two"),
        ("<p>E = <math><mi>m</mi><annotation>x</annotation></math>, no more</p>", "E = m, no more"),
        ("<main><p>one</p><div role=main>in</div></main><main><p>two</p></main>", "one in two"),
        ("<span style='display:block'>one</span><span style='display: block'>two</span>", "one two"),
    ],
)
def test_what_stands_apart_on_the_screen_is_not_glued(make: Make, body: str, text: str) -> None:
    assert kept(make, body) == text


@pytest.mark.parametrize(
    "body",
    [
        "<dl><dt>Film<dd>moving pictures<dt>Games<dd>play<dt>Craft<dd>made by hand</dl>",
        "<h2>Members</h2><p>Ada Smith</p><p>Bo Jones</p><p>Cy Brown</p><p>Di Green</p><p>Ed White</p>",
        "<address>The Works<br>High Street<br>Leeds<br>Yorkshire<br>England</address>",
        "<table><tr><td>Leeds<tr><td>Hull<tr><td>York<tr><td>Bath<tr><td>Deal</table>",
    ],
)
def test_short_lines_of_a_page_reach_its_passages(make: Make, body: str) -> None:
    (reading,) = read(make("p.html", f"<html><body><main>{TEXT}{body}</main></body></html>"))
    cut = " ".join(passage.text for passage in passages("d", reading))
    words = [line.strip("# ") for line in reading.pages[0].text.splitlines() if line and line != SENTENCE]
    assert len(words) > 3
    assert not [line for line in words if line not in cut and line != "Members"]


def test_a_row_of_links_is_a_menu(make: Make) -> None:
    links = "<a>Film</a> | <a>Games</a> | <a>Craft works</a><br><a>Music</a>"
    assert kept(make, f"<div>{links}</div><table><tr><td>{links}<td>{TEXT}</table>") == ""
    assert kept(make, f"<article>{TEXT}<p>{links}</p></article>").startswith("Film | Games")
