"""Tokeniser of the exact field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.tokens import exact_words, number_alike


def words(text: str) -> list[str]:
    return [word.text for word in exact_words(text)]


@pytest.mark.parametrize(
    "text", ["£25 million", "£25m", "£25,000,000", "£25-million", "£25\u00a0million", "£ 25 million"]
)
def test_an_amount_is_one_word_by_its_value(text: str) -> None:
    assert words(text) == ["£25000000"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("£250 million", ["£250000000"]),
        ("£1.2bn", ["£1200000000"]),
        ("25.5", ["25.5"]),
        ("1,000 people", ["1000", "people"]),
        ("30 per cent", ["30%"]),
        ("R&D and R & D", ["r&d", "and", "r&d"]),
        ("U.K. policy", ["uk", "policy"]),
        ("5G, 3D", ["5g", "3d"]),
        ("Scale-Up 2018/19", ["scale", "up", "2018", "19"]),
        ("Creative PEC’s view; O’Brien", ["creative", "pec", "view", "o'brien"]),
        ("Llŷn Tŵr", ["llŷn", "tŵr"]),
        ("w\u0302", ["ŵ"]),
        ("…—!?", []),
    ],
)
def test_the_documented_forms(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_offsets_lie_in_the_text_and_rise(text: str) -> None:
    last = 0
    for word in exact_words(text):
        assert last <= word.start < word.end <= len(text)
        assert word.text and not any(char.isspace() for char in word.text)
        last = word.end


@given(st.text(alphabet="abc ŵé", min_size=1))
def test_offsets_point_at_the_written_word(text: str) -> None:
    for word in exact_words(text):
        assert text[word.start : word.end].casefold() == word.text


@pytest.mark.parametrize(("word", "other"), [("twelve", "12"), ("12", "twelve"), ("ninety", "90"), ("2", "two")])
def test_small_numbers_are_written_in_two_ways(word: str, other: str) -> None:
    assert number_alike(word) == other


@pytest.mark.parametrize("word", ["one", "1", "12.5", "2012", "dozen", ""])
def test_other_words_are_written_in_one_way(word: str) -> None:
    assert number_alike(word) is None
