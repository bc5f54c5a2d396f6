"""The pages as a program sees them: statuses, headers, markup, links that lead somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.errors import IndexUnusable
from search.types import Query, Results, SearchSuggestion
from tests.support import site, world
from tests.support.fake_atlas import FakeAtlas
from tests.support.paths import ROOT
from web.pages.assets import Assets

PAGES = (
    "/", "/search", "/search?q=InGAME", "/search?q=zebra", "/page/cluster/ingame", "/page/org/nesta", "/browse",
    "/browse?kind=https://w3id.org/creative-atlas/ontology%23Organisation", "/documents", "/sparql", "/disagreements",
    "/about", "/documents/ingame-and-the-dundee-games-cluster-b546a8a8", "/sparql?query=SELECT+*+{}",
)  # fmt: skip
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", PAGES)
def test_page_holds_no_inline_script_or_style(path: str, client: FlaskClient) -> None:
    answer = client.get(path, headers=HTML, follow_redirects=True)
    assert answer.status_code == 200
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
    assert nonce is not None
    for tag in re.findall(r"<script[^>]*>", answer.text):
        assert f'nonce="{nonce[1]}"' in tag and "src=" in tag
    assert re.search(r"<[^>]+\s(style|on[a-z]+)=", answer.text) is None
    assert "<style" not in answer.text


def test_every_link_on_the_site_leads_somewhere(client: FlaskClient) -> None:
    waiting, seen = ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        answer = client.get(path, headers=HTML, follow_redirects=True)
        # Data files and the protocol are served by other surfaces.
        assert answer.status_code == 200 or path.startswith(("/data/", "/dataset", "/ontology")), path
        text = answer.text if answer.mimetype == "text/html" and not path.startswith("/search?") else ""
        answer.close()
        for link in re.findall(r'(?:href|src|data-graph|data-script)="(/[^"#]*)', text):
            target = link.replace("&amp;", "&")
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    assert len(seen) > 40


def test_headers_differ_in_their_nonce_only(client: FlaskClient) -> None:
    first, second = client.get("/").headers, client.get("/").headers
    assert first["Content-Security-Policy"] != second["Content-Security-Policy"]
    assert first["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in first["Content-Security-Policy"]
    assert "unsafe" not in first["Content-Security-Policy"]


def test_built_assets_are_kept_by_the_browser(client: FlaskClient) -> None:
    style = re.search(r'href="(/static/build/site-[^"]+\.css)"', client.get("/").text)
    assert style is not None
    with client.get(style[1]) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in client.get("/static/build/none.css").headers.get("Cache-Control", "")


def test_no_template_trusts_what_it_is_given() -> None:
    folder = ROOT / "web" / "templates"
    for template in folder.rglob("*.html"):
        text = template.read_text("utf-8")
        assert "|safe" not in text.replace(" ", "") and "autoescape" not in text, template.name


def test_hostile_text_is_escaped_everywhere(built: Path) -> None:
    client = site.create(FakeAtlas(world.hostile())).test_client()
    for path in (*PAGES[:3], "/page/org/hostile", "/documents", "/disagreements", "/sparql?query=SELECT+*+{}"):
        text = client.get(path, headers=HTML).text
        assert "<script>window" not in text and "<img" not in text and "49" not in re.findall(r"\{\{.*?\}\}", text)
        assert 'href="javascript' not in text


def test_an_unknown_entry_offers_the_nearest(client: FlaskClient) -> None:
    answer = client.get("/entity?iri=http://example.org/x")
    assert answer.status_code == 404
    assert "Nearest names" in answer.text and "/id/cluster/ingame" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/entity", 400),
        ("/search?q=a&start=-1", 400),
        ("/search?q=a&kind=animal", 400),
        ("/search?q=a&from=yesterday", 400),
        ("/search?q=" + "a" * 3000, 400),
        ("/documents?start=x", 400),
        ("/page/cluster/ingame?passages=x", 400),
        ("/page/nothing", 404),
        ("/browse?kind=http://example.org/none", 404),
        ("/documents/none", 404),
        ("/sparql?query=SELECT", 400),
        ("/sparql?query=SLOW", 503),
        ("/nowhere", 404),
    ],
)
def test_bad_requests_get_one_clear_page(path: str, status: int, client: FlaskClient) -> None:
    answer = client.get(path, headers=HTML, follow_redirects=True)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert re.search(r"<h1[^>]*>[^<]+", answer.text) or 'role="alert"' in answer.text


def test_a_passage_leads_to_its_place_in_the_text(client: FlaskClient) -> None:
    answer = client.get("/page/document/ingame-and-the-dundee-games-cluster-b546a8a8/p2")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/page/document/ingame-and-the-dundee-games-cluster-b546a8a8#p2")


def test_an_entry_of_the_base_has_one_address(client: FlaskClient) -> None:
    answer = client.get("/entity?iri=https://w3id.org/creative-atlas/id/cluster/ingame")
    assert answer.headers["Location"] == "/page/cluster/ingame"


def test_a_missing_index_is_said_plainly(built: Path) -> None:
    class Unindexed(FakeAtlas):
        def search(self, query: Query) -> Results:
            raise IndexUnusable("The search index is missing.", "Run creative-atlas build.")

    answer = site.create(Unindexed(world.small())).test_client().get("/search?q=a")
    assert answer.status_code == 503
    assert "The search index is missing." in answer.text


def test_a_front_end_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"python hatch_build\.py"):
        Assets(tmp_path).name("site.css")


def test_a_correction_and_a_hint_are_told(built: Path) -> None:
    class Correcting(FakeAtlas):
        def search(self, query: Query) -> Results:
            found = super().search(replace(query, text="InGAME" if query.text == "InGMAE" else query.text))
            return replace(found, corrected="InGAME" if found.total else None, hint="No word of it is <known>.")

    client = site.create(Correcting(world.small())).test_client()
    assert 'found for <a href="/search?q=InGAME">InGAME</a>' in client.get("/search?q=InGMAE").text
    kept = client.get("/search?q=InGMAE&kind=entity&from=2018").text
    assert 'found for <a href="/search?q=InGAME&amp;kind=entity&amp;from=2018">' in kept
    assert "No word of it is &lt;known&gt;." in client.get("/search?q=zebra").text


def test_another_spelling_is_offered(built: Path) -> None:
    class Suggesting(FakeAtlas):
        def search(self, query: Query) -> Results:
            return replace(super().search(replace(query, text="InGAME")), suggestion="InGAME <Dundee>")

    client = site.create(Suggesting(world.small())).test_client()
    page = client.get("/search?q=InGAME+Dundeee&kind=entity").text
    address = "/search?q=InGAME+%3CDundee%3E&amp;kind=entity"
    assert f'Did you mean <a href="{address}"><bdi>InGAME &lt;Dundee&gt;</bdi></a>?' in page


def test_what_is_left_out_is_called_by_its_name(built: Path) -> None:
    iri = "https://w3id.org/creative-atlas/id/cluster/ingame"

    class Empty(FakeAtlas):
        def search(self, query: Query) -> Results:
            ways = (
                SearchSuggestion("words", "games", 2, "entity", iri),
                SearchSuggestion("words", "games", 3, value="-place:London"),
            )
            return Results(query.text, 0, 1.0, (), ways=ways)

    page = site.create(Empty(world.small())).test_client().get("/search?q=games").text
    assert "Without Entity: InGAME" in page and iri not in page
    assert "Without “-place:London”" in page


def test_the_score_is_the_sum_that_is_shown(client: FlaskClient) -> None:
    why = re.search(r'<dl class="why">(.*?)</dl>', client.get("/search?q=InGAME").text, re.S)
    assert why is not None
    text = re.sub(r"<[^>]+>|\s+", " ", why[1])
    assert "0.240" in text and "= 0.80 × 0.30" in text and "0.420" in text and "+0.050" in text


def test_the_explanation_says_of_each_word_where_it_was_found(client: FlaskClient) -> None:
    page = client.get("/search?q=cluster+games+ingame").text
    for words in ("“cluster” in the text", "“games” in what it is about", "“ingame” by any of its names"):
        assert words in page


def test_the_drawing_gets_what_it_needs(client: FlaskClient) -> None:
    iri = "https://w3id.org/creative-atlas/id/cluster/ingame"
    body = client.get("/entity/neighbours", query_string={"iri": iri, "limit": 5}).get_json()
    names = [node["id"] for node in body["nodes"]]
    assert names[0] == iri and len(names) == 5
    assert body["edges"] and all(edge["source"] in names and edge["target"] in names for edge in body["edges"])
    assert body["total"] > 5


def test_a_relation_is_named_from_the_end_it_is_read_from(client: FlaskClient) -> None:
    text = client.get("/page/cluster/ingame").text
    assert re.search(r"<dt>Director\s*</dt>", text)  # its inverse has a name
    assert re.search(r"<dt>Partner in\s*</dt>", text)  # this one is named by the page
    assert re.search(r"<dt>Led by\s*</dt>", text)
    assert re.search(r"<dt>as “statistic”\s*</dt>", client.get("/page/statistic/ingame-gva").text)  # nobody names it


def test_a_statistic_reads_as_a_sentence(client: FlaskClient) -> None:
    text = re.sub(r"<[^>]+>", "", client.get("/page/cluster/ingame").text)
    assert "InGAME expected GVA, UK, 2023: £84.7 million, forecast" in text
