"""Acronyms that a text defines."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.linking.acronyms import definitions


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("the Global Creative Economy Council (GCEC), under", "GCEC", "Global Creative Economy Council"),
        ("UK Research and Innovation (UKRI) funds", "UKRI", "UK Research and Innovation"),
        ("by the Arts and Humanities Research Council (the AHRC) in", "AHRC", "Arts and Humanities Research Council"),
        ("Department for Culture, Media and Sport (DCMS).", "DCMS", "Department for Culture, Media and Sport"),
        ("an R&D Tax Credit (RDTC; see below)", "RDTC", "R&D Tax Credit"),
        ("the PEC (Policy and Evidence Centre) says", "PEC", "Policy and Evidence Centre"),
        ("Strength in Places Fund (“SIPF”)", "SIPF", "Strength in Places Fund"),
    ],
)
def test_definitions(text: str, short: str, long: str) -> None:
    (definition,) = definitions(text)
    assert (definition.short, definition.long) == (short, long)
    assert text[definition.start : definition.end] == short
    assert text[definition.long_start : definition.long_end] == long


@pytest.mark.parametrize(
    "text",
    [
        "a pilot (2018)",
        "in Bath (see above)",
        "It grew. (BBC)",
        "the plan (DCMS)",
        "£5m (GBP) rose",
        "(GCEC)",
        "AHRC (AHRC)",
        "ok ()",
    ],
)
def test_other_brackets(text: str) -> None:
    assert list(definitions(text)) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet="ABCabc ()[].,;&'’\n-", max_size=120))
def test_offsets_hold_on_any_text(text: str) -> None:
    for definition in definitions(text):
        assert text[definition.start : definition.end] == definition.short
        assert text[definition.long_start : definition.long_end] == definition.long


def test_many_brackets_end() -> None:
    assert len(list(definitions("Alpha Beta Gamma (ABG) " * 20_000))) == 20_000
    assert list(definitions("(" * 200_000)) == []
