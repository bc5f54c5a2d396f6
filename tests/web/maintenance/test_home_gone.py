"""A home that goes away under a running server, on a disk that is unmounted say, and comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.errors import NotAnAtlas
from graph.storage.generations import Home
from tests.support.writable_services import BEARER, ServiceMaker, ask, update
from web.app import create_app
from web.cli.main import cli
from web.services import Services

INSERT = "INSERT DATA { <urn:a> <urn:b> 1 }"


@pytest.fixture
def services(make_services: ServiceMaker) -> Services:
    return make_services(facts=True)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    client = create_app(services).test_client()
    assert update(client, INSERT) == 204
    assert client.get("/readyz").status_code == 200
    return client


def test_a_server_is_not_ready_while_its_home_is_gone(services: Services, client: FlaskClient, tmp_path: Path) -> None:
    root = services.home.root
    root.rename(tmp_path / "elsewhere")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json(force=True)["type"].endswith("/not-an-atlas")
    assert client.get("/healthz").status_code == 200
    for path in ("/", "/documents", "/ontology", "/dataset", "/search?q=nesta", "/about"):
        assert client.get(path).status_code in (200, 503), path
    (tmp_path / "elsewhere").rename(root)
    assert client.get("/readyz").status_code == 200


def test_a_write_makes_nothing_in_the_place_of_a_home_that_is_gone(
    services: Services, client: FlaskClient, tmp_path: Path
) -> None:
    root = services.home.root
    root.rename(tmp_path / "elsewhere")
    for _ in range(2):  # the child that waited, and one that starts now
        assert update(client, "INSERT DATA { <urn:a> <urn:b> 2 }") == 503
        put = client.put(
            "/graph-store?graph=urn:g", data="<urn:a> <urn:b> 3 .", content_type="text/turtle", headers=BEARER
        )
        assert put.status_code == 503
    assert not root.exists()
    (tmp_path / "elsewhere").rename(root)
    assert update(client, "INSERT DATA { <urn:a> <urn:b> 4 }") == 204
    assert ask(client, "ASK { <urn:a> <urn:b> 1, 4 }")


def test_neither_the_index_follower_nor_a_rebuild_makes_a_home(home: Home) -> None:
    with pytest.raises(NotAnAtlas), home.aside():
        pytest.fail("there is nothing to work beside")
    with pytest.raises(NotAnAtlas), home.lock(create=False):
        pytest.fail("there is nothing to write to")
    with pytest.raises(NotAnAtlas):
        cli(["reindex", "--home", str(home.root)], standalone_mode=False)
    assert not home.root.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", "größer".encode(), b"", b"../../etc", b"000099", b"\x00" * 5000])
def test_a_pointer_of_any_bytes_is_said_to_be_broken(services: Services, client: FlaskClient, content: bytes) -> None:
    current = services.home.current
    whole = current.read_bytes()
    replacement = current.with_name("CURRENT.tmp")
    replacement.write_bytes(content)
    replacement.replace(current)
    for path in ("/readyz", "/", "/api/v1/terms?q=nesta", "/sparql?query=ASK%20%7B%7D", "/graph-store?default"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert "CURRENT" in answer.text and whole.decode() in answer.text, path
    replacement.write_bytes(whole)
    replacement.replace(current)
    assert client.get("/readyz").status_code == 200
    assert ask(client, "ASK { <urn:a> <urn:b> 1 }")
    shutil.rmtree(services.home.root)
