"""Reader of JSON Lines: one record a line; errors give the number of the line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.documents.jsonl import record
from graph.documents.read import read
from graph.errors import BadData

Make = Callable[[str, str | bytes], Path]


def test_records_of_both_layouts(make: Make) -> None:
    lines = [
        {"_id": "d1", "title": "One", "text": "First text.", "metadata": {"date": "2020", "url": "http://a.example"}},
        {"id": 7, "text": ["Two", "parts"], "themes": ["AI"], "publisher": "P", "score": 1.5, "flag": True},
        {"_id": "d3", "title": "Only a title", "text": ""},
    ]
    first, second, third = read(make("c.jsonl", "\n\n".join(map(json.dumps, lines))))
    assert (first.identifier, first.title, first.date, first.source_url) == ("d1", "One", "2020", "http://a.example")
    assert (second.identifier, second.title, second.themes, second.publisher) == ("7", "Two parts", ("AI",), "P")
    assert dict(second.extra) == {"score": "1.5"}
    assert third.pages[0].text == "Only a title"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{not json", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"text": "a"}', "no id"),
        ('{"_id": " ", "text": "a"}', "no id"),
        ('{"_id": "x", "title": "t"}', "no text"),
        ('{"_id": "x", "text": 5}', "no text"),
        ("[" * 100_000, "not JSON"),
        ('{"_id": ' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_a_bad_line_is_named(make: Make, line: str, words: str) -> None:
    good = '{"_id": "a", "text": "b"}'
    readings = read(make("c.jsonl", f"{good}\n\n{line}\n{good}\n{line}\n"))
    assert [next(readings).identifier, next(readings).identifier] == ["a", "a"]
    with pytest.raises(BadData, match=words) as caught:
        next(readings)
    assert caught.value.line == 3
    assert "So is 1 more line. The other records were read." in caught.value.message


def test_bytes_that_are_not_utf8_are_named(make: Make) -> None:
    with pytest.raises(BadData, match=r"line 1: .*UTF-8"):
        next(read(make("c.jsonl", b'{"_id": "a", "text": "caf\xe9"}')))


def test_lone_surrogates_and_nuls_do_not_get_through(make: Make) -> None:
    (reading,) = read(make("c.jsonl", r'{"_id": "a\ud800", "title": "t\u0000", "text": "x \udfff y"}'))
    assert reading.identifier == "a\ufffd"
    assert reading.pages[0].text == "x \ufffd y"
    (reading.title + reading.identifier).encode()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["_id", "id", "title", "text", "metadata", "date", "themes", "url", "odd"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_any_object_is_a_reading_or_bad_data(fields: dict[str, object]) -> None:
    try:
        reading = record(json.dumps(fields).encode(), Path("c.jsonl"), 1)
    except BadData:
        return
    for text in (reading.identifier, reading.title, reading.pages[0].text, *reading.themes, *reading.extra.values()):
        text.encode()
