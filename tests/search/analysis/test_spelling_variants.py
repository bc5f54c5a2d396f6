"""Spelling variants have one normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.spelling_variants import canonical, joined
from search.index.stemmer import Stems

STEMS = Stems()


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("organisation", "organization"),
        ("organising", "organizing"),
        ("analyse", "analyze"),
        ("colours", "colors"),
        ("behavioural", "behavioral"),
        ("neighbourhoods", "neighborhoods"),
        ("centre", "center"),
        ("theatres", "theaters"),
        ("programme", "program"),
        ("programmes", "programs"),
        ("catalogue", "catalog"),
        ("licence", "license"),
        ("defence", "defense"),
        ("modelling", "modeling"),
        ("paediatric", "pediatric"),
        ("leukaemia", "leukemia"),
        ("oestrogen", "estrogen"),
        ("jewellery", "jewelry"),
        ("artefacts", "artifacts"),
    ],
)
def test_both_spellings_have_one_stem(british: str, american: str) -> None:
    assert STEMS.of(british) == STEMS.of(american) == STEMS.of(british.upper())


@pytest.mark.parametrize("word", ["four", "hour", "your", "install", "called", "data", "more", "genre", "films", "IT"])
def test_other_words_stay(word: str) -> None:
    assert canonical(word).lower() == word.lower()


def test_hyphened_words_are_joined_too() -> None:
    assert STEMS.of("co-location") == [*STEMS.of("co location"), *STEMS.of("colocation")]
    assert joined("Start-ups near co-location, not 2018-19") == ["startups", "colocation"]
    assert canonical("university-led") == "university-led"


@given(st.text())
def test_digits_stay_in_any_text(text: str) -> None:
    digits = [word for word in text.split() if word.isdigit()]
    assert [word for word in canonical(text).split() if word.isdigit()] == digits
