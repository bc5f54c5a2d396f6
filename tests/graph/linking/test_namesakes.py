"""Names that their neighbours show to be another place, a person, or part of a larger name."""

from __future__ import annotations

import pytest

from graph.linking.linker import Entry, Gazetteer, link
from graph.model import Passage

TOWNS = (
    "York", "Durham", "Lincoln", "Perth", "Newcastle", "London", "Leeds", "Hull", "Deal", "Kent", "Bristol",
    "Lancaster", "Worcester", "Wales", "England", "Tyneside", "St Albans", "Milton Keynes",
)  # fmt: skip
GAZETTEER = Gazetteer(
    [
        *(Entry(name.lower(), name, kind="town", is_contained=True) for name in TOWNS),
        Entry("burton", "Burton", kind="firm"),
        Entry("oslo", "Oslo", kind="town"),
    ],
    places=["town"],
)


def names(text: str) -> list[str]:
    """Surfaces of the linked names; those that are linked with a doubt end with a question mark."""
    mentions = link(Passage("p", "d", 0, text, 0, len(text)), GAZETTEER)
    return [m.surface + "?" * (m.confidence < 0.65) for m in mentions]


@pytest.mark.parametrize(
    "text",
    [
        "New York is large.",
        "Dr. Durham spoke.",
        "Then Mary Lincoln wrote.",
        "A note by Philippa Lancaster on skills.",
        "She met Wilhelmina Kent there.",  # no list knows the name
        "The work of Digital Bristol grew.",
        "Sir Thomas Burton wrote.",
        "Perth, Australia, hosted.",
        "Perth, WA, hosted.",
        "Newcastle, New South Wales.",
        "Newcastle (New South Wales) hosted.",
        "Worcester, Western Cape, and Worcester, Massachusetts.",
        "St Albans, Vermont, hosted. Milton Keynes, Ohio too.",
        "Shows by the Duke of Kent.",
    ],
)
def test_neighbours_tell_namesakes(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A new London studio.", "London"),
        ("Leeds, York and Hull.", "Leeds York Hull"),
        ("Deal, Kent.", "Kent"),  # "Deal" begins the sentence and is a word
        ("Outside London, firms grew. Across Kent too.", "London Kent"),
        ("Supporting Leeds is right.", "Leeds"),
        ("the firms of Greater London and Roman Lincoln", "London Lincoln"),
        ("on Tyneside England's firms", "Tyneside England"),
        ("the BBC Wales studios", "Wales"),
        ("the City of York, most of Wales, North of England", "York Wales England"),
        ("Most of Wales is rural.", "Wales"),
        ("with London, Victoria Hope said", "London"),
        ("from London, France and Spain", "London"),
        ("in Oslo, Norway, and Perth, Norway", "Oslo"),  # nothing says that this Oslo is another
        ("in England, France said no", "England"),
        ("Made by ‘Ada’ Leeds firms", "Leeds"),
        ("Plans by Ada\nLeeds is next.", "Leeds"),
        ("He spoke to Jack. London is next.", "London"),
        ("made by Anglo-Leeds firms", "Leeds"),
    ],
)
def test_places_stay_places(text: str, expected: str) -> None:
    assert names(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bank of England rates fell.", "England?"),
        ("the Museum of London", "London?"),
        ("the Craft Council of Wales", "Wales?"),
        ("Wilhelmina Kent spoke.", "Kent?"),
        ("Why Creative Studios Choose Leeds", "Leeds?"),
        ("as written by T. Lancaster.", "Lancaster?"),
    ],
)
def test_larger_names_are_doubts(text: str, expected: str) -> None:
    assert names(text) == [expected]


@pytest.mark.parametrize("text", ["St. Albans hosted.", "in St. Albans", "St Albans"])
def test_a_full_stop_in_a_shortened_word_parts_no_name(text: str) -> None:
    assert len(names(text)) == 1


def test_a_street_may_end_a_sentence() -> None:
    assert names("They work in High St. London is far.") == ["London"]
