"""The first real article against the starter atlas: what it names is linked, what surrounds it is left out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.storage.snapshot import Snapshot
from graph.write.ingest import ingest
from graph.write.writer import no_progress
from search.types import Filters, Query
from web.services import Services, compose
from web.settings import Settings

NAMED = (
    "Nesta",
    "Creative PEC",
    "Global Creative Economy Council",
    "Department for Culture, Media and Sport",
    "Marta Foresti",
    "Bernard Hay",
    "Emily Hopkins",
    "Nick Wilson",
    "Josh Siepel",
    "Creative Scale-Up",
    "Creative Industries Clusters Programme",
    "Creative Industries Sector Plan",
    "Spending Review 2025",
    "Greater Manchester",
    "West Midlands",
    "West of England",
    "Manchester",
    "London",
    "Bristol",
    "Glasgow",
    "Birmingham",
)


@pytest.fixture(scope="module")
def article(shared: Path) -> Path:
    return shared / "input" / "creative-microclusters-article.txt"


@pytest.fixture(scope="module")
def services(
    starter_home: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path, article: Path
) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("article") / "atlas"
    shutil.copytree(starter_home, home)
    services = compose(Settings(home=home, cache=cache))
    with services.writer(no_progress).session() as session:
        ingest(session, services.home, [article])
    yield services
    services.pool.close()


@pytest.fixture(scope="module")
def snapshot(services: Services) -> Snapshot:
    return services.live.view().snapshot


def _document(snapshot: Snapshot, article: Path) -> str:
    (entry,) = (document for document in snapshot.documents() if document.id == article.name)
    return entry.iri


def test_everything_it_names_is_linked(snapshot: Snapshot, article: Path) -> None:
    passages = snapshot.passages(_document(snapshot, article))
    linked = {snapshot.label(mention.entity) for passage in passages for mention in snapshot.mentions(passage.iri)}
    short = {label.partition(" (")[0] for label in linked}
    assert not [name for name in NAMED if name not in short]


def test_navigation_is_no_passage(snapshot: Snapshot, article: Path) -> None:
    text = "\n".join(passage.text for passage in snapshot.passages(_document(snapshot, article)))
    assert "microclusters" in text
    for line in ("Skip to content", "Read also"):
        assert line not in text


def test_places_in_a_list_are_read_alike(snapshot: Snapshot, article: Path) -> None:
    """Greater Manchester, the West Midlands and the West of England are areas of combined authorities here."""
    passages = snapshot.passages(_document(snapshot, article))
    mentions = {m.surface: m.entity for p in passages for m in snapshot.mentions(p.iri)}
    kinds = {
        name: {snapshot.label(kind.value) for kind in snapshot.objects(mentions[name], "rdf:type")}
        for name in ("Greater Manchester", "West Midlands", "West of England")
    }
    assert all("combined authority area" in kind for kind in kinds.values()), kinds
    assert snapshot.label(mentions["Manchester"]) == "Manchester"


def test_it_is_found_by_what_it_says(services: Services, article: Path) -> None:
    query = Query("companies outside the South East cannot get external finance", filters=Filters(kind=("passage",)))
    results = services.atlas.search(query)
    assert results.hits[0].document is not None
    article_hits = [hit for hit in results.hits if hit.document and hit.document.id == article.name]
    assert any("access to external finance" in hit.snippet.text for hit in article_hits)


def test_the_second_time_nothing_changes(services: Services, article: Path) -> None:
    before = services.home.require().name
    with services.writer(no_progress).session() as session:
        report = ingest(session, services.home, [article])
    assert [outcome.status for outcome in report.outcomes] == ["unchanged"]
    assert services.home.require().name == before
