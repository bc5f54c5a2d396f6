"""Boilerplate is dropped, and text is not."""

from __future__ import annotations

import pytest

from graph.documents.boilerplate import boilerplate_spans, lines_of, running_lines
from graph.documents.website_notices import is_notice


@pytest.mark.parametrize(
    "line",
    [
        "Skip to content", "Skip to main content", "Read also:", "Read more", "Related articles", "Share this article",
        "Share on Facebook", "Accept all cookies", "Cookie policy", "This site uses cookies to improve your visit.",
        "We use cookies to make this website work", "© 2024 Some Publisher Ltd", "All rights reserved.", "Menu",
        "Sign up to our newsletter", "Subscribe now", "Page 3 of 12", "– 4 –", "Back to top", "5 min read", "* * *",
        "Introduction ........ 7", "3 comments", "Follow us on LinkedIn", "→ Next article", "Privacy policy", "Search",
    ],
)  # fmt: skip
def test_notices_are_boilerplate(line: str) -> None:
    assert is_notice(line)


@pytest.mark.parametrize(
    "line",
    [
        "The menu of policies is long.", "Share of employment by region", "Cookies are sold in the shop.", "# Contents",
        "Copyrighted works are traded.", "Search costs fall with distance.", "Nesta", "2018", "Open data", "Next steps",
        "Followers of the sector plan", "Comments on the plan were published in 2025.", "Registered firms", "About 5%",
        "Read the report by Nesta", "Print and publishing", "Accept that growth is slow", "Contents of the plan",
    ],
)  # fmt: skip
def test_text_is_no_boilerplate(line: str) -> None:
    assert not is_notice(line)


def dropped(text: str) -> list[str]:
    return [text[a:b] for a, b in sorted(boilerplate_spans(text))]


def test_menus_at_the_edges_are_dropped_and_lists_inside_stay() -> None:
    text = (
        "Home\nNews\nOur work\nPeople\n\nThe title of the article\n\nA first sentence is here.\n\n"
        "Film\nMusic\nGames\nDesign\n\nA last sentence is here too.\n\nJobs\nPress\nEvents\nBlog\n"
    )
    assert dropped(text) == ["Home", "News", "Our work", "People", "Jobs", "Press", "Events", "Blog"]


def test_a_text_of_short_lines_only_is_kept() -> None:
    assert dropped("Leeds\nYork\nHull\nBath\nDerby") == []


def test_repeated_lines_are_dropped() -> None:
    title = "A rather long title of an article on creative clusters"
    text = f"{title}\n\nTeaser\nTeaser\n\n{title}\n\nProse goes here, at last.\n\nYes\n\nMore prose is here.\n\nYes\n"
    assert dropped(text) == ["Teaser", title]


def test_table_rows_may_repeat() -> None:
    row = "a cell of some length | another cell of length | 12"
    assert dropped(f"A sentence comes first here.\n{row}\n{row}\n") == []


def test_running_headers_and_page_numbers() -> None:
    pages = [f"Annual report\n{n}\nText of page {word} is here.\n" for n, word in enumerate(["one", "two", "three"], 7)]
    running = running_lines(pages)
    kept_lines = [[p[a:b] for a, b in lines_of(p) if (a, b) not in boilerplate_spans(p, running)] for p in pages]
    assert kept_lines[0][-1:] == ["Text of page one is here."]
    assert all("Annual report" not in lines for lines in kept_lines)
    assert all(len(lines) == 1 for lines in kept_lines)


def test_a_page_with_only_a_running_line_keeps_it() -> None:
    pages = ["Potato 1", "Potato 2", "Potato 3"]
    assert [boilerplate_spans(page, running_lines(pages)) for page in pages] == [frozenset()] * 3
