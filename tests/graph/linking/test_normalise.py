"""Spellings of one name are equal after normalisation, and every word keeps its offsets."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.linking.normalise import words


def norms(text: str) -> list[str]:
    return [word.norm for word in words(text)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Creative Scale-Up", "creative scale up"),
        ("Creative Scale‑Up", "creative\u00a0scale\nup"),
        ("R&D", "R and D"),
        ("V & A", "v&a"),
        ("King’s College", "King's College"),
        ("the U.K. economy", "the UK economy"),
        ("Café", "Cafe\u0301"),
        ("‘Creative Industries Radar’", "Creative Industries Radar"),
        ("micro\u00adcluster", "microcluster"),
        ("zero\u200bwidth", "zerowidth"),
        ("O’Neill", "ONeill"),
        ("ﬁlm", "film"),
        ("Industries' plan", "industries plan"),
    ],
)
def test_equal_spellings(first: str, second: str) -> None:
    assert norms(first) == norms(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Bath, Bristol", "Bath Bristol"),
        ("York. Leeds", "York Leeds"),
        ("Leeds – Bradford", "Leeds Bradford"),
        ("59.11", "5911"),
    ],
)
def test_punctuation_separates_names(first: str, second: str) -> None:
    assert norms(first) != norms(second)


def test_possessives_are_words_of_their_own() -> None:
    assert norms("Britain's DCMS’s") == ["britain", "'s", "dcms", "'s"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_offsets_are_ordered_and_inside_the_text(text: str) -> None:
    tokens = words(text)
    at = 0
    for word in tokens:
        assert at <= word.start < word.end <= len(text)
        assert word.norm
        assert " " not in word.norm
        at = word.end
    letters = [char for char in text if char.isalnum()]
    assert bool(letters) <= bool(tokens) or not any(char.isascii() for char in letters)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="aZ9 ", max_size=30))
def test_the_short_cut_for_simple_text_changes_nothing(text: str) -> None:
    assert words(text) == words(text + "\t")  # a tab is a blank too, and makes the general rules run
