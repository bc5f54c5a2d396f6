"""An application that takes writes, over an atlas of a few facts without a search index: nothing loads a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.storage.generations import Home
from graph.write.writer import Changes, Writer
from search.indexing.lag import CarriedIndex
from tests.support.small import few_facts
from web.app import create_app
from web.services import Services, compose
from web.settings import Settings

TOKEN = "a-long-random-text"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

ServiceMaker = Callable[..., Services]


def begin(home: Home, *, facts: bool = False) -> None:
    """A new generation with nothing in it, or with the small atlas of claims."""
    with Writer(home, CarriedIndex()).session() as session:
        session.change(few_facts if facts else lambda store: Changes(notes={"empty": True}), fresh=True)


@pytest.fixture(scope="module")
def make_services(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[ServiceMaker]:
    """Makes services over a new atlas. `facts` as for `begin`; other settings by name."""
    opened: list[Services] = []
    folder = tmp_path_factory.mktemp("update")

    def make(*, facts: bool = False, **changed: object) -> Services:
        home = Home(folder / f"atlas{len(opened)}")
        begin(home, facts=facts)
        settings = Settings(home=home.root, cache=cache, token=TOKEN, query_timeout=5.0)
        opened.append(compose(replace(settings, **changed)))  # type: ignore[arg-type]  # names are those of Settings
        opened[-1].writes.then = lambda: None  # these tests have no index to follow
        return opened[-1]

    yield make
    for services in opened:
        services.close()


@pytest.fixture(scope="module")
def module_services(make_services: ServiceMaker) -> Services:
    return make_services()


@pytest.fixture
def writable_services(module_services: Services) -> Services:
    """One for all tests of a module; each finds it empty."""
    begin(module_services.home)
    return module_services


@pytest.fixture
def writable_client(writable_services: Services) -> FlaskClient:
    return create_app(writable_services).test_client()


def ask(writable_client: FlaskClient, query: str) -> bool:
    answer = writable_client.post("/sparql", data=query, content_type="application/sparql-query")
    assert answer.status_code == 200, answer.text
    boolean: bool = answer.get_json(force=True)["boolean"]
    return boolean


def update(writable_client: FlaskClient, text: str, **arguments: object) -> int:
    """The status of an update that carries the token."""
    answer = writable_client.post(
        "/update", data=text, content_type="application/sparql-update", headers=BEARER, query_string=arguments or None
    )
    status: int = answer.status_code
    return status
