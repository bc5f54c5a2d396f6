"""Any input to the search gets results, an empty page with suggestions, or 400 with the reason."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from search.ranking.result_set import ResultLimits
from search.searcher import Searcher
from web.app import create_app
from web.read_model.live_reader import LiveAtlas
from web.services import Services

OK, REFUSED = 200, 400
TEXTS: Final[tuple[tuple[str, str, int], ...]] = (
    ("empty", "", REFUSED),
    ("spaces", "  \t ", REFUSED),
    ("100 kB", "studio " * 14_300, REFUSED),
    ("one long word", "x" * 1_990, OK),
    ("punctuation", "?!… (–) ;;", REFUSED),
    ("only a minus", "-", REFUSED),
    ("only exclusions", "-studios -games", REFUSED),
    ("control characters", "stu\x00dios\x07 \x1b[31m", OK),
    ("right to left", "صناعات إبداعية", OK),
    ("direction marks", "\u202estudios\u202c \u2066games\u2069", OK),
    ("emoji", "🎮 studios 👩‍🎨", OK),
    ("emoji alone", "🎮👩‍🎨", REFUSED),
    ("unbalanced quote", '"access to finance', OK),
    ("quotes inside out", '””studios““ "', OK),
    ("brackets of a query language", "title:(studios AND [games TO *]) ~2 ^3 \\", OK),
    ("unknown field", "colour:red studios", OK),
    ("a field without a value", "publisher: studios", OK),
    ("a lone surrogate, escaped", "studios %ED%A0%80", OK),
    ("markup", "<script>alert(1)</script> studios", OK),
    ("percent", "50% of studios & 1+1", OK),
    ("a null byte in a phrase", '"access\x00to"', OK),
    ("combining marks", "s" + "\u0301" * 200, OK),
)
PARAMETERS: Final[tuple[tuple[str, dict[str, str], int, str], ...]] = (
    ("limit −1", {"limit": "-1"}, REFUSED, "limit"),
    ("limit 10⁹", {"limit": "1000000000"}, REFUSED, "limit"),
    ("limit in words", {"limit": "ten"}, REFUSED, "limit"),
    ("limit beyond every integer", {"limit": "9" * 5_000}, REFUSED, "limit"),
    ("offset −1", {"offset": "-1"}, REFUSED, "offset"),
    ("offset past the end", {"offset": "1000000000"}, OK, ""),
    ("offset beyond every integer", {"offset": "9" * 30}, OK, ""),
    ("a parameter that does not exist", {"colour": "red"}, REFUSED, "colour"),
    ("a word for a switch", {"facets": "yes"}, REFUSED, "facets=1"),
    ("another for the other", {"recent": "x"}, REFUSED, "recent=1"),
    ("a mode that does not exist", {"mode": "psychic"}, REFUSED, "psychic"),
    ("a kind that does not exist", {"kind": "unicorn"}, REFUSED, "unicorn"),
    ("a value that no unit has", {"publisher": "Nobody"}, OK, ""),
    ("a place that does not exist", {"place": "https://example.org/Atlantis"}, OK, ""),
    ("a date that is none", {"from": "yesterday"}, REFUSED, "yesterday"),
    ("dates the wrong way round", {"from": "2025", "to": "2018"}, REFUSED, "earlier"),
    ("a day that is none", {"to": "2018-02-31"}, REFUSED, "2018-02-31"),
    ("an IRI with spaces", {"type": 'not an iri <>"'}, OK, ""),
)


@pytest.mark.parametrize(("text", "status"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_any_text_is_answered_by_the_api(client: FlaskClient, text: str, status: int) -> None:
    response = client.get("/api/v1/search", query_string={"q": text, "facets": "1"})
    assert response.status_code == status
    body: dict[str, Any] = response.json or {}
    if status == REFUSED:
        assert response.mimetype == "application/problem+json"
        assert len(body["detail"]) > 20
    else:
        assert body["total"] >= len(body["hits"])
        assert body["hits"] or "hint" in body or body["total"] == 0


@pytest.mark.parametrize(("text", "status"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_any_text_is_answered_by_the_page(client: FlaskClient, text: str, status: int) -> None:
    response = client.get("/search", query_string={"q": text})
    if not text.strip():
        assert response.status_code == OK and "Where to begin" in response.text
        return
    assert response.status_code == status
    page = response.text
    assert "<script>alert" not in page and "\x00" not in page
    if status == REFUSED:
        assert 'role="alert"' in page
    else:
        assert 'class="hits"' in page or "Not known here." in page


@pytest.mark.parametrize(
    ("sent", "status", "named"), [row[1:] for row in PARAMETERS], ids=[row[0] for row in PARAMETERS]
)
def test_any_parameter_is_answered(client: FlaskClient, sent: dict[str, str], status: int, named: str) -> None:
    response = client.get("/api/v1/search", query_string={"q": "studios", **sent})
    assert response.status_code == status
    body: dict[str, Any] = response.json or {}
    if status == REFUSED:
        assert named in body["detail"]
    elif "offset" in sent:
        assert body["hits"] == [] and body["total"] > 0
    else:
        assert body["total"] == 0
        assert [suggestion["kind"] for suggestion in body["ways"]] == ["filter"]
    page = client.get("/search", query_string={"q": "studios", **sent, "start": sent.get("offset", "0")})
    assert page.status_code in (OK, REFUSED)
    if status == OK:
        assert "this page lies past the last" in page.text or "Without " in page.text or 'role="alert"' in page.text


@pytest.mark.parametrize(
    "address", ["similar?iri=", "similar?iri=urn:none", "similar?iri=not%20an%20iri", "complete?limit=0"]
)
def test_other_bad_requests_are_refused_with_a_reason(client: FlaskClient, address: str) -> None:
    response = client.get(f"/api/v1/{address}")
    assert response.status_code in (REFUSED, 404)
    assert len((response.json or {})["detail"]) > 20


@pytest.mark.parametrize("typed", ["", "\x00", "🎮", "x" * 100_000, "(((", "ŵ"])
def test_completion_answers_whatever_is_typed(client: FlaskClient, typed: str) -> None:
    response = client.get("/api/v1/complete", query_string={"q": typed})
    assert response.status_code == OK
    assert isinstance(response.json, list)


@pytest.mark.parametrize(
    ("address", "choices"),
    [
        ("similar?iri=x&by=foo", "iri, limit"),
        ("complete?q=a&n=3", "limit, q"),
        ("entity?iri=x&lang=en", "iri"),
        ("neighbours?iri=x&deep=1", "depth, iri, limit"),
        ("path?from=x&to=y&via=z", "from, to"),
    ],
)
def test_unknown_parameters_are_refused(client: FlaskClient, address: str, choices: str) -> None:
    response = client.get(f"/api/v1/{address}")
    assert response.status_code == REFUSED
    assert choices in (response.json or {})["detail"]


@pytest.mark.parametrize("offset", [5000, (1 << 31) - 1, 1 << 64])
def test_a_page_past_the_end_says_how_many_there_are(client: FlaskClient, offset: int) -> None:
    body = client.get(f"/api/v1/search?q=studios&offset={offset}").json or {}
    assert body["hits"] == [] and f"{body['total']:,} result" in body["hint"]


@pytest.mark.parametrize(
    "dates", [{"from": "yesterday"}, {"from": "2025", "to": "2018"}, {"from": "1700", "to": "1701"}]
)
def test_wrong_dates_can_be_corrected_on_the_page(client: FlaskClient, dates: dict[str, str]) -> None:
    page = client.get("/search", query_string={"q": "studios", "publisher": "Nobody", **dates}).text
    assert f'name="from" size="8" value="{dates["from"]}"' in page
    assert '<input type="hidden" name="publisher" value="Nobody">' in page
    assert 'class="chosen"' in page


class LimitedServices(Services):
    """Services whose searches compare few vectors, so that totals are lower bounds."""

    @cached_property
    def atlas(self) -> LiveAtlas:
        atlas = super().atlas
        limits = ResultLimits(exact_items=0, nearest_items=1)
        index = atlas.index
        limited = replace(
            index, open_searcher=lambda view: Searcher(index.open_searcher(view).index, self.encoder, limits=limits)
        )
        return replace(atlas, index=limited)


def test_a_total_that_is_a_lower_bound_is_shown_as_one(client: FlaskClient, services: Services) -> None:
    query = {"q": "skilled people in studios", "facets": "1"}
    unfiltered = client.get("/api/v1/search", query_string=query).json or {}
    assert unfiltered["total_is_floor"] is False and unfiltered["total"] > 2
    assert "at least" not in client.get("/search", query_string={"q": query["q"]}).text
    limited_services = LimitedServices(services.settings)
    limited = create_app(limited_services).test_client()
    least = limited.get("/api/v1/search", query_string=query).json or {}
    assert least["total_is_floor"] is True and least["total"] <= unfiltered["total"]
    page = limited.get("/search", query_string={"q": query["q"]}).text
    assert f"at least {least['total']}" in page and f"{least['total']}+" in page
    limited_services.close()
