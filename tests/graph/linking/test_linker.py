"""Linking: forms of names, capitalisation, everyday words, ambiguity, and acronyms that the document defines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.linking.linker import Entry, Gazetteer, link, link_document
from graph.linking.normalise import words
from graph.model import Passage

ENTRIES = [
    Entry("scale-up", "Creative Scale-Up", kind="programme"),
    Entry("nesta", "Nesta", kind="organisation"),
    Entry("dcms", "Department for Culture, Media and Sport", kind="organisation"),
    Entry("dcms", "DCMS", is_alt=True, kind="organisation"),
    Entry("uk", "United Kingdom", kind="place"),
    Entry("uk", "UK", is_alt=True, kind="place"),
    Entry("manchester", "Manchester", kind="settlement"),
    Entry("manchester-la", "Manchester (local authority)", kind="authority"),
    Entry("leeds", "Leeds", kind="settlement"),
    Entry("kent", "Kent", kind="authority"),
    Entry("essex", "Essex", kind="authority"),
    Entry("manchester-uni", "University of Manchester", kind="organisation"),
    Entry("reading", "Reading", kind="settlement"),
    Entry("bath", "Bath", kind="settlement"),
    Entry("finance", "Access to finance", kind="theme"),
    Entry("cluster", "creative cluster", kind="concept"),
    Entry("zone", "Creative Enterprise Zone", kind="programme"),
    Entry("film", "Film and TV", kind="subsector"),
    Entry("film", "screen", is_alt=True, kind="subsector"),
    Entry("science", "science", kind="concept"),
    Entry("it", "IT", kind="subsector"),
    Entry("kcl", "King's College London", kind="organisation"),
    Entry("wilson", "Nick Wilson", kind="person"),
    Entry("brown", "Jo Brown", kind="person"),
    Entry("cic", "Creative Industries Council", kind="organisation"),
    Entry("cic", "CIC", is_alt=True, kind="organisation"),
    Entry("gcec", "Global Creative Economy Council", kind="organisation"),
    Entry("va", "V&A", kind="organisation"),
]
GAZETTEER = Gazetteer(ENTRIES, people=["person"])


def passage(text: str, index: int = 0) -> Passage:
    return Passage(f"p{index}", "d", index, text, 0, len(text))


def linked(*texts: str) -> list[tuple[str, str]]:
    mentions = link_document([passage(text, n) for n, text in enumerate(texts)], GAZETTEER)
    for m in mentions:
        assert texts[int(m.passage[1:])][m.start : m.end] == m.surface
    return [(m.entity, m.surface) for m in mentions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Creative Scale-Up scheme", [("scale-up", "Creative Scale-Up")]),
        ("The Creative Scale Up scheme", [("scale-up", "Creative Scale Up")]),
        ("The Creative\nScale‑Up scheme", [("scale-up", "Creative\nScale‑Up")]),
        ("NESTA says", [("nesta", "NESTA")]),
        ("nesta says", []),
        ("Nestas, Nestable", []),
        ("the U.K.’s DCMS's list", [("uk", "U.K."), ("dcms", "DCMS")]),
        ("the dcms list", []),
        ("Department for Culture Media and Sport", []),
        ("DEPARTMENT FOR CULTURE, MEDIA AND SPORT", [("dcms", "DEPARTMENT FOR CULTURE, MEDIA AND SPORT")]),
        ("University of Manchester, Leeds", [("manchester-uni", "University of Manchester"), ("leeds", "Leeds")]),
        ("access to finance; Access to Finance", [("finance", "access to finance"), ("finance", "Access to Finance")]),
        ("Creative clusters, A CREATIVE CLUSTER", [("cluster", "Creative clusters"), ("cluster", "CREATIVE CLUSTER")]),
        ("two Creative Enterprise Zones, creative enterprise zones", [("zone", "Creative Enterprise Zones")]),
        ("Kings College London", [("kcl", "Kings College London")]),
        ("King’s College London", [("kcl", "King’s College London")]),
        ("at the V&A and the V & A", [("va", "V&A"), ("va", "V & A")]),
        ("Bath, Bristol", []),
        ("in Bath and in Reading too", [("bath", "Bath"), ("reading", "Reading")]),
        ("Reading is fun. Bath time. The Joy of Reading Books", []),
        ("a bath, a screen and it", []),
        ("Science and science", [("science", "Science"), ("science", "science")]),
        ("the School of Science and a Science Park", []),
        ("the IT sector", [("it", "IT")]),
        ("WHAT IT MEANS FOR YOU", []),
        ("Leeds. Manchester", [("leeds", "Leeds"), ("manchester", "Manchester")]),
    ],
)  # fmt: skip
def test_forms(text: str, expected: list[tuple[str, str]]) -> None:
    assert linked(text) == expected


def test_a_name_that_several_entities_share() -> None:
    (mention,) = link(passage("They live in Manchester."), GAZETTEER)
    assert mention.entity == "manchester"
    assert mention.confidence < 1
    assert ("manchester-la", "Manchester") in linked("the councils of Kent, Manchester and Essex")
    assert ("manchester", "Manchester") in linked("the towns of Leeds, Manchester and Bath")


def test_an_article_gives_no_precedence() -> None:
    north = Entry("north", "the North", is_alt=True, kind="place")
    names = Gazetteer(
        [north, Entry("north-east", "North East", kind="region"), Entry("ne-bench", "Bench of the North")]
    )

    def linked_names(text: str) -> list[tuple[str, str]]:
        return [(m.entity, m.surface) for m in link(passage(text), names)]

    assert linked_names("Firms in the North East say") == [("north-east", "North East")]
    assert linked_names("Firms in the North say") == [("north", "the North")]
    assert linked_names("The Bench of the North East sat") == [("ne-bench", "Bench of the North")]


def test_order_of_entities_that_share_a_name() -> None:
    def winner(*entries: Entry, prefer: tuple[str, ...] = ()) -> str:
        (mention,) = link(passage("about the Northern Forum"), Gazetteer(entries, prefer=prefer))
        return mention.entity

    label = Entry("b", "Northern Forum", kind="x")
    alt = Entry("a", "Northern Forum", is_alt=True, kind="y", weight=9)
    assert winner(label, alt) == winner(alt, label) == "b"
    assert winner(label, alt, prefer=("y",)) == "a"
    heavy = Entry("c", "Northern Forum", kind="x", weight=2)
    assert winner(label, heavy) == "c"


def test_skipped_labels_never_match() -> None:
    gazetteer = Gazetteer([Entry("a", "Alpha"), Entry("a", "Beta Group")], skip=["alpha"])
    assert [m.surface for m in link(passage("Alpha and Beta Group"), gazetteer)] == ["Beta Group"]


def test_acronyms_mean_what_the_document_defines() -> None:
    assert linked("the Global Creative Economy Council (GCEC) met.", "The GCEC is new.") == [
        ("gcec", "Global Creative Economy Council"),
        ("gcec", "GCEC"),
        ("gcec", "GCEC"),
    ]
    assert linked("a Community Interest Company (CIC) is", "every CIC files accounts") == []
    assert linked("the CIC met") == [("cic", "CIC")]


def test_last_names_after_the_full_name() -> None:
    assert linked(
        "Wilson spoke. Nick Wilson agreed.", "Then Wilson left; Harold Wilson did not.", "Wilson Street is long."
    ) == [
        ("wilson", "Nick Wilson"),
        ("wilson", "Wilson"),
    ]
    assert linked("Jo Brown spoke. A Brown paper by Professor Brown.") == [("brown", "Jo Brown"), ("brown", "Brown")]


def test_any_case_is_for_queries() -> None:
    tokens = words("nesta in reading")
    assert [m.best.entry.iri for m in GAZETTEER.matches(tokens, any_case=True)] == ["nesta", "reading"]


def test_an_empty_gazetteer_links_nothing() -> None:
    assert link(passage("Nesta"), Gazetteer([])) == ()
    assert link(passage("Nesta"), Gazetteer([Entry("a", "…"), Entry("b", "")])) == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from([e.label for e in ENTRIES] + [",", ".", "the", "and", "’s", "(", ")", "\u200b", "ß", "x"]),
        max_size=30,
    )
)
def test_mentions_are_ordered_disjoint_and_reproducible(parts: list[str]) -> None:
    text = " ".join(parts)
    mentions = link(passage(text), GAZETTEER)
    for m in mentions:
        assert text[m.start : m.end] == m.surface
    assert all(a.end <= b.start for a, b in pairwise(mentions))
    assert mentions == link(passage(text), Gazetteer(reversed(ENTRIES), people=["person"]))


def test_nested_labels_on_a_long_text_end() -> None:
    gazetteer = Gazetteer(Entry(f"e{n}", " ".join(["go"] * n)) for n in range(1, 40))
    assert link(passage("go " * 3_000), gazetteer)
