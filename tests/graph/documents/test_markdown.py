"""Reader of Markdown: front matter, and text that keeps its headings and its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.documents.markdown import front_matter, plain
from graph.documents.read import read
from graph.errors import BadData

Make = Callable[[str, str | bytes], Path]

NOTE = """---
title: "Access to finance: what is known"
kind: note
date: 2023-06
publisher: Creative Atlas notes
sources: [sussex_2020, dcms-2023]
themes:
  - Access to finance
places: London
region: South East
---
# Access to finance

It has a **pilot** of [£4m](https://example.org "x").

| Place | Amount |
|-------|--------|
| Bath  | 2      |
| Hull  |        |

1. first
2. second

```
code stays
```
<div>tags <b>go</b></div>
"""


def test_front_matter_and_text(make: Make) -> None:
    (reading,) = read(make("finance.md", NOTE))
    assert (reading.title, reading.kind, reading.date) == ("Access to finance: what is known", "note", "2023-06")
    assert reading.publisher == "Creative Atlas notes"
    assert reading.sources == ("sussex_2020", "dcms-2023")
    assert (reading.themes, reading.places) == (("Access to finance",), ("London",))
    assert dict(reading.extra) == {"region": "South East"}
    blocks = reading.pages[0].text.strip().split("\n\n")
    assert blocks[:2] == ["# Access to finance", "It has a pilot of £4m."]
    assert blocks[2:5] == ["Place | Amount", "Bath | 2", "Hull | "]
    assert blocks[5:7] == ["1. first", "2. second"]
    assert blocks[7] == "code stays"
    assert " ".join(blocks[8].split()) == "tags go"


def test_title_from_heading_then_from_text(make: Make) -> None:
    assert next(read(make("a.md", "intro\n\n## Heading *one*\n\ntext"))).title == "Heading one"
    assert next(read(make("b.md", "no heading here\n"))).title == "no heading here"


def test_a_rule_is_no_front_matter(make: Make) -> None:
    (reading,) = read(make("a.md", "---\nJust a sentence between rules\n---\nMore.\n"))
    assert "Just a sentence" in reading.pages[0].text


def test_broken_front_matter_names_its_line(make: Make) -> None:
    with pytest.raises(BadData, match=r"line 3: the front matter is not valid YAML") as caught:
        list(read(make("a.md", "---\ntitle: fine\nkind: a: b\n---\ntext\n")))
    assert caught.value.line == 3


def test_yaml_can_build_nothing_but_text() -> None:
    fields, body = front_matter("---\na: !!python/object/apply:os.getcwd []\nn: 2018\n---\nx")
    assert fields == {"a": [], "n": "2018"}
    assert body == "x"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_any_text_is_rendered(source: str) -> None:
    plain(source)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=30))
def test_words_survive(words: list[str]) -> None:
    assert plain(" ".join(words)).split() == words


def test_hostile_marks_do_not_run_away() -> None:
    # Quadratic marks would take many minutes: the suite's own time limit would end the test.
    for source in ("[" * 200_000, "![" * 100_000, "*a " * 60_000, ">" * 100_000, "`" * 100_000, "- " * 50_000):
        assert plain(source) is not None


def test_null_is_no_title(make: Make) -> None:
    for null in ("null", "~", "Null", ""):
        (reading,) = read(make("n.md", f"---\ntitle: {null}\npublisher: {null}\n---\n# The heading\n\nText."))
        assert (reading.title, reading.publisher) == ("The heading", None)
    (reading,) = read(make("n.md", '---\ntitle: "null"\n---\n# The heading\n\nText.'))
    assert reading.title == "null"


def test_tabs_have_a_remedy_of_their_own(make: Make) -> None:
    with pytest.raises(BadData, match="Indent with blanks"):
        list(read(make("t.md", "---\na:\n\tb: c\n---\nText.")))


def test_links_by_reference_and_breaks_are_read() -> None:
    text = plain(
        "Read [the *plan*][1] and [its map].\n\n| a<br>b | c |\n|---|---|\n| d<br/>e | f |\n\n[1]: /p\n[its map]: /m"
    )
    assert "Read the plan and its map." in text
    assert "a b | c" in text
    assert "d e | f" in text
