from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from graph.entities.entity_facts import view
from graph.errors import BadData
from graph.seed_data.build import build
from graph.seed_data.load import load
from graph.storage.generations import Generation, Home
from graph.storage.snapshot import Snapshot
from graph.write.ingest import ingest
from graph.write.writer import Session, Writer
from tests.support.folder import FILES, NOTE, write_folder
from tests.support.small import NoIndex

SCALE_UP = "https://w3id.org/creative-atlas/id/programme/scale-up"


def canonical(home: Home) -> list[str]:
    """Sorted N-Quads; there are no blank nodes, so this is canonical."""
    return sorted(str(quad) for quad in Snapshot.open(home.require()).store)


def make(session: Session, home: Home, folder: Path) -> Generation | None:
    live = home.live()
    return build(session, load(folder), built=live.manifest().get("starter", {}) if live else {})


def test_facts_carry_their_claims(home: Home, session: Session, tmp_path: Path) -> None:
    make(session, home, write_folder(tmp_path / "data"))
    entity = view(Snapshot.open(home.require()), SCALE_UP)
    (group,) = (g for g in entity.groups if g.label == "fundedBy")
    (fact,) = group.facts
    assert fact.value.label == "Department for Culture, Media and Sport"
    assert [e.source.title for e in fact.evidence] == ["Guidance", "A blog"]
    assert {e.valid_from for e in fact.evidence} == {"2018"}
    assert [f.value.label for f in entity.disputed] == ["Nesta"]


def test_two_builds_are_the_same_byte_for_byte(home: Home, session: Session, tmp_path: Path) -> None:
    make(session, home, write_folder(tmp_path / "data"))
    other = Home(tmp_path / "other")
    with Writer(other, NoIndex()).session() as second:
        make(second, other, tmp_path / "data")
    assert canonical(home) == canonical(other)


def test_building_again_changes_nothing(home: Home, session: Session, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data")
    assert make(session, home, folder) is not None
    assert make(session, home, folder) is None
    assert home.require().number == 1


def test_an_atlas_of_an_older_version_is_built_again(home: Home, session: Session, tmp_path: Path) -> None:
    starter = load(write_folder(tmp_path / "data"))
    build(session, starter, built={})
    assert build(session, starter, built={"digest": starter.digest}) is not None  # as before versions were noted
    assert build(session, starter, built=home.require().manifest()["starter"]) is None


def test_a_changed_folder_replaces_the_old_starter_and_keeps_documents(
    home: Home, session: Session, tmp_path: Path
) -> None:
    make(session, home, write_folder(tmp_path / "data"))
    mine = tmp_path / "mine.txt"
    mine.write_text("Nesta has long written about the creative economy, and it goes on doing so today.")
    ingest(session, home, [mine])
    only_nesta = FILES["claims/funding.ttl"].replace("ca:proposed", "ca:rejected").replace("ca:accepted", "ca:proposed")
    make(session, home, write_folder(tmp_path / "new", {"claims/funding.ttl": only_nesta}))
    snapshot = Snapshot.open(home.require())
    entity = view(snapshot, SCALE_UP)
    assert not [g for g in entity.groups if g.label == "fundedBy"]
    assert {d.id for d in snapshot.documents()} == {"mine.txt", "scale-up.md"}
    fresh = Home(tmp_path / "fresh")
    with Writer(fresh, NoIndex()).session() as second:
        make(second, fresh, tmp_path / "new")
    starter_lines = {line for line in canonical(home) if "mine" not in line}
    assert starter_lines == set(canonical(fresh))


def test_notes_are_documents_but_no_evidence(home: Home, session: Session, tmp_path: Path) -> None:
    make(session, home, write_folder(tmp_path / "data"))
    snapshot = Snapshot.open(home.require())
    (note,) = snapshot.documents()
    assert (note.collection, note.publisher) == ("starter", "Creative Atlas notes")
    mentioned = {m.entity for p in snapshot.passages(note.iri) for m in snapshot.mentions(p.iri)}
    assert SCALE_UP in mentioned
    claims = snapshot.store.quads_for_pattern(None, None, None, ox.NamedNode(note.iri))
    assert not [quad for quad in claims if quad.predicate.value.endswith("#subject")]


@pytest.mark.parametrize(
    ("file", "content", "line", "message"),
    [
        ("entities/programmes.ttl", "id:x a ca:Programme ;\n  rdfs:label .\n", 10, "not valid Turtle"),
        (
            "entities/programmes.ttl",
            '\nid:x a ca:Programme ; ca:fundetBy "y" ; dcterms:source <urn:s> .\n',
            10,
            "ca:fundedBy",
        ),
        ("entities/programmes.ttl", 'id:x rdfs:label "X" .\n', 9, "names no source"),
        ("entities/programmes.ttl", 'id:x rdfs:label "X" ; dcterms:source <urn:none> .\n', 9, "not a known source"),
        (
            "entities/programmes.ttl",
            "<https://w3id.org/creative-atlas/id/organisation/nesta> dcterms:source "
            "<https://w3id.org/creative-atlas/id/source/gov> .\n",
            9,
            "described in organisations.ttl already",
        ),
        (
            "entities/programmes.ttl",
            'id:x dcterms:identifier "org:nesta" ; dcterms:source <https://w3id.org/creative-atlas/id/source/gov> .\n',
            9,
            "belongs to id:organisation/nesta",
        ),
        (
            "entities/programmes.ttl",
            'id:x rdfs:label "X" .\nid:y rdfs:label "Y" .\nid:x rdfs:label "Z" .\n',
            11,
            "id:x is described twice in this file",
        ),
        (
            "entities/programmes.ttl",
            'id:x rdfs:label "X" .\nid:x rdfs:label "X" .\n',
            10,
            "id:x is described twice in this file",
        ),
        ("entities/programmes.ttl", "[] rdfs:label 'X' .\n", 9, "blank node"),
        ("claims/funding.ttl", "id:c rdf:subject id:x .\n", 9, "has 0 values of rdf:predicate"),
        ("texts/scale-up.md", NOTE.replace("sources: [gov]\n", ""), 1, "names no source"),
        ("texts/scale-up.md", NOTE.replace("[gov]", "[gossip]"), 1, "not a known source"),
        ("ontology.ttl", "", None, "no ontology.ttl"),
    ],
)
def test_bad_data_is_named_and_the_old_atlas_stays(
    home: Home, session: Session, tmp_path: Path, file: str, content: str, line: int | None, message: str
) -> None:
    make(session, home, write_folder(tmp_path / "data"))
    before = canonical(home)
    with pytest.raises(BadData, match=message) as caught:
        make(session, home, write_folder(tmp_path / "bad", {file: content}))
    assert caught.value.remedy
    assert caught.value.line == line
    if line:
        assert caught.value.path == tmp_path / "bad" / file
    assert canonical(home) == before
