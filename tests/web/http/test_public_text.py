"""What an error tells about the machine of the server: to a client no path, to the log all of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.errors import GraphDamaged, HomeError, InputError, NotAnAtlas, QueryFailed, QueryRefused, UnreadableFile
from tests.support.writable_services import BEARER, ServiceMaker
from web.app import create_app
from web.http.problems import members, public_text
from web.services import Services

ENGINE_TEXT = (
    "The update failed: IO error: While appending to file: /srv/atlas/generations/tmp-1/graph/000017.log: No space."
)


@pytest.mark.parametrize(
    ("error", "public"),
    [
        (
            NotAnAtlas("/srv/atlas is not an atlas: it holds other files."),
            "atlas is not an atlas: it holds other files.",
        ),
        (NotAnAtlas("There is no atlas in /srv/my data/atlas yet."), "There is no atlas in atlas yet."),
        (NotAnAtlas("'/srv/my data/atlas/CURRENT' names none."), "'CURRENT' names none."),
        (NotAnAtlas("(/srv/a/b) and /srv/c."), "(b) and c."),
        (QueryFailed(ENGINE_TEXT), "The update failed: IO error: While appending to file: 000017.log: No space."),
        (UnreadableFile("The body cannot be read (/tmp/atlas-upload-x/body)."), "The body cannot be read (body)."),
        (HomeError("Nothing of the kind: http://127.0.0.1:8000/sparql and 3/4."), None),
        (GraphDamaged("The graph is damaged: 000049.sst is missing."), None),
        (InputError("There is no graph </srv/atlas/x> or /srv/atlas."), None),
        (QueryRefused("SERVICE </etc/passwd> is never run."), None),
    ],
)
def test_paths_of_the_server_are_not_told(error: HomeError, public: str | None) -> None:
    text = error.message if public is None else public
    assert public_text(error, error.message) == text
    assert members(error)["detail"] == text


def test_the_log_has_what_the_client_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    error = HomeError("/srv/atlas-of-this-test cannot be written to.")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            public_text(error, error.message)
    assert [record.getMessage() for record in caplog.records] == [error.message], "once"


@pytest.fixture
def services(make_services: ServiceMaker) -> Services:
    return make_services(facts=True)


def test_no_answer_names_the_place_of_the_home(services: Services, tmp_path: Path) -> None:
    client: FlaskClient = create_app(services).test_client()
    home = str(services.home.root.resolve())
    folder = services.home.root.parent.name
    paths = ("/", "/readyz", "/api/v1/terms?q=nesta", "/sparql?query=ASK%20%7B%7D", "/graph-store?default", "/dataset")

    def answers() -> list[str]:
        texts = [client.get(path) for path in paths]
        texts += [client.post("/update", data="CLEAR ALL", content_type="application/sparql-update", headers=BEARER)]
        return [answer.text for answer in texts if answer.status_code >= 400]

    current = services.home.current.read_bytes()
    services.home.current.write_bytes(b"000099")
    broken = answers()
    services.home.current.write_bytes(current)
    services.home.root.rename(tmp_path / "elsewhere")
    gone = answers()
    (tmp_path / "elsewhere").rename(services.home.root)
    assert len(broken) == len(paths) + 1 and gone
    for text in (*broken, *gone):
        assert home not in text and f"/{folder}/" not in text
