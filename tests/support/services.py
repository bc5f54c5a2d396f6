"""A whole application over a small atlas: real store, real index, real encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.write.ingest import ingest
from graph.write.writer import no_progress
from tests.support.folder import write_folder
from web.app import create_app
from web.services import Services, compose
from web.settings import Settings

ARTICLE = """\
What pays for growth

Creative Scale-Up was paid for by the Department for Culture, Media and Sport, and it ran in three regions.

Nesta has argued that access to finance is what keeps small studios from growing. Loans are hard to come by.

Games makers in Dundee say that skilled people leave for London as soon as they are trained.
"""


def make_services(root: Path, cache: Path) -> Services:
    services = compose(Settings(home=root / "atlas", cache=cache))
    article = root / "growth.txt"
    article.write_text(ARTICLE, "utf-8")
    with services.writer(no_progress).session() as session:
        build(session, load(write_folder(root / "data")), built={})
        ingest(session, services.home, [article], collection="mine")
    return services


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Services]:
    """Read only: tests that write make services of their own."""
    services = make_services(tmp_path_factory.mktemp("app"), cache)
    yield services
    services.pool.close()


@pytest.fixture(scope="session")
def client(services: Services) -> FlaskClient:
    return create_app(services).test_client()
