"""A request reads one generation, even if a writer publishes another during the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.write.writer import Changes, Writer, no_progress
from search.indexing.lag import CarriedIndex
from tests.support.folder import write_folder
from web.app import create_app
from web.read_model.live_generation import Live, View
from web.services import Services
from web.settings import Settings

ID = "https://w3id.org/creative-atlas/id/"
SCALE_UP, DCMS, FUNDED_BY = f"{ID}programme/scale-up", f"{ID}organisation/dcms", "ca:fundedBy"

PAGES = (
    "/", "/about", "/browse", "/browse?kind=https://w3id.org/creative-atlas/ontology%23Organisation", "/documents",
    "/search?q=Nesta", "/search?q=culture&type=https://w3id.org/creative-atlas/ontology%23Organisation",
    "/page/programme/scale-up", f"/entity/neighbours?iri={SCALE_UP}", f"/why?among={SCALE_UP}&among={DCMS}",
    "/sparql", "/sparql?query=SELECT+*+{+?entry+a+?class+;+?relation+?value+}", "/ontology", "/dataset",
)  # fmt: skip
DATA = (
    f"/api/v1/entity?iri={SCALE_UP}", "/api/v1/complete?q=Nes",
    f"/api/v1/similar?iri={SCALE_UP}", f"/api/v1/neighbours?iri={SCALE_UP}", f"/api/v1/path?from={SCALE_UP}&to={DCMS}",
    "/api/v1/terms", "/api/v1/terms?q=fund", "/api/v1/terms?q=Nesta", f"/api/v1/terms?iri={DCMS}",
    "/data/programme/scale-up.nt", "/dataset.ttl", "/ontology.ttl", "/graph-store?default",
    "/sparql?query=SELECT+*+{+?s+?p+?o+}+ORDER+BY+?s+?p+?o",
)  # fmt: skip


class PublishingLive(Live):
    """Another generation is published as soon as somebody has asked which one is live."""

    publish: Callable[[], None] | None = None

    def view(self) -> View:
        view = super().view()
        publish, self.publish = self.publish, None
        if publish is not None:
            publish()
        return view


class PublishingServices(Services):
    @cached_property
    def live(self) -> PublishingLive:
        return PublishingLive(self.home)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, cache: Path, built: Path) -> Iterator[PublishingServices]:
    root = tmp_path_factory.mktemp("one-generation")
    services = PublishingServices(Settings(home=root / "atlas", cache=cache))
    with services.writer(no_progress).session() as session:
        build(session, load(write_folder(root / "data")), built={})
    yield services
    services.close()


@pytest.fixture(scope="module")
def quads(services: PublishingServices) -> list[ox.Quad]:
    return list(services.live.view().snapshot.store)


@pytest.fixture
def client(services: PublishingServices, quads: list[ox.Quad]) -> FlaskClient:
    """Services over the small starter atlas, reset for each test."""
    change(services.home, lambda store: store.extend(quads))
    return create_app(services).test_client()


def change(home: Home, act: Callable[[ox.Store], None]) -> None:
    def work(store: ox.Store) -> Changes:
        act(store)
        return Changes(everything=True)

    with Writer(home, CarriedIndex()).session() as session:
        session.change(work)


def body(client: FlaskClient, path: str, accept: str) -> tuple[int, str]:
    """Status and text, without what differs from one answer of a generation to the next."""
    answer = client.get(path, headers={"Accept": accept})
    text = answer.text
    for varying in (r'nonce="[^"]+"', r'name="id" value="[^"]+"', r'"took_ms":[\d.]+', r"\d+(\.\d+)? m?s\b"):
        text = re.sub(varying, "", text)
    return answer.status_code, text


@pytest.mark.parametrize(
    ("path", "accept"), [*((path, "text/html") for path in PAGES), *((path, "*/*") for path in DATA)]
)
def test_what_is_published_meanwhile_stays_out_of_the_answer(
    path: str, accept: str, client: FlaskClient, services: PublishingServices
) -> None:
    before = body(client, path, accept)
    assert before[0] == 200
    services.live.publish = lambda: change(services.home, lambda store: store.clear())
    assert body(client, path, accept) == before
    assert services.live.publish is None, "no generation was asked for"
    assert body(client, path, accept) != before
