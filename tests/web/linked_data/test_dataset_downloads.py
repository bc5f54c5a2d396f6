"""The download of the whole dataset: complete, the same bytes each time, tagged, and never more than a few at once."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.writer import Writer
from tests.support.folder import write_folder
from tests.support.small import NoIndex, few_facts
from web.app import create_app
from web.linked_data import dataset_downloads
from web.services import Services, compose
from web.settings import Settings


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    small_atlas = compose(Settings(home=tmp_path / "atlas", cache=tmp_path / "cache"))
    with Writer(small_atlas.home, NoIndex()).session() as session:
        build(session, load(write_folder(tmp_path / "data")), built={})
    yield small_atlas
    small_atlas.close()


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services).test_client()


@pytest.mark.parametrize("is_open", [False, True])
def test_pages_of_other_sites_read_data_only_where_that_is_set(services: Services, is_open: bool) -> None:
    settings = replace(services.settings, cors=is_open)
    opened = compose(settings)
    client = create_app(opened).test_client()
    paths = ("/dataset.nq.gz", "/dataset.ttl", "/ontology.nt", "/graph-store?default", "/sparql?query=ASK%7B%7D")
    answers = [client.get(path, headers={"Origin": "https://example.org"}) for path in paths]
    opened.close()
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    allowed = {answer.headers.get("Access-Control-Allow-Origin") for answer in answers}
    assert allowed == {"*" if is_open else None}


@pytest.mark.parametrize(("suffix", "form"), [("nq", ox.RdfFormat.N_QUADS), ("trig", ox.RdfFormat.TRIG)])
def test_it_holds_every_quad(client: FlaskClient, services: Services, suffix: str, form: ox.RdfFormat) -> None:
    answer = client.get(f"/dataset.{suffix}.gz")
    assert (answer.status_code, answer.mimetype) == (200, "application/gzip")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert answer.headers["Content-Disposition"].endswith(f'-000001.{suffix}.gz"')
    downloaded = ox.Store()
    downloaded.load(gzip.decompress(answer.data), form)
    store = services.live.view().snapshot.store
    assert set(downloaded) == set(store) and len(downloaded) == len(store) > 100
    assert client.get(f"/dataset.{suffix}.gz").data == answer.data


@pytest.mark.parametrize("path", ["/dataset.nq.gz", "/dataset.ttl"])
def test_an_interrupted_download_goes_on(client: FlaskClient, path: str) -> None:
    whole = client.get(path)
    assert whole.headers["Accept-Ranges"] == "bytes"
    data, tag, size = whole.data, whole.headers["ETag"], len(whole.data)
    for wanted, begin, end in (("bytes=100-", 100, size), ("bytes=0-0", 0, 1), ("bytes=-7", size - 7, size),
                               ("bytes=5-9999999", 5, size), ("bytes=10-19", 10, 20)):  # fmt: skip
        part = client.get(path, headers={"Range": wanted, "If-Range": tag})
        assert (part.status_code, part.data) == (206, data[begin:end])
        assert part.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
        assert part.headers["Content-Length"] == str(end - begin)
        assert part.headers["ETag"] == tag
    changed = client.get(path, headers={"Range": "bytes=100-", "If-Range": '"older"'})
    assert (changed.status_code, changed.data) == (200, data), "the part would be one of another file"


def test_a_range_beyond_the_end_takes_no_place_for_downloads(client: FlaskClient) -> None:
    size = len(client.get("/dataset.nq.gz").data)
    for _ in range(dataset_downloads.MAX_DOWNLOADS + 1):
        refused = client.get("/dataset.nq.gz", headers={"Range": f"bytes={size}-"})
        assert (refused.status_code, refused.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert client.get("/dataset.nq.gz", headers={"Range": "bytes=0-9"}).status_code == 206


def test_download_of_one_graph(client: FlaskClient, services: Services) -> None:
    store = services.live.view().snapshot.store
    source = next(iter(store.named_graphs()))
    answer = client.get("/dataset.nt.gz", query_string={"graph": source.value})
    lines = gzip.decompress(answer.data).splitlines()
    assert len(lines) == sum(1 for _ in store.quads_for_pattern(None, None, None, source)) > 0
    default = gzip.decompress(client.get("/dataset.ttl.gz?graph=default").data)
    triples = set(ox.parse(default, ox.RdfFormat.TURTLE))
    assert len(triples) == sum(1 for _ in store.quads_for_pattern(None, None, None, ox.DefaultGraph()))


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/dataset.nt.gz", 400),
        ("/dataset.nq.gz?graph=default", 400),
        ("/dataset.ttl.gz?graph=http://example.org/none", 404),
        ("/dataset.xml.gz", 404),
    ],
)
def test_unknown_downloads_are_refused(client: FlaskClient, address: str, status: int) -> None:
    for accept in ("application/json", "*/*", ""):
        answer = client.get(address, headers={"Accept": accept} if accept else {})
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    browser = client.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (browser.status_code, browser.mimetype) == (status, "text/html")


def test_tags_and_heads(client: FlaskClient, services: Services) -> None:
    head = client.head("/dataset.nq.gz")
    assert head.status_code == 200 and head.data == b"" and "Content-Length" not in head.headers
    tag = head.headers["ETag"]
    answer = client.get("/dataset.nq.gz")
    assert answer.headers["ETag"] == tag
    head = client.head("/dataset.nq.gz")
    assert head.data == b"" and head.headers["Content-Length"] == answer.headers["Content-Length"]
    same = client.get("/dataset.nq.gz", headers={"If-None-Match": tag})
    assert same.status_code == 304 and same.data == b""
    with Writer(services.home, NoIndex()).session() as session:
        session.change(few_facts)
    changed = client.get("/dataset.nq.gz", headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag
    assert changed.headers["X-Generation"] == "000002"


def test_another_atlas_of_the_same_age_has_other_tags(client: FlaskClient, services: Services, tmp_path: Path) -> None:
    other = compose(Settings(home=tmp_path / "other", cache=tmp_path / "cache"))
    with Writer(other.home, NoIndex()).session() as session:
        session.change(few_facts)
    assert other.home.require().name == services.home.require().name
    tag = client.get("/dataset.nq.gz").headers["ETag"]
    answer = create_app(other).test_client().get("/dataset.nq.gz", headers={"If-None-Match": tag})
    other.close()
    assert answer.status_code == 200
    graphs = [client.head("/dataset.nt.gz", query_string={"graph": graph}) for graph in ("default", "http://e/g")]
    assert graphs[0].headers["ETag"] != graphs[1].headers["ETag"]


def test_slow_readers_leave_room(client: FlaskClient) -> None:
    """A client that reads nothing occupies a slot until it disconnects."""
    slow = [client.get("/dataset.nq.gz", buffered=False) for _ in range(dataset_downloads.MAX_DOWNLOADS)]
    refused = client.get("/dataset.nq.gz", headers={"Accept": "application/json"})
    assert refused.status_code == 503
    assert refused.get_json(force=True)["type"].endswith("/overload") and refused.headers["Retry-After"]
    assert client.head("/dataset.nq.gz").status_code == 200
    for download in slow:
        download.close()
    assert client.get("/dataset.nq.gz").status_code == 200


def test_the_page_offers_it(client: FlaskClient) -> None:
    page = client.get("/dataset", headers={"Accept": "text/html"}).text
    assert 'href="/dataset.nq.gz"' in page and 'href="/dataset.trig.gz"' in page
