"""What is suppressed is not found, not shown, not completed, and not marked in the texts that name it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from search.types import Filters, Query
from tests.support.services import make_services
from tests.support.small import ID
from web.app import create_app
from web.cli.main import cli
from web.services import Services

NESTA = f"{ID}organisation/nesta"


@pytest.fixture
def services(tmp_path: Path, cache: Path) -> Iterator[Services]:
    small_atlas = make_services(tmp_path, cache)
    yield small_atlas
    small_atlas.close()


def run(services: Services, cache: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        cli,
        [*arguments, "--home", str(services.home.root)],
        env={"CREATIVE_ATLAS_CACHE": str(cache)},
        catch_exceptions=False,
    )


def hit_iris(services: Services, kind: str) -> set[str]:
    return {hit.iri for hit in services.atlas.search(Query("Nesta", filters=Filters(kind=(kind,)))).hits}


def test_it_is_gone_from_the_site(services: Services, cache: Path, tmp_path: Path) -> None:
    client = create_app(services).test_client()
    assert client.get("/page/organisation/nesta").status_code == 200
    assert NESTA in hit_iris(services, "entity")
    texts = hit_iris(services, "passage")

    result = run(services, cache, "suppress", NESTA, "--reason", "asked")
    assert result.exit_code == 0, result.output
    assert client.get("/page/organisation/nesta").status_code == 404
    assert client.get("/data/organisation/nesta").status_code == 404
    assert NESTA not in hit_iris(services, "entity")
    assert hit_iris(services, "passage") == texts
    assert NESTA not in client.get("/api/v1/search?q=Nesta").get_data(as_text=True)
    assert NESTA not in client.get("/api/v1/complete?q=Nest").get_data(as_text=True)
    query = f"ASK {{ {{ <{NESTA}> ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?q <{NESTA}> }} }} }}"
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "application/json"})
    assert answer.get_json()["boolean"] is False

    assert run(services, cache, "suppress", "--list").output == f"{NESTA}\tasked\n"
    assert "already" in run(services, cache, "suppress", NESTA).output
    article = tmp_path / "again.txt"
    article.write_text("Nesta is named here once more, in a text of its own, by someone else.\n", "utf-8")
    assert run(services, cache, "ingest", str(article)).exit_code == 0
    assert NESTA not in hit_iris(services, "entity")

    assert run(services, cache, "unsuppress", NESTA).exit_code == 0
    assert run(services, cache, "build", "--data", str(tmp_path / "data")).exit_code == 0
    assert NESTA in hit_iris(services, "entity")


def test_wrong_usage(services: Services, cache: Path) -> None:
    assert CliRunner().invoke(cli, ["suppress"]).exit_code == 2
    assert CliRunner().invoke(cli, ["suppress", NESTA, "--list"]).exit_code == 2
