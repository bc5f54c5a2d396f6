"""Words, dates, numbers and links that pages make of records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import Evidence, Mention, Source, Value
from web.pages.drawing.density_contours import SIZE, contours
from web.pages.links import data_path, href, outside, with_query
from web.pages.templating import passage_path, plural, sentence
from web.pages.wording import (
    best_first,
    best_reliability_word,
    elapsed,
    linked_pieces,
    literal_text,
    marked_pieces,
    period,
)
from web.read_model.formatting import date, number, short

BASE = "https://w3id.org/creative-atlas/id/"
INTEGER = "http://www.w3.org/2001/XMLSchema#integer"

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(st.text(max_size=50), SPANS)
def test_marking_keeps_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    cut = marked_pieces(text, spans)
    assert "".join(piece for piece, _ in cut) == text
    assert all(piece for piece, _ in cut)


@given(st.text(max_size=50), SPANS)
def test_linking_keeps_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    mentions = [Mention("p", "e", start, end, "") for start, end in spans if start < end]
    cut = linked_pieces(text, mentions)
    assert "".join(piece for piece, _ in cut) == text
    assert all(iri in (None, "e") for _, iri in cut)


def test_offsets_are_code_points() -> None:
    assert marked_pieces("💷 £9m", [(2, 5)]) == [("💷 ", False), ("£9m", True)]


def test_the_longest_of_two_mentions_at_one_place_is_linked() -> None:
    text = "V&A Dundee opened"
    mentions = [Mention("p", "place", 4, 10, "Dundee"), Mention("p", "museum", 0, 10, "V&A Dundee")]
    assert linked_pieces(text, mentions) == [("V&A Dundee", "museum"), (" opened", None)]


@pytest.mark.parametrize(
    ("iso", "words"),
    [
        ("2018", "2018"),
        ("2018-11", "November 2018"),
        ("2018-11-05", "5 November 2018"),
        ("2018-11-05T10:00:00Z", "5 November 2018"),
        ("2018-13", "2018"),
        ("spring 2018", "spring 2018"),
        (None, ""),
    ],
)
def test_dates_are_as_exact_as_the_source(iso: str | None, words: str) -> None:
    assert date(iso) == words


def test_numbers() -> None:
    assert [number(1234567.0), number(0.5), number(2.25e9)] == ["1,234,567", "0.5", "2,250,000,000"]
    assert literal_text(Value("literal", "2018", "", INTEGER)) == "2018"
    assert literal_text(Value("literal", "12018", "", INTEGER)) == "12,018"
    assert literal_text(Value("literal", "many", "", INTEGER)) == "many"
    assert [elapsed(12.4), elapsed(1300)] == ["12 ms", "1.3 s"]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("2018-11-05T10:00:00Z", "dateTime", "5 November 2018, 10:00 UTC"),
        ("2018-11-05T09:00:00-05:00", "dateTime", "5 November 2018, 09:00 -05:00"),
        ("2018-11-05T00:00:30.5", "dateTime", "5 November 2018, 00:00:30.5"),
        ("12018-11-05T10:00:00Z", "dateTime", "12018-11-05, 10:00 UTC"),
        ("2018-11-05+01:00", "date", "2018-11-05+01:00"),
        ("2018-13", "gYearMonth", "2018-13"),
        ("tomorrow", "dateTime", "tomorrow"),
        ("9007199254740993", "integer", "9,007,199,254,740,993"),
        ("-0", "integer", "0"),
    ],
)
def test_no_part_of_a_value_is_lost(text: str, kind: str, words: str) -> None:
    assert literal_text(Value("literal", text, text, f"http://www.w3.org/2001/XMLSchema#{kind}")) == words


@given(st.text(), st.integers(2, 100))
def test_short_text_is_short(text: str, limit: int) -> None:
    assert len(short(text, limit)) <= limit


def _evidence(reliability: str, **more: str) -> Evidence:
    source = Source("s", "title", reliability=reliability)  # type: ignore[arg-type]
    return Evidence("cited", "c", source, **more)


def test_the_best_ground_is_named() -> None:
    assert best_reliability_word([_evidence("low"), _evidence("academic")]) == "academic"
    assert best_reliability_word([_evidence("memory"), _evidence("low")]) == "weak"
    assert best_reliability_word([_evidence("memory")]) == "background"
    assert best_reliability_word([]) == "no source"
    sources = [_evidence(name).source for name in ("low", "press", "official")]
    assert [source.reliability for source in best_first(sources)] == ["official", "press", "low"]


def test_the_period_of_a_fact() -> None:
    assert period([_evidence("low"), _evidence("low", valid_from="2018", valid_to="2024-03")]) == "2018 to March 2024"
    assert period([_evidence("low", valid_to="2024")]) == "until 2024"
    assert period([_evidence("low", as_of="2023-11")]) == "as of November 2023"
    assert period([]) == ""


def test_links_stay_on_the_site_or_say_where_they_go() -> None:
    assert href(BASE + "cluster/ingame", BASE) == "/id/cluster/ingame"
    assert href("http://dbpedia.org/resource/A&B", BASE) == "/entity?iri=http%3A%2F%2Fdbpedia.org%2Fresource%2FA%26B"
    assert href(BASE + 'x/"><b>', BASE) == "/id/x/%22%3E%3Cb%3E"
    assert data_path("http://example.org/a", BASE) is None
    assert passage_path(BASE + "document/a-1/p75", BASE) == "/page/document/a-1?start=60#p75"
    assert with_query("/search", q="a b", kind="", from_="2018", theme=["x", "y"]) == (
        "/search?q=a+b&from=2018&theme=x&theme=y"
    )


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil", "http:///x", "", None, "http://["]
)
def test_only_web_addresses_are_linked(url: str | None) -> None:
    assert outside(url) is None
    assert outside("https://www.gov.uk/a?b#c") == "https://www.gov.uk/a?b#c"


@pytest.mark.parametrize(
    ("word", "several"),
    [
        ("Programme", "Programmes"),
        ("R&D cluster", "R&D clusters"),
        ("local authority", "local authorities"),
        ("Person", "People"),
        ("Process", "Processes"),
        ("city or town", "cities or towns"),
        ("cluster (TTWA)", "clusters (TTWA)"),
        ("schema:Organization", "schema:Organization"),
    ],
)
def test_plurals(word: str, several: str) -> None:
    assert plural(word) == several


def test_contours_ring_the_places() -> None:
    paths = contours(((56.46, -2.97), (51.5, -0.1), (51.48, -3.18)))
    assert len(paths) > 1
    for path in paths:
        for line in path.split("M")[1:]:
            points = [tuple(map(float, pair.split())) for pair in line.split("L")]
            assert all(0 <= x <= SIZE[0] and 0 <= y <= SIZE[1] for x, y in points)
            on_edge = [x in (0, SIZE[0]) or y in (0, SIZE[1]) for x, y in (points[0], points[-1])]
            assert points[0] == points[-1] or all(on_edge)
    assert contours(()) == ()
    assert contours(((40.7, -74.0),)) == ()


def test_a_prefixed_name_keeps_its_case() -> None:
    """It stands for a relation or a class without a label, and another spelling is another name."""
    assert (sentence("schema:foundingDate"), sentence("founded by")) == ("schema:foundingDate", "Founded by")
