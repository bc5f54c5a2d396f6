"""The pages as a program sees them: statuses, headers, markup, links that lead somewhere."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.writer import Changes, Writer
from tests.support.paths import ROOT
from tests.support.site import DOCUMENT, ENDLESS, ENTRIES, sparql_address
from tests.support.site_folder import write_site_folder
from tests.support.small import NoIndex
from web.app import create_app
from web.pages.assets import Assets
from web.services import compose
from web.settings import Settings

PAGES = (
    "/", "/search", "/search?q=InGAME", "/search?q=zebra", "/page/cluster/ingame", "/page/org/nesta", "/browse",
    "/browse?kind=http://www.w3.org/ns/org%23Organization", "/documents", "/sparql", "/disagreements",
    "/about", f"/documents/{DOCUMENT}", sparql_address(ENTRIES),
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
        assert answer.status_code == 200, path
        # An answer to a query may hold any IRI, so its links are not followed; nor are those that narrow a search.
        is_followed = answer.mimetype == "text/html" and not path.startswith(("/search?", "/sparql?query="))
        text = answer.text if is_followed else ""
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


def test_hostile_text_is_escaped_everywhere(hostile_client: FlaskClient) -> None:
    for path in (
        *PAGES[:3], "/page/org/hostile", "/documents", "/disagreements", sparql_address(ENTRIES), "/ontology",
        "/dataset",
    ):  # fmt: skip
        text = hostile_client.get(path, headers=HTML).text
        assert "<script>window" not in text and "<img" not in text and "49" not in re.findall(r"\{\{.*?\}\}", text)
        assert 'href="javascript' not in text


def test_an_unknown_entry_offers_the_nearest(client: FlaskClient) -> None:
    answer = client.get("/page/cluster/ingamme", headers=HTML)
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
        (sparql_address(ENDLESS), 503),
        ("/nowhere", 404),
    ],
)
def test_bad_requests_get_a_page_with_the_reason(path: str, status: int, client: FlaskClient) -> None:
    answer = client.get(path, headers=HTML, follow_redirects=True)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert re.search(r"<h1[^>]*>[^<]+", answer.text) or 'role="alert"' in answer.text


def test_a_passage_leads_to_its_place_in_the_text(client: FlaskClient) -> None:
    answer = client.get(f"/page/document/{DOCUMENT}/p1")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/page/document/{DOCUMENT}#p1")


def test_an_entry_of_the_base_has_one_address(client: FlaskClient) -> None:
    answer = client.get("/entity?iri=https://w3id.org/creative-atlas/id/cluster/ingame")
    assert answer.headers["Location"] == "/page/cluster/ingame"


def test_a_missing_index_is_reported_with_its_remedy(built: Path, tmp_path: Path) -> None:
    services = compose(Settings(home=tmp_path / "atlas", cache=tmp_path))
    with Writer(services.home, NoIndex()).session() as session:
        build(session, load(write_site_folder(tmp_path / "data")), built={})
    answer = create_app(services).test_client().get("/search?q=a", headers=HTML)
    assert answer.status_code == 503
    assert "no search index" in answer.text


def test_a_front_end_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"python hatch_build\.py"):
        Assets(tmp_path).name("site.css")


def test_a_correction_and_a_hint_are_shown(client: FlaskClient) -> None:
    page = client.get("/search?q=Scotlnd").text
    assert 'found for <a href="/search?q=Scotland">Scotland</a>' in page
    narrowed = client.get("/search?q=Scotlnd&kind=entity").text
    assert 'found for <a href="/search?q=Scotland&amp;kind=entity">' in narrowed
    assert "matches “<bdi>zebra&lt;b&gt;</bdi>”" in client.get("/search?q=zebra%3Cb%3E").text


def test_another_spelling_is_offered(client: FlaskClient) -> None:
    page = client.get("/search?q=InGAME+Dundeee&kind=entity").text
    address = "/search?q=InGAME+Dundee&amp;kind=entity"
    assert f'Did you mean <a href="{address}"><bdi>InGAME Dundee</bdi></a>?' in page


def test_what_is_left_out_is_called_by_its_name(client: FlaskClient) -> None:
    iri = "https://w3id.org/creative-atlas/id/place/caerdydd"
    page = client.get("/search", query_string={"q": "Nesta", "place": iri}).text
    assert "Without Place: Caerdydd" in page
    excluded = client.get("/search", query_string={"q": "Caerdydd -place:Caerdydd"}).text
    assert "Without “-place:Caerdydd”" in excluded


def test_the_score_is_the_sum_that_is_shown(client: FlaskClient) -> None:
    sums = re.findall(r'<dl class="why">(.*?)</dl>', client.get("/search?q=InGAME+finance").text, re.S)
    assert len(sums) > 3
    for text in sums:
        parts = [float(number) for number in re.findall(r"<dd>\s*([+-]?\d\.\d{3})", text)]
        score = re.search(r"<strong>(-?\d\.\d{3})", text)
        assert score is not None and len(parts) >= 2
        assert sum(parts) == pytest.approx(float(score[1]), abs=0.003)
        for part, value, weight in re.findall(r"(\d\.\d{3}) <span class=\"muted\">= (\d\.\d\d) × (\d\.\d\d)", text):
            assert float(part) == pytest.approx(float(value) * float(weight), abs=0.006)


def test_the_explanation_says_of_each_word_where_it_was_found(client: FlaskClient) -> None:
    page = client.get("/search?q=Dundee+games+InGAME").text
    for words in ("“games” in the text", "“Dundee” in the title", "“InGAME” by any of its names"):
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


def test_every_cell_of_a_result_leads_to_a_page(tmp_path: Path, cache: Path, built: Path) -> None:
    """Also a relation and a graph that no triple is about; their pages lead to the triples."""
    services = compose(Settings(home=tmp_path / "atlas", cache=cache))
    relation, graph = "http://e/uses", "http://e/graph"
    with Writer(services.home, NoIndex()).session() as session:
        session.change(lambda store: _add(store, f"<http://e/a> <{relation}> <http://e/b> <{graph}> ."))
    client = create_app(services).test_client()
    try:
        for iri in (relation, graph):
            page = client.get("/entity", query_string={"iri": iri}, headers=HTML)
            assert page.status_code == 200, page.text
            (address,) = re.findall(r'<a href="([^"]+)">Triples with it', page.text)
            rows = client.get(html.unescape(address), headers=HTML)
            assert "1 row" in rows.text, re.sub(r"<[^>]+>|\s+", " ", rows.text)[:3000]
        assert client.get("/entity?iri=http://e/none", headers=HTML).status_code == 404
    finally:
        services.close()


def _add(store: ox.Store, quads: str) -> Changes:
    store.load(quads, ox.RdfFormat.N_QUADS)
    return Changes(everything=True)
