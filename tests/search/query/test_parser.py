"""Parser of typed queries: phrases, exclusions, and text that is neither."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import InputError
from search.query.parser import content_words, parse


def test_phrases_and_exclusions() -> None:
    parsed = parse('film "creative scale-up" -nesta −"west midlands" R&D')
    assert parsed.text == "film creative scale-up R&D"
    assert parsed.phrases == (("creative", "scale", "up"),)
    assert parsed.excluded == (("nesta",), ("west", "midlands"))
    assert parsed.exclusions == ("-nesta", '−"west midlands"')


@pytest.mark.parametrize(
    "text", ['"unbalanced quote', "a-b 3 -5 degrees", "film - noir", "“curly” x", "(a AND b) OR *:[x TO y]^2~"]
)
def test_marks_without_a_partner_are_plain_text(text: str) -> None:
    assert parse(text).excluded == ()


@pytest.mark.parametrize(
    ("text", "ranked", "excluded"),
    [
        ("games -2019", "games", (("2019",),)),
        ("-25 games", "games", (("25",),)),
        ("grants -£25m", "grants", (("£25000000",),)),
        ("grants -£25 million -10 %", "grants %", (("£25000000",), ("10",))),
        ("2010 -2015", "2010 -2015", ()),
        ("£5 million -£10 million -£20m grants", "£5 million -£10 million -£20m grants", ()),
        ("-2018 -2019 games", "games", (("2018",), ("2019",))),
        ("2019 -games", "2019", (("games",),)),
        ("3D -2019", "3D", (("2019",),)),
    ],
)
def test_a_number_is_excluded_unless_another_stands_before_it(
    text: str, ranked: str, excluded: tuple[tuple[str, ...], ...]
) -> None:
    parsed = parse(text)
    assert (parsed.text, parsed.excluded) == (ranked, excluded)


@pytest.mark.parametrize("text", ["", "   ", "?!…", "🎮🎮", "\x00\x01\x02", "\u202e\u200f", '"" ""', "-film", "\ud800"])
def test_nothing_to_search_for_is_an_error_with_a_remedy(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text)
    assert error.value.remedy


def test_invisible_characters_are_dropped() -> None:
    assert parse("fi\x00lm \u202ecrew\ud800s").text == "fi lm crew s"
    assert parse("ga\u200bmes crea\u00adtive \ufefffi\u2060lm ar\u200dts").text == "games creative film arts"
    assert parse("می\u200cخواهم").text == "می خواهم"  # as it is indexed
    assert parse("צילום סרטים").text == "צילום סרטים"


@given(st.text(max_size=300))
def test_no_text_raises_another_error(text: str) -> None:
    try:
        parsed = parse(text)
    except InputError:
        return
    assert parsed.text.strip() == parsed.text != ""
    assert all(phrase for phrase in (*parsed.phrases, *parsed.excluded))


@pytest.mark.parametrize("piece", ["a", '"', " -", '-"', "1,", "a.", "a&", "a'", "£ ", "1 -", "-1 ", "1. "])
def test_time_is_linear_in_the_length(piece: str) -> None:
    """A quadratic step would take minutes and exceed the time limit of the suite."""
    with contextlib.suppress(InputError):
        parse(piece * 200_000)


def test_stop_words_stay_if_there_are_no_others() -> None:
    assert content_words(["access", "to", "finance", "access"]) == ["access", "finance"]
    assert content_words(["the", "who"]) == ["the", "who"]
