"""Records check themselves at construction, and items survive serialisation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import InputError
from search.analysis.dates import day_range
from search.item import Item
from search.types import MAX_QUERY_CHARS, Filters, Query, Snippet

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts.filter(bool), texts, texts, st.lists(texts, max_size=3), st.integers(0, 999))
def test_an_item_survives_its_json(iri: str, title: str, text: str, themes: list[str], page: int) -> None:
    item = Item(iri, "passage", title, text, themes=tuple(themes), page=page)
    assert Item.from_json(item.to_json()) == item


def test_the_hash_follows_the_content() -> None:
    item = Item("u", "passage", "Title", "text")
    assert item.hash == Item("u", "passage", "Title", "text").hash
    assert item.hash != Item("u", "passage", "Title", "text", themes=("t",)).hash
    assert len({Item("u", "passage", "", "ab").hash, Item("u", "passage", "ab", "").hash}) == 2


def test_unknown_fields_are_ignored() -> None:
    assert Item.from_json(b'{"iri":"u","kind":"entity","colour":"red"}') == Item("u", "entity", "", "")


@pytest.mark.parametrize(
    "wrong", [{"limit": -1}, {"limit": 10**9}, {"offset": -1}, {"mode": "fuzzy"}, {"text": "x" * (MAX_QUERY_CHARS + 1)}]
)
def test_a_query_out_of_range_is_refused_with_a_remedy(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError) as error:
        Query(**{"text": "film", **wrong})  # type: ignore[arg-type]
    assert error.value.remedy


@pytest.mark.parametrize("wrong", [{"kind": ("poem",)}, {"date_from": "last year"}, {"date_to": "2018-13"}])
def test_an_impossible_filter_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Filters(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("marks", [((0, 9),), ((2, 2),), ((1, 3), (2, 4)), ((-1, 1),)])
def test_highlights_must_lie_inside_and_not_overlap(marks: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="out of place"):
        Snippet("short", marks)


@pytest.mark.parametrize(
    ("date", "days"),
    [
        ("2018", (20180101, 20181231)),
        ("2020-02", (20200201, 20200229)),
        ("2018-11-20", (20181120, 20181120)),
        ("2018-11-20T10:00:00Z", (20181120, 20181120)),
        ("2018-00", None),
        ("2018-02-30", None),
        ("20 November", None),
        ("", None),
    ],
)
def test_dates_of_any_precision(date: str, days: tuple[int, int] | None) -> None:
    assert day_range(date) == days


def test_bytes_that_are_no_item_are_an_error() -> None:
    for data in (
        b"",
        b"[]",
        b'{"iri":"","kind":"entity"}',
        b'{"iri":"x:1","kind":"film"}',
        b'{"iri":1,"kind":"entity"}',
    ):
        with pytest.raises(ValueError, match="not an indexed item"):
            Item.from_json(data)
    assert Item.from_json(b'{"iri":"x:1","kind":"entity","later":[1]}') == Item("x:1", "entity", "", "")


def test_dates_are_in_order() -> None:
    assert Filters(date_from="2018-06", date_to="2018").date_to == "2018"  # they overlap
    assert Filters(date_from="2018", date_to="2018-01-01").date_to
    with pytest.raises(InputError, match="comes after"):
        Filters(date_from="2018-06", date_to="2018-05")
