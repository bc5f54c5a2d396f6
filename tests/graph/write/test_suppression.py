"""A suppressed entity is removed from graph and index, and no build, ingest or load brings it back."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.claims.purge import purge
from graph.errors import InputError, UnknownEntity
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Home
from graph.storage.snapshot import Snapshot
from graph.write.ingest import ingest
from graph.write.rdf_load import load as load_rdf
from graph.write.suppression import suppress, suppressed, unsuppress
from graph.write.writer import Session, Writer
from tests.support.folder import FILES, NOTE, write_folder
from tests.support.small import NoIndex

ID = "https://w3id.org/creative-atlas/id/"
NESTA = f"{ID}organisation/nesta"
OFFICE = f"{ID}office/someone-at-nesta"
TEXT = "Nesta has long written about the creative economy, and DCMS has paid for Creative Scale-Up.\n"

WITH_OFFICE = {
    "entities/offices.ttl": f"""\
<{OFFICE}> a <http://www.w3.org/ns/org#Membership> ; rdfs:label "Someone, chair of Nesta" ;
  <http://www.w3.org/ns/org#organization> <{NESTA}> ; dcterms:source <{ID}source/gov> .
""",
    "disagreements.ttl": f"""\
<{ID}disagreement/nesta> a ca:Disagreement ; rdfs:label "Nesta or not" ; ca:about <{NESTA}> ;
  ca:position <{ID}disagreement/nesta/1> .
<{ID}disagreement/nesta/1> a ca:Position ; schema:description "yes" ; dcterms:source <{ID}source/gov> .
""",
    "ontology.ttl": FILES["ontology.ttl"]
    + "<http://www.w3.org/ns/org#organization> rdfs:label 'at' . ca:about rdfs:label 'about' ."
    + "ca:position rdfs:label 'position' .",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "atlas")


def writer(home: Home) -> Writer:
    return Writer(home, NoIndex())


def make(session: Session, home: Home, folder: Path) -> None:
    live = home.live()
    build(session, load(folder), built=live.manifest().get("starter", {}) if live else {})


def lines(home: Home) -> list[str]:
    return sorted(str(quad) for quad in Snapshot.open(home.require()).store)


def naming(home: Home, iri: str) -> list[str]:
    return [line for line in lines(home) if f"<{iri}>" in line]


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text("A note on money\n\n" + TEXT * 2, "utf-8")
    return path


def test_a_suppressed_entity_does_not_come_back(home: Home, tmp_path: Path, article: Path) -> None:
    with writer(home).session() as session:
        make(session, home, write_folder(tmp_path / "data", WITH_OFFICE))
        ingest(session, home, [article])
        assert naming(home, NESTA)
        assert suppress(session, home, NESTA, "asked to be left out")
        assert naming(home, NESTA) == []
        assert naming(home, OFFICE) == []
        assert not [line for line in lines(home) if "disagreement" in line]

        changed = {**WITH_OFFICE, "claims/funding.ttl": FILES["claims/funding.ttl"].replace("2018", "2019")}
        make(session, home, write_folder(tmp_path / "data", changed))
        assert [line for line in lines(home) if '"2019"' in line]
        article.write_text("Another note\n\n" + TEXT * 3, "utf-8")
        assert ingest(session, home, [article]).count("replaced") == 1
        more = tmp_path / "more.ttl"
        more.write_text(f'<{NESTA}> <http://www.w3.org/2000/01/rdf-schema#label> "Nesta" . <urn:a> <urn:b> <{NESTA}> .')
        load_rdf(session, [more], graph="https://example.org/mine")
        assert naming(home, NESTA) == []
        assert suppressed(home) == {NESTA: "asked to be left out"}


def test_the_text_stays_text(home: Home, tmp_path: Path, article: Path) -> None:
    with writer(home).session() as session:
        make(session, home, write_folder(tmp_path / "data"))
        suppress(session, home, NESTA)
        (outcome,) = ingest(session, home, [article]).outcomes
    snapshot = Snapshot.open(home.require())
    (first, *_) = snapshot.passages(outcome.iri)
    assert "Nesta" in first.text
    linked = {mention.surface for mention in snapshot.mentions(first.iri)}
    assert "Nesta" not in linked
    assert "DCMS" in linked


def test_nothing_but_the_entity_is_removed(home: Home, tmp_path: Path, article: Path) -> None:
    with writer(home).session() as session:
        make(session, home, write_folder(tmp_path / "data"))
        ingest(session, home, [article])
        before = set(lines(home))
        suppress(session, home, NESTA)
    removed = before - set(lines(home))
    assert set(lines(home)) <= before
    records = {line.split()[0] for line in removed if f"<{NESTA}>" in line}  # its claims, mentions, and itself
    assert all(line.split()[0] in records for line in removed)


def test_no_file_of_the_atlas_holds_it_afterwards(home: Home, tmp_path: Path) -> None:
    with writer(home).session() as session:
        make(session, home, write_folder(tmp_path / "data", {"texts/scale-up.md": NOTE}))
        suppress(session, home, NESTA)
    graphs = [path for path in home.generations.rglob("graph/*") if path.is_file()]
    assert graphs
    assert not [path for path in graphs if b"organisation/nesta" in path.read_bytes()]


def test_it_may_come_back_when_the_entry_is_lifted(home: Home, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", WITH_OFFICE)
    with writer(home).session() as session:
        make(session, home, folder)
        before = lines(home)
        suppress(session, home, NESTA)
        assert suppress(session, home, NESTA) is False
        assert unsuppress(session, home, NESTA)
        assert unsuppress(session, home, NESTA) is False
        make(session, home, folder)
    assert lines(home) == before


@pytest.mark.parametrize(
    ("iri", "error"),
    [
        (f"{ID}organisation/nasta", UnknownEntity),
        ("no iri at all", UnknownEntity),
        (f"{ID}source/gov", InputError),
        ("https://w3id.org/creative-atlas/ontology#Programme", InputError),
        ("https://w3id.org/creative-atlas/ontology#fundedBy", InputError),
    ],
)
def test_only_entities_can_be_suppressed(home: Home, tmp_path: Path, iri: str, error: type[Exception]) -> None:
    with writer(home).session() as session:
        make(session, home, write_folder(tmp_path / "data"))
        with pytest.raises(error):
            suppress(session, home, iri)
    assert suppressed(home) == {}


def test_a_document_is_forgotten_not_suppressed(home: Home, tmp_path: Path, article: Path) -> None:
    with writer(home).session() as session:
        make(session, home, write_folder(tmp_path / "data"))
        (outcome,) = ingest(session, home, [article]).outcomes
        with pytest.raises(InputError, match="creative-atlas forget"):
            suppress(session, home, outcome.iri)


def test_nodes_that_only_it_used_are_removed_too() -> None:
    store = ox.Store()
    store.load(
        b'<urn:x> <urn:address> [ <urn:street> "1 High Street" ] . <urn:y> <urn:knows> <urn:x> .',
        format=ox.RdfFormat.TURTLE,
    )
    purged = purge(store, ["urn:x", "not an iri"])
    assert len(store) == 0
    assert {"urn:x", "urn:y"} <= purged.entities
