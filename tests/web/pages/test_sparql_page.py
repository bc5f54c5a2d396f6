"""The SPARQL page as a program sees it: parts of an answer, evidence behind rows, terms, long queries."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from graph.iri import DEFAULT_BASE
from graph.vocabulary import expand
from tests.support.site import EDGES, MANY, sparql_address
from web.api.terms import matching
from web.read_model.reader import Term

HTML = {"Accept": "text/html"}


def _page(client: FlaskClient, **parameters: str) -> str:
    answer = client.get("/sparql", query_string=parameters, headers=HTML)
    assert answer.status_code == 200
    return unescape(answer.text)


def _cells(text: str) -> list[str]:
    rows = re.findall(r"<tr>\s*<td[^>]*>(.*?)</td>", text, re.S)
    return [re.sub(r"<[^>]+>|\s", "", row) for row in rows]


def test_a_long_answer_comes_in_pages(client: FlaskClient) -> None:
    first = _page(client, query=MANY)
    assert "100,000 rows" in first and len(_cells(first)) == 100 and len(first) < 120_000
    assert "Rows 1 to 100" in first
    on = re.search(r'<a href="([^"]+)" rel="next"', first)
    assert on is not None
    second = unescape(client.get(on[1], headers=HTML).text)
    assert _cells(second)[0] == "100" and "Rows 101 to 200" in second
    assert _cells(_page(client, query=MANY, start="99900"))[-1] == "99999"
    assert "The result has fewer rows" in _page(client, query=MANY, start="100000")


@pytest.mark.parametrize("start", ["-1", "x", "9999999999", "1e3"])
def test_a_start_that_is_none_is_the_first_row(start: str, client: FlaskClient) -> None:
    assert "Rows 1 to 100" in _page(client, query=MANY, start=start)


def test_a_column_heading_sorts_and_sorts_back(client: FlaskClient) -> None:
    headings = re.findall(r'<th [^>]*><a href="([^"]+)"', _page(client, query=MANY))
    assert parse_qs(urlsplit(headings[0]).query)["sort"] == ["year"]
    up = unescape(client.get(headings[0], headers=HTML).text)
    assert 'aria-sort="ascending"' in up
    back = re.findall(r'<th [^>]*><a href="([^"]+)"', up)[0]
    down = unescape(client.get(back, headers=HTML).text)
    assert 'aria-sort="descending"' in down and _cells(down)[0] == "99999"


def test_each_triple_opens_the_claims_behind_it(client: FlaskClient) -> None:
    links = re.findall(r'href="(/why\?[^"]+)"', _page(client, query=EDGES))
    assert len(links) > 15
    budget = next(link for link in links if "v=%C2%A39+million" in link)
    text = unescape(client.get(budget).text)
    assert "InGAME announced" not in text and "Creative Dundee" in text and "£9 million centre (2018)" in text
    for link in links:
        assert "source by source" in client.get(link).text


def test_a_row_of_entries_opens_what_ties_them(client: FlaskClient) -> None:
    cluster, council = f"{DEFAULT_BASE}cluster/ingame", f"{DEFAULT_BASE}org/ahrc"
    text = re.sub(r"<[^>]+>", "", client.get("/why", query_string={"among": [cluster, council]}).text)
    assert re.search(r"InGAME\s+funded by\s+Arts and Humanities Research Council", text)
    assert "InGAME grant" in text


@pytest.mark.parametrize(
    ("parameter", "status"),
    [
        ("", 400), ("?s=x&p=y", 400), ("?among=one", 400), ("?s=x&p=y&o=z", 200), ("?s=%00&p=%3Cb&v=", 200),
        ("?s=a:a&p=a:b&v=x&lang=not+a+language", 200), ("?among=x:x&among=%22%3E%3Cscript%3E", 200),
    ],
)  # fmt: skip
def test_a_request_about_no_edge_gets_its_reason(parameter: str, status: int, client: FlaskClient) -> None:
    answer = client.get(f"/why{parameter}")
    assert answer.status_code == status and "<script>" not in answer.text
    if status == 200:
        assert "Not known here." in answer.text


def test_a_query_too_long_for_an_address_goes_by_post(client: FlaskClient) -> None:
    query = f"{MANY} # " + "x" * 5000
    answer = client.post("/sparql", data={"query": query}, headers=HTML)
    text = unescape(answer.text)
    assert answer.status_code == 200 and "100,000 rows" in text
    assert "data-permalink" not in text and 'rel="next"' not in text
    assert "No link: this query is too long for an address" in text and "Link to this query" not in text
    forms = re.findall(r'<form class="inline" action="/sparql" method="post">(.*?)</form>', text, re.S)
    fields = [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]
    assert all(field["query"] == query for field in fields)
    assert {"csv", "tsv", "json", "xml"} <= {field.get("format") for field in fields}
    on = next(field for field in fields if field.get("start") == "100")
    assert "Rows 101 to 200" in client.post("/sparql", data=on, headers=HTML).text


def test_a_syntax_error_tells_the_editor_where(client: FlaskClient) -> None:
    text = client.get("/sparql", query_string={"query": "SELECT zebra"}, headers=HTML).text
    assert 'data-line="1" data-column="8"' in text


def test_examples_narrow_to_a_tag_without_scripts(client: FlaskClient) -> None:
    text = _page(client, tag="network")
    assert ">The busiest partners</a>" in text and ">What one source says</a>" not in text
    assert "No example is on “zebra”" in _page(client, tag="zebra")


def test_the_page_offers_relations_by_label(client: FlaskClient) -> None:
    text = _page(client)
    assert re.search(r'data-term="ca:partner">partner</a> <span class="muted">14<', text)


def test_terms_are_found_by_label_and_named_by_iri(client: FlaskClient) -> None:
    suggestions = client.get("/api/v1/terms?q=funded").get_json()
    assert [term["label"] for term in suggestions["terms"]] == ["funded by"]
    assert suggestions["prefixes"]["schema"] == "https://schema.org/"
    named = client.get("/api/v1/terms?q=Abert").get_json()
    assert [entity["label"] for entity in named["entities"]] == ["Abertay University"]
    about = client.get("/api/v1/terms", query_string={"iri": expand("ca:fundedBy")}).get_json()
    assert (about["label"], about["kind"]) == ("funded by", "property")
    assert client.get("/api/v1/terms", query_string={"iri": "x:unheard/of"}).get_json()["label"] == "of"
    assert client.get("/api/v1/terms?limit=1").get_json()["entities"] == []


@pytest.mark.parametrize("limit", ["0", "x", "201", "-1"])
def test_a_limit_that_is_none_is_refused(limit: str, client: FlaskClient) -> None:
    assert client.get(f"/api/v1/terms?limit={limit}").status_code == 400


def test_the_order_of_terms() -> None:
    def term(name: str, label: str, count: int, *words: str) -> Term:
        return Term(f"x:{name}", f"ca:{name}", label, "property", count, words)

    terms = (
        term("a", "pays for", 9, "funded"), term("b", "funded by", 2), term("c", "is funded", 5),
        term("d", "funded through", 4), term("e", "funds", 0, "funded"), term("f", "partner", 99),
        term("refunded", "back", 1),
    )  # fmt: skip
    assert [term.label for term in matching(terms, "Funded")] == [
        "funded through", "funded by", "pays for", "is funded", "back", "funds",
    ]  # fmt: skip
    assert [term.label for term in matching(terms, "ca:re")] == ["back"]
    assert len(matching(terms, "")) == len(terms)


def test_hostile_terms_rows_and_tags_stay_text(hostile_client: FlaskClient) -> None:
    for path in (sparql_address(EDGES), "/sparql?tag=<script>window.hit=1</script>", "/sparql?query=<script>{}"):
        text = hostile_client.get(path, headers=HTML).text
        assert "<script>window" not in text and "<img" not in text and "<script>{}" not in text
        assert 'href="javascript' not in text


def test_the_page_says_where_the_answer_may_differ_from_sparql(client: FlaskClient) -> None:
    assert "64 bits" in _page(client, query="SELECT ?x { VALUES ?x { 9223372036854775808 } }")
    assert "64 bits" not in _page(client, query="SELECT ?x { VALUES ?x { 5 } }")
